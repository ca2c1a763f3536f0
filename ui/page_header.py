"""The head of a page: its title, views and exports in one row, and its filters."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.presentation import show_switch, without_sidebar


def show_title(
    title: str, show_views: Callable[[], None] | None = None
) -> DeltaGenerator:
    """Draw the title of a page with the choice of its views beside it.

    Args:
        title: of the page.
        show_views: draws the choice, if there is one.

    Returns:
        The place at the right, before the button of a presentation.
    """
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        with st.container(
            horizontal=True, vertical_alignment="center", width="content"
        ):
            st.title(title, anchor=False, width="content")
            if show_views:
                show_views()
        with st.container(
            horizontal=True, vertical_alignment="center", width="content"
        ):
            right = st.container(horizontal=True, width="content")
            show_switch()
    return right


def show_header(
    title: str, show_views: Callable[[], None]
) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Draw the title, the choice of views, and what stands at the right of them.

    Args:
        title: of the page.
        show_views: draws the choice.

    Returns:
        The place of the filters, which is the sidebar or, where that would hide them or
        is hidden, a button; and the place of the exports.
    """
    with show_title(title, show_views):
        filters = (
            st.popover("Filters", icon=":material/filter_alt:")
            if without_sidebar()
            else st.sidebar
        )
        exports = st.container(width="content")
    return filters, exports
