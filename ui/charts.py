"""Charts, still and answering clicks and drags."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from ui.page_state import PageState
from ui.presentation import enlarged, presenting

Points = Sequence[Mapping[str, Any]]
"""What was chosen in a chart: points, or lassos that were drawn."""

CONFIG = {
    "displaylogo": False,
    "doubleClick": False,
    "modeBarButtonsToRemove": ["toImage", "select2d", "lasso2d"],
    "scrollZoom": False,
}
"""Of Plotly; what is left above a chart is Streamlit's button for the full screen."""


def show_chart(
    figure: go.Figure,
    key: str,
    alt: str,
    config: Mapping[str, Any] = CONFIG,
    **answer: Any,
) -> None:
    """Draw a chart as wide as its place.

    Args:
        figure: the chart.
        key: unique in the session.
        alt: what it shows, for who cannot see it.
        config: of Plotly.
        answer: passed on to `st.plotly_chart`.
    """
    if presenting():
        enlarged(figure)
    st.plotly_chart(
        figure, width="stretch", config=dict(config), key=key, alt=alt, **answer
    )


def show_answering_chart(
    state: PageState[Any],
    name: str,
    figure: go.Figure,
    alt: str,
    take: Callable[[Points], None] | None,
    mode: Sequence[Literal["points", "box", "lasso"]] = ("points",),
    config: Mapping[str, Any] = CONFIG,
) -> None:
    """Draw a chart in which something can be chosen.

    Args:
        state: of the page.
        name: of the chart on this page.
        figure: the chart.
        alt: what it shows, for who cannot see it.
        take: called with what was chosen, if anything; then the chart is drawn without
            the marks of the choice. None where nothing can be chosen.
        mode: how it is chosen: lassos are handed over themselves, else points.
        config: of Plotly.
    """
    key = state.round_key(name)
    if take is None:
        show_chart(figure, key, alt, config)
        return
    handle = take

    def on_select() -> None:
        chosen = st.session_state[key]["selection"]
        state.renew(name)
        if found := chosen.get("lasso" if "lasso" in mode else "points"):
            handle(found)

    show_chart(figure, key, alt, config, on_select=on_select, selection_mode=mode)
