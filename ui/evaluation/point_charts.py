"""The charts of the Evaluation page, which can be saved as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

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


def show_words(title: str, words: str = "") -> None:
    """Draw the title of a chart and what it shows in words."""
    st.markdown(f"**{title}**")
    if words:
        st.markdown(words)


def show_panel(
    title: str,
    words: str,
    caption: str,
    name: str,
    figure: go.Figure,
    alt: str,
    pick: Callable[[Points], str] | None = None,
) -> None:
    """Draw a chart between its title and its caption.

    Args:
        title: of the chart.
        words: what it shows, in a sentence or two; nothing if empty.
        caption: how to read it, below it; nothing if empty.
        name: as for `show_chart`, with what follows.
        figure: the chart.
        alt: what it shows, for who cannot see it.
        pick: from the points that were chosen to the pick.
    """
    with st.container(gap=None):
        show_words(title, words)
        show_chart(name, figure, alt, pick)
        if caption:
            st.caption(caption)
