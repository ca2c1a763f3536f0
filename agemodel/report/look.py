"""Style and script of the report. They ask for nothing from anywhere."""

STYLE = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:1000px;padding:1.5rem 1rem 4rem;
 background:var(--background);color:var(--text);
 font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.8rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.35rem;margin:2.5rem 0 .5rem;padding-top:.5rem;
 border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
p{margin:.5rem 0;max-width:46rem;overflow-wrap:anywhere}
ul{margin:.5rem 0;padding-left:1.2rem;max-width:46rem}
a{color:var(--link)}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1rem;margin:1rem 0}
.note,figcaption,caption{color:var(--faint);font-size:.875rem}
.wide{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;font-size:.875rem}
caption{text-align:left;padding-bottom:.25rem}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--line);
 vertical-align:top}
th{background:var(--surface);font-weight:600}
.number{text-align:right}
td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
td{overflow-wrap:break-word}
.beside{display:grid;gap:0 2rem;
 grid-template-columns:repeat(auto-fit,minmax(min(320px,100%),1fr))}
.beside>*{min-width:0}
figure{margin:1rem 0}
figcaption{margin-bottom:.25rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.8125rem}
@media print{
 body{max-width:none;padding:0;font-size:11pt}
 nav{display:none}
 .wide{overflow:visible}
 .beside{display:block}
 table{font-size:8pt}
 td{overflow-wrap:anywhere}
 figure,tr,h2,h3{break-inside:avoid}
 h2,h3{break-after:avoid}
}
"""

SCRIPT = """
const dark = matchMedia('(prefers-color-scheme: dark)');
const PRINTED_PX = 660;
function template(theme) {
  const axis = {automargin: true, gridcolor: theme.line, zerolinecolor: theme.line,
    tickcolor: theme.line, tickfont: {color: theme.faint},
    title: {font: {color: theme.faint}, standoff: 12}};
  return {layout: {paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
    font: {color: theme.text, size: 12, family: 'system-ui, sans-serif'},
    colorway: theme.colours, xaxis: axis, yaxis: axis, autotypenumbers: 'strict'}};
}
function draw(theme, width) {
  for (const chart of document.querySelectorAll('figure.chart')) {
    const spec = JSON.parse(chart.querySelector('script').textContent);
    spec.layout.template = template(theme);
    if (width) spec.layout.width = width;
    Plotly.react(chart.querySelector('.plot'), spec.data, spec.layout, {
      displaylogo: false, responsive: !width, scrollZoom: false, doubleClick: false,
      modeBarButtons: [['toImage']], toImageButtonOptions: {format: 'svg'}});
  }
}
function drawOnScreen() { draw(dark.matches ? THEMES.dark : THEMES.light, 0); }
drawOnScreen();
dark.addEventListener('change', drawOnScreen);
addEventListener('beforeprint', () => draw(THEMES.light, PRINTED_PX));
addEventListener('afterprint', drawOnScreen);
"""
