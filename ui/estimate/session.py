"""A visitor's photos, results, and round of the upload widgets.

Every key carries the page's name, because all pages share one session state.
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from agemodel.serving import Batch
from ui.page_state import BaseLook, PageState

STATE: PageState[BaseLook] = PageState("estimate", {})
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
    """Drop every photo and result."""
    st.session_state[_BATCH] = Batch()
    start_round()


def widget_key(name: str) -> str:
    """The key of a widget, a new one after every call of `start_round`."""
    return f"estimate_{name}_{st.session_state.get(_ROUND, 0)}"


def start_round() -> None:
    """Start with empty uploaders and the first page, after photos came or went."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


def let_go(files: Iterable[UploadedFile]) -> None:
    """Drop the server's copies of uploaded files, now that the batch has them.

    Streamlit would keep them until the visit is over, whatever becomes of the widget;
    this is how its own chat input drops them (checked in Streamlit 1.67).
    """
    context = get_script_run_ctx()
    if context is None:
        return
    manager = context.uploaded_file_mgr
    if isinstance(manager, MemoryUploadedFileManager):
        for file in files:
            manager.remove_file(context.session_id, file.file_id)
