"""The choice of one of several results, on pages that show those of a job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from ui.page_state import PageState


def choose_results(state: PageState, folders: Mapping[str, Path]) -> Path:
    """Draw the choice; the folder of the results that are looked at.

    Args:
        state: of the page; `run` of its look names the results.
        folders: by name, the newest first, one at least.
    """
    asked = state.look().run
    name = asked if asked in folders else next(iter(folders))
    st.selectbox(
        "Results",
        list(folders),
        **state.bind("run", name, lambda one: state.change(run=one)),
    )
    return folders[name]
