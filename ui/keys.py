"""The keys of a page's widgets; all pages share one session state."""

from __future__ import annotations

import streamlit as st


class Keys:
    """Names the widgets of one page."""

    def __init__(self, page: str) -> None:
        """Take note of the page's name, with which every key begins."""
        self._page = page
        self._rounds = f"{page}_rounds"

    def widget_key(self, name: str) -> str:
        """The key of a widget of this page."""
        return f"{self._page}_{name}"

    def round_key(self, name: str) -> str:
        """The key of a widget whose state can be forgotten; see `renew`."""
        rounds = st.session_state.get(self._rounds, {})
        return self.widget_key(f"{name}_{rounds.get(name, 0)}")

    def renew(self, name: str) -> None:
        """Draw a widget anew, such as a chart without the marks of what was chosen."""
        rounds = st.session_state.get(self._rounds, {})
        st.session_state[self._rounds] = rounds | {name: rounds.get(name, 0) + 1}
