"""The faces that a click led to: as pictures where they are imported, else as rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.explorer.queries import MAX_AMONG
from ui import dataset_pictures
from ui.dataset.dataset_state import query_of_face, query_of_faces
from ui.dataset.tiles import CAPTION_IS, show_tiles
from ui.dataset_pictures import show_missing
from ui.evaluation import evaluation_state
from ui.shown_tables import face_columns, show_table

AT_A_TIME = 24
_OPENED = evaluation_state.widget_key("opened")

_NO_PICTURES = (
    "The pictures are not imported, so these are their rows. "
    "`python -m agemodel data import ARCHIVE`"
)


def show_picked(
    estimates: pd.DataFrame, rows: np.ndarray, title: str, key: str
) -> None:
    """Draw the faces that a click led to, and the button that clears it.

    The arguments are those of `show_faces`.
    """
    with st.container(key=evaluation_state.widget_key("picked")):
        evaluation_state.show_button(
            "Clear selection", "clear", "close", evaluation_state.change
        )
        show_faces(estimates, rows, title, key)


@st.fragment
def show_faces(estimates: pd.DataFrame, rows: np.ndarray, title: str, key: str) -> None:
    """Draw faces in the order given, a few at a time.

    Args:
        rows: their positions in it, shape (n,).
        title: what they are, as plain text.
        key: what tells this list from others of the page.
    """
    if opened := st.session_state.pop(_OPENED, ""):
        st.switch_page("pages/dataset.py", query_params=query_of_face(opened))
    st.subheader(f"{title}: {len(rows):,}", anchor=False)
    if not len(rows):
        st.info("There is no such face.", icon=":material/filter_alt:")
        return
    _show_in_dataset(estimates["file"].iloc[rows[:MAX_AMONG]].tolist(), len(rows), key)
    counted = evaluation_state.widget_key(f"{key}_{hash(rows.tobytes())}")
    count = st.session_state.get(counted, AT_A_TIME)
    shown = estimates.iloc[rows[:count]]
    folder = dataset_pictures.pictures_dir()
    if folder is None:
        st.caption(_NO_PICTURES)
        columns = face_columns(
            *("file", "age", "age_years", "age_low", "age_high"),
            *("gender", "p_female", "race"),
        )
        show_table(shown, columns, f"{title}, with their labels and estimates")
    else:
        missing = show_tiles(folder, shown, key, open_face=_open)
        st.caption(CAPTION_IS)
        show_missing(missing)
    if left := len(rows) - len(shown):
        evaluation_state.show_button(
            f"Show {min(left, AT_A_TIME)} more",
            f"{key}_more",
            "expand_more",
            st.session_state.update,
            {counted: count + AT_A_TIME},
        )


def _show_in_dataset(files: list[str], count: int, key: str) -> None:
    """Draw the button that shows these faces on the Dataset page."""
    words = "these" if count <= MAX_AMONG else f"the first {MAX_AMONG}"
    if st.button(
        f"Show {words} in Dataset",
        key=evaluation_state.widget_key(f"{key}_dataset"),
        icon=":material/grid_view:",
    ):
        st.switch_page("pages/dataset.py", query_params=query_of_faces(files))


def _open(file: str) -> None:
    """Remember which face was clicked; a callback itself cannot change the page."""
    st.session_state[_OPENED] = file
