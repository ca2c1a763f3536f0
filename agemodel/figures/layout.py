"""Colours and layout that all figures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

FAINT = 0.35
"""Opacity of what is not chosen, or lies outside an interval."""

GREY = "rgba(128, 136, 134, 0.16)"
LINE = "rgba(128, 136, 134, 0.9)"
"""A surface and a line that stand out from a light and from a dark page."""

DOTTED = {"color": LINE, "width": 1.5, "dash": "dot"}
CLEAR = "rgba(0, 0, 0, 0)"
NO_EDGE = {"line": {"width": 0}}
PERCENT = {"tickformat": ".0%"}


def with_legend(figure: go.Figure) -> go.Figure:
    """A legend above the chart, at its left: buttons may stand at its right."""
    return figure.update_layout(
        showlegend=True,
        margin={"t": 28},
        legend={
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "title": {"text": ""},
            "traceorder": "normal",
        },
    )


def axis(title: str, **style: Any) -> dict[str, Any]:
    """An axis with its title; `style` is Plotly's."""
    return {"title": {"text": title}, **style}


def rows_axis(names: Sequence[str]) -> dict[str, Any]:
    """A y axis with a named row at each whole number, the first on top."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "range": [len(names) - 0.5, -0.5],
        "ticksuffix": "  ",
        "zeroline": False,
    }


def error_bars(
    value: np.ndarray, low: np.ndarray, high: np.ndarray, width: int
) -> dict[str, Any]:
    """Bars from `low` to `high`, each of shape (n,), with ends of `width` px."""
    return {
        "type": "data",
        "symmetric": False,
        "array": high - value,
        "arrayminus": value - low,
        "thickness": 1.5,
        "width": width,
    }


def compact(
    figure: go.Figure, height: int, xaxis: dict, yaxis: dict, legend: bool = False
) -> go.Figure:
    """A layout without margins, where a touch scrolls the page."""
    figure.update_layout(
        overwrite=True,  # five times as quick as a merge, and nothing is there yet
        height=height,
        margin={"l": 0, "r": 0, "t": 16, "b": 0},
        bargap=0.15,
        showlegend=False,
        dragmode=False,
        xaxis={"fixedrange": True} | xaxis,
        yaxis={"fixedrange": True} | yaxis,
    )
    return with_legend(figure) if legend else figure
