"""The charts of the Evaluation page, which can be saved as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import plotly.graph_objects as go

from ui.charts import Points, show_answering_chart
from ui.evaluation.evaluation_state import STATE

BUTTON_PX = 28
"""The width that the button takes at the right, beside a legend."""


def show_chart(
    name: str,
    figure: go.Figure,
    alt: str,
    take: Callable[[Points], None] | None = None,
    mode: tuple[Literal["points", "box"], ...] = ("points",),
) -> None:
    """Draw a chart; a button, seen while the pointer is on it, saves it as SVG.

    Args:
        name: of the chart on this page; the picture's file bears it.
        figure: the chart.
        alt: what it shows, for who cannot see it.
        take: called with the points that were chosen, if any.
        mode: how points are chosen.
    """
    if figure.layout.showlegend:
        figure.update_layout(margin_r=BUTTON_PX)
    config: dict[str, Any] = {
        "displaylogo": False,
        "doubleClick": False,
        "modeBarButtons": [["toImage"]],
        "scrollZoom": False,
        "toImageButtonOptions": {"format": "svg", "filename": f"evaluation-{name}"},
    }
    show_answering_chart(STATE, name, figure, alt, take, mode, config)
