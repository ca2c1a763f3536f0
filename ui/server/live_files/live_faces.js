// Faces as boxes over the picture, as a list, and in words.

const DARK = "#0d3a37", LIGHT = "#ffffff";  // as in agemodel/serving/annotation.py
const FONT = "600 {px}px system-ui, sans-serif";

export function drawBoxes(canvas, answer, isMirrored) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * scale);
  canvas.height = Math.round(canvas.clientHeight * scale);
  if (!answer) return;
  const context = canvas.getContext("2d");
  const [width, height] = answer.size;
  const across = canvas.width / width, down = canvas.height / height;
  for (const face of answer.faces) {
    let [x0, y0, x1, y1] = face.box_xyxy;
    if (isMirrored) [x0, x1] = [width - x1, width - x0];
    drawFace(context, face, x0 * across, y0 * down, x1 * across, y1 * down, scale);
  }
}

function drawFace(context, face, x0, y0, x1, y1, scale) {
  for (const [colour, line] of [[DARK, 5], [LIGHT, 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = line * scale;
    context.setLineDash(face.age_years === null ? [8 * scale, 6 * scale] : []);
    context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  }
  const px = 15 * scale, padding = 6 * scale, lines = labels(face);
  context.font = FONT.replace("{px}", px);
  context.textBaseline = "middle";
  const wide = Math.max(...lines.map((text) => context.measureText(text).width)) + 2 * padding;
  const tall = lines.length * px * 1.4;
  const left = Math.min(Math.max(x0, 0), Math.max(context.canvas.width - wide, 0));
  const top = y0 >= tall ? y0 - tall : Math.min(y1, context.canvas.height - tall);
  context.fillStyle = DARK;
  context.fillRect(left, top, wide, tall);
  context.fillStyle = LIGHT;
  lines.forEach((text, at) => context.fillText(text, left + padding, top + (at + 0.5) * px * 1.4));
}

function labels(face) {
  const number = face.number === null ? "" : `${face.number}: `;
  if (face.age_years === null) return [number + (face.number === null ? "…" : "no age")];
  return [`${number}${age(face)} years`, `${range(face)}, ${face.gender}`];
}

const age = (face) => Math.round(face.age_years);
const percent = (share) => `${Math.round(100 * share)}%`;
const range = (face) => `${Math.round(face.age_low)} to ${Math.round(face.age_high)}`;

export function listFaces(page, faces) {
  const ordered = [...faces].sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity));
  const items = ordered.map(item);
  const old = [...page.faces.children].map((one) => one.textContent).join("\n");
  if (old !== items.map((one) => one.textContent).join("\n")) page.faces.replaceChildren(...items);
  page.nobody.hidden = faces.length > 0;
}

function item(face) {
  const one = document.createElement("li");
  const head = document.createElement("strong");
  const number = face.number === null ? "" : `${face.number}: `;
  head.textContent = number + (face.age_years === null ? "no age" : `${age(face)} years`);
  one.append(head);
  const said = face.age_years === null ? [face.note] : [
    `80 % range: ${range(face)}`,
    `Gender label ${face.gender}${certainty(face)}`,
  ];
  for (const text of said) {
    const line = document.createElement("span");
    line.textContent = text;
    one.append(line);
  }
  return one;
}

function certainty(face) {
  const female = face.p_female, larger = Math.max(female, 1 - female);
  if (face.gender === "uncertain") return `: female ${percent(female)}, male ${percent(1 - female)}`;
  return `, ${larger > 0.995 ? "over 99%" : percent(larger)} likely`;
}

export function inWords(faces) {
  const known = faces.filter((face) => face.age_years !== null);
  if (!faces.length) return "No face in view.";
  const ages = known.map((face) => `number ${face.number}, about ${age(face)} years`);
  return `${faces.length === 1 ? "1 face" : `${faces.length} faces`} in view${ages.length ? ": " + ages.join("; ") : ""}.`;
}
