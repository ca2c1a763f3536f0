"""The faces that a click led to: as pictures where they are imported, else as rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.explorer.queries import MAX_AMONG
from ui import dataset_pictures
from ui.dataset.dataset_state import query_of_face, query_of_faces
from ui.dataset.face_columns import face_columns
from ui.dataset.tiles import CAPTION_IS, show_tiles
from ui.dataset_pictures import read_pictures, show_missing
from ui.evaluation import evaluation_state

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
    with st.container():
        st.button(
            "Clear selection",
            key=evaluation_state.widget_key("clear"),
            icon=":material/close:",
            on_click=evaluation_state.change,
        )
        show_faces(estimates, rows, title, key)


@st.fragment
def show_faces(estimates: pd.DataFrame, rows: np.ndarray, title: str, key: str) -> None:
    """Draw faces in the order given, a few at a time.

    Args:
        estimates: the faces of the run, as returned by `read_predicted`.
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
    shown = estimates.iloc[rows[: _count(key, rows)]]
    folder = dataset_pictures.pictures_dir()
    if folder is None:
        st.caption(_NO_PICTURES)
        _show_table(shown, title)
    else:
        _show_pictures(folder, shown, key)
    if left := len(rows) - len(shown):
        st.button(
            f"Show {min(left, AT_A_TIME)} more",
            key=evaluation_state.widget_key(f"{key}_more"),
            icon=":material/expand_more:",
            on_click=_show_more,
            args=(key, rows),
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


def _count(key: str, rows: np.ndarray) -> int:
    """The number of rows shown: the first few, until more are asked for."""
    of, count = st.session_state.get(_count_key(key), (None, AT_A_TIME))
    return count if of == hash(rows.tobytes()) else AT_A_TIME


def _show_more(key: str, rows: np.ndarray) -> None:
    count = _count(key, rows) + AT_A_TIME
    st.session_state[_count_key(key)] = hash(rows.tobytes()), count


def _count_key(key: str) -> str:
    return evaluation_state.widget_key(f"{key}_count")


def _show_pictures(folder: Path, shown: pd.DataFrame, key: str) -> None:
    pictures = read_pictures(folder, tuple(shown["file"]))
    show_tiles(folder, shown, key, open_face=_open)
    st.caption(CAPTION_IS)
    show_missing(pictures.count(b""))


def _open(file: str) -> None:
    """Remember which face was clicked; a callback itself cannot change the page."""
    st.session_state[_OPENED] = file


def _show_table(shown: pd.DataFrame, title: str) -> None:
    columns = face_columns(
        *("file", "age", "age_years", "age_low", "age_high"),
        *("gender", "p_female", "race"),
    )
    st.dataframe(
        shown,
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        alt=f"{title}, with their labels and estimates",
    )
