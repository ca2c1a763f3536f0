"""Pieces of an HTML page that stands by itself: texts, tables, charts, the whole.

Every text that comes in is escaped here, and only here.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from agemodel.core import paths
from agemodel.report.look import SCRIPT, STYLE

_NUMBER = re.compile(r"[+-]?[0-9][0-9,.]*( \(.*\))?")
_CONFIG = paths.ROOT / ".streamlit" / "config.toml"


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; `kind` is `note` for small print."""
    return f"<p{_class(kind)}>{escape(text)}</p>"


def heading(text: str, level: int = 3) -> str:
    """A heading within a section."""
    return f"<h{level}>{escape(text)}</h{level}>"


def items(texts: Sequence[str]) -> str:
    """A list of sentences."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def table(rows: Sequence[Mapping[str, object]], caption: str) -> str:
    """A table; what is a number, or looks like one, stands at the right.

    Args:
        rows: texts or numbers by the columns' titles; every row has the same ones.
        caption: what the table shows.
    """
    if not rows:
        return paragraph("Nothing to show.", "note")
    titles = "".join(
        f"<th{_kind(value)}>{escape(title)}</th>" for title, value in rows[0].items()
    )
    lines = "".join(
        f"<tr>{''.join(_cell(value) for value in row.values())}</tr>" for row in rows
    )
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def frame_rows(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows of a frame for `table`: its columns named in `titles`, numbers as texts."""
    return [
        {title: str(row[name]) for name, title in titles.items()}
        for row in frame.to_dict("records")
    ]


def chart(figure: go.Figure, alt: str) -> str:
    """A chart, drawn by the page's script; `alt` says what it shows."""
    spec = json.loads(figure.to_json())
    spec["layout"].pop("template", None)  # the page's own, light or dark
    height = int(figure.layout.height or 400)
    return (
        f'<figure class="chart"><figcaption>{escape(alt)}</figcaption>'
        f'<div class="plot" role="img" aria-label="{escape(alt)}" '
        f'style="height: {height}px"></div>'
        f'<script type="application/json">{_in_script(spec)}</script></figure>'
    )


def beside(pieces: Sequence[str]) -> str:
    """Pieces in two columns where there is room."""
    return f'<div class="beside">{"".join(pieces)}</div>'


def section(anchor: str, title: str, *pieces: str) -> str:
    """A section of the page that a link can lead to."""
    return (
        f'<section id="{escape(anchor)}"><h2>{escape(title)}</h2>'
        f"{''.join(pieces)}</section>"
    )


def page(
    title: str, lead: Sequence[str], sections: Mapping[str, tuple[str, str]]
) -> str:
    """The whole page.

    Args:
        title: of the page.
        lead: pieces above the sections.
        sections: title and pieces of each, by its anchor.
    """
    links = " ".join(
        f'<a href="#{escape(anchor)}">{escape(name)}</a>'
        for anchor, (name, _) in sections.items()
    )
    body = "".join(
        section(anchor, name, pieces) for anchor, (name, pieces) in sections.items()
    )
    themes = _themes()
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title>"
        f"<style>{_variables(themes)}{STYLE}</style></head>"
        f"<body><header><h1>{escape(title)}</h1>{''.join(lead)}"
        f"<nav>{links}</nav></header><main>{body}</main>"
        f"<script>{_plotly()}</script>"
        f"<script>const THEMES = {_in_script(themes)};{SCRIPT}</script>"
        "</body></html>\n"
    )


def _class(kind: str) -> str:
    return f' class="{escape(kind)}"' if kind else ""


def _cell(value: object) -> str:
    return f"<td{_kind(value)}>{escape(str(value))}</td>"


def _kind(value: object) -> str:
    return _class("number" if _NUMBER.fullmatch(str(value)) else "")


def _in_script(value: Any) -> str:
    """JSON that no text in it can end the script element of."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _plotly() -> str:
    return str(get_plotlyjs()).replace("</script", "<\\/script")


@cache
def _themes() -> dict[str, dict[str, Any]]:
    """The app's own colours of the light and of the dark theme."""
    theme = tomllib.loads(_CONFIG.read_text("utf-8"))["theme"]
    return {name: _colours(theme[name]) for name in ("light", "dark")}


def _colours(theme: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "background": theme["backgroundColor"],
        "surface": theme["secondaryBackgroundColor"],
        "text": theme["textColor"],
        "faint": theme["grayTextColor"],
        "line": theme["borderColor"],
        "link": theme["linkColor"],
        "colours": theme["chartCategoricalColors"],
    }


def _variables(themes: Mapping[str, Mapping[str, Any]]) -> str:
    """The colours as CSS variables, the dark ones where they are preferred."""

    def rules(name: str) -> str:
        values = themes[name].items()
        return "".join(f"--{key}:{value};" for key, value in values if key != "colours")

    return (
        f":root{{{rules('light')}}}"
        f"@media screen and (prefers-color-scheme: dark){{:root{{{rules('dark')}}}}}"
    )
