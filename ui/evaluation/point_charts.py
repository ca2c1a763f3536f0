"""How the Evaluation page's charts answer the pointer, and leave as pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from ui.evaluation import evaluation_state

Points = Sequence[Mapping[str, Any]]

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "doubleClick": False,
    "modeBarButtons": [["toImage"]],
    "scrollZoom": False,
    "toImageButtonOptions": {"format": "svg", "filename": "evaluation"},
}
"""One button, seen while the pointer is on the chart: it saves the chart as SVG."""

BUTTON_PX = 28
"""The width that it takes at the right, beside a legend."""


def show_chart(
    name: str,
    figure: go.Figure,
    alt: str,
    take: Callable[[Points], None] | None = None,
    mode: tuple[Literal["points", "box", "lasso"], ...] = ("points",),
) -> None:
    """Draw a chart; its picture's file bears its name.

    Args:
        name: of the chart on this page.
        figure: the chart.
        alt: what it shows, for who cannot see it.
        take: called with the points that were chosen, if any; then the chart is drawn
            without the marks of the choice.
        mode: how points are chosen.
    """
    if figure.layout.showlegend:
        figure.update_layout(margin_r=BUTTON_PX)
    picture = CONFIG["toImageButtonOptions"] | {"filename": f"evaluation-{name}"}
    chart: dict[str, Any] = {
        "width": "stretch",
        "config": CONFIG | {"toImageButtonOptions": picture},
        "key": evaluation_state.round_key(name),
        "alt": alt,
    }
    if take is None:
        st.plotly_chart(figure, **chart)
    else:
        st.plotly_chart(
            figure,
            on_select=_taker(name, take),
            selection_mode=mode,
            **chart,
        )


def _taker(name: str, take: Callable[[Points], None]) -> Callable[[], None]:
    key = evaluation_state.round_key(name)

    def on_select() -> None:
        points = st.session_state[key]["selection"]["points"]
        evaluation_state.renew(name)
        if points:
            take(points)

    return on_select
