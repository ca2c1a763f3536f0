"""Presentation: for a projector, larger text, and neither sidebar nor bar."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from ui.touch import on_phone

LEAST_PX = 16
"""The smallest text in a presentation."""
USUAL_PX = 12
"""That of charts elsewhere."""

_ON = "presentation_on"  # no widget's key: it stays over the pages of a session
_WHAT_IT_IS = (
    "Presentation, for a projector: larger text, neither sidebar nor bar. Every chart "
    "also opens full screen, by the button at its upper right."
)
_STYLE = Path(__file__).with_name("presentation.css")


def presenting() -> bool:
    """Whether the visitor presents."""
    return bool(st.session_state.get(_ON))


def without_sidebar() -> bool:
    """Whether what else stands in the sidebar or the bar opens by buttons."""
    return on_phone() or presenting()


def show_switch() -> None:
    """Draw the button that begins or ends it, where there is a sidebar to hide."""
    if on_phone():
        return
    st.button(
        "End presentation" if presenting() else ":material/slideshow:",
        key="presentation_switch",
        type="tertiary",
        help=_WHAT_IT_IS,
        on_click=_switch,
    )


def _switch() -> None:
    st.session_state[_ON] = not presenting()


def apply() -> None:
    """Give the page the look of a presentation, if the visitor presents."""
    if presenting():
        st.html(_STYLE)


def enlarged(figure: go.Figure) -> go.Figure:
    """A chart as a presentation shows it: all its text large, and itself as much."""
    size = {"size": LEAST_PX}
    axis = {"tickfont": size, "title": {"font": size}}
    figure.update_layout(font=size, legend={"font": size}, hoverlabel={"font": size})
    figure.update_xaxes(axis).update_yaxes(axis)
    figure.update_annotations(font=size)
    figure.update_traces(textfont=size, selector=lambda trace: "textfont" in trace)
    for of, name in ((figure.layout, "height"), (figure.layout.margin, "l")):
        if of[name]:
            of[name] *= LEAST_PX / USUAL_PX
    return figure
