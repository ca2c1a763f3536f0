"""The charts of the Evaluation page, which can be saved as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from agemodel.figures.evaluation_panels import Panel
from ui.charts import CONFIG, Points, show_answering_chart
from ui.evaluation import evaluation_state


def show_chart(
    name: str,
    figure: go.Figure,
    alt: str,
    pick: Callable[[Points], str] | None = None,
    mode: tuple[Literal["points", "box"], ...] = ("points",),
) -> None:
    """Draw a chart; a button, seen while the pointer is on it, saves it as SVG.

    Args:
        name: of the chart on this page; the picture's file bears it.
        figure: the chart.
        alt: what it shows, for who cannot see it.
        pick: from the points that were chosen to the pick, see `evaluation_state`.
        mode: how points are chosen.
    """
    config: dict[str, Any] = CONFIG | {
        "modeBarButtonsToRemove": ["select2d", "lasso2d"],
        "toImageButtonOptions": {"format": "svg", "filename": f"evaluation-{name}"},
    }
    take = (lambda points: evaluation_state.pick(pick(points))) if pick else None
    show_answering_chart(evaluation_state.STATE, name, figure, alt, take, mode, config)


def show_words(panel: Panel) -> None:
    """Draw the title of a chart and what it shows in words."""
    st.markdown(f"**{panel.title}**")
    if panel.words:
        st.markdown(panel.words)


def show_panel(
    panel: Panel,
    name: str,
    caption: str = "",
    pick: Callable[[Points], str] | None = None,
) -> None:
    """Draw a chart between its title and how to read it, the caption.

    The other arguments are those of `show_chart`.
    """
    with st.container(gap=None):
        show_words(panel)
        show_chart(name, panel.figure, panel.alt, pick)
        if caption:
            st.caption(caption)
