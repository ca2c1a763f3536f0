"""The blocks that a report is made of, and the HTML page around them.

A block holds plain texts; `report.html.j2` draws and escapes them.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from agemodel.core import paths
from agemodel.figures.evaluation_panels import Panel

_NUMBER = re.compile(r"[+-]?[0-9][0-9,.]*( \(.*\))?")
_THEME_COLOURS = {
    "background": "backgroundColor",
    "surface": "secondaryBackgroundColor",
    "text": "textColor",
    "faint": "grayTextColor",
    "line": "borderColor",
    "link": "linkColor",
    "colours": "chartCategoricalColors",
}


class Block:
    """A piece of a section; the template draws each kind its own way."""

    @property
    def kind(self) -> str:
        """The kind, as the template calls it."""
        return type(self).__name__.lower()


@dataclass(frozen=True)
class Paragraph(Block):
    """A paragraph."""

    text: str


class Note(Paragraph):
    """A paragraph in small print."""


class Heading(Paragraph):
    """A heading within a section."""


@dataclass(frozen=True)
class Items(Block):
    """A list of sentences."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Table(Block):
    """A table; what is a number, or looks like one, is aligned to the right.

    Attributes:
        rows: texts or numbers by the columns' titles; every row has the same ones.
        caption: what the table shows.
    """

    rows: Sequence[Mapping[str, object]]
    caption: str


@dataclass(frozen=True)
class Chart(Block):
    """A chart, drawn by the page's script; `alt` says what it shows."""

    figure: go.Figure
    alt: str

    @property
    def record(self) -> dict[str, Any]:
        """What Plotly draws, without its template: the page has its own."""
        record: dict[str, Any] = json.loads(self.figure.to_json())
        record["layout"].pop("template", None)
        return record

    @property
    def height_px(self) -> int:
        """The figure's height."""
        return int(self.figure.layout.height or 400)


@dataclass(frozen=True)
class Beside(Block):
    """Blocks in two columns where there is room."""

    blocks: Sequence[Block]


@dataclass(frozen=True)
class Section:
    """A part of the page; links lead to its anchor."""

    anchor: str
    title: str
    blocks: Sequence[Block]


def charted(*panels: Panel) -> list[Block]:
    """Charts, each under its heading and what it says in words."""
    return [
        block
        for panel in panels
        for block in (
            Heading(panel.title),
            Paragraph(panel.words),
            Chart(panel.figure, panel.alt),
        )
    ]


def page_html(title: str, lead: Sequence[Block], sections: Sequence[Section]) -> str:
    """The whole page; `lead` stands above the sections."""
    return (
        _template_environment()
        .get_template("report.html.j2")
        .render(
            title=title,
            lead=lead,
            sections=sections,
            themes=_themes(),
            plotly=_plotly(),
        )
    )


@cache
def _template_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("agemodel.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    environment.tests["number_text"] = lambda text: _NUMBER.fullmatch(str(text))
    return environment


@cache
def _plotly() -> Markup:
    """Plotly's script, which nothing in it ends early."""
    return Markup(str(get_plotlyjs()).replace("</script", "<\\/script"))  # nosec B704


@cache
def _themes() -> dict[str, dict[str, Any]]:
    """The app's own colours of the light and of the dark theme."""
    theme = tomllib.loads(paths.THEME.read_text("utf-8"))["theme"]
    return {
        name: {ours: theme[name][key] for ours, key in _THEME_COLOURS.items()}
        for name in ("light", "dark")
    }
