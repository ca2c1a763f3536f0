"""What one visitor has: photos, results, and the round of the upload widgets.

Every key carries the page's name, because all pages share one session state.
"""

from __future__ import annotations

import streamlit as st

from agemodel.batches import Batch

PAGE_NUMBER = "estimate_page_number"
CHART = "estimate_chart"
SOURCE = "estimate_source"

_BATCH = "estimate_batch"
_ROUND = "estimate_round"


def batch() -> Batch:
    """This visitor's photos."""
    if _BATCH not in st.session_state:
        st.session_state[_BATCH] = Batch()
    return st.session_state[_BATCH]


def clear() -> None:
    """Let go of every photo and result."""
    st.session_state[_BATCH] = Batch()
    start_round()


def widget_key(name: str) -> str:
    """A key for an upload widget, for as long as the round lasts."""
    return f"estimate_{name}_{st.session_state.get(_ROUND, 0)}"


def start_round() -> None:
    """Make the upload widgets new and empty, and show the first photos."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state[PAGE_NUMBER] = 1
