"""The faces that a click led to: as pictures where they are imported, else as rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from ui import dataset_pictures
from ui.dataset.face_columns import face_columns
from ui.dataset.tiles import alt_text, caption
from ui.dataset_pictures import read_pictures, show_missing
from ui.evaluation import evaluation_state

AT_A_TIME = 24
THUMBNAIL_PX = 104

_CAPTION_IS = (
    "Under each face: the estimated age, in brackets the labelled one, and the gender "
    "label (F or M); an exclamation mark where the gender was estimated otherwise."
)
_NO_PICTURES = (
    "The pictures are not imported, so these are their rows. "
    "`python -m agemodel data import ARCHIVE`"
)


@st.fragment
def show_faces(estimates: pd.DataFrame, rows: np.ndarray, title: str, key: str) -> None:
    """Draw faces in the order given, a few at a time.

    Args:
        estimates: the faces of the run, as returned by `read_predicted`.
        rows: their positions in it, shape (n,).
        title: what they are, as plain text.
        key: what tells this list from others of the page.
    """
    st.subheader(f"{title}: {len(rows):,}", anchor=False)
    if not len(rows):
        st.info("There is no such face.", icon=":material/filter_alt:")
        return
    shown = estimates.iloc[rows[: _count(key, rows)]]
    folder = dataset_pictures.pictures_dir()
    if folder is None:
        st.caption(_NO_PICTURES)
        _show_table(shown, title)
    else:
        _show_pictures(folder, shown)
    if left := len(rows) - len(shown):
        st.button(
            f"Show {min(left, AT_A_TIME)} more",
            key=evaluation_state.widget_key(f"{key}_more"),
            icon=":material/expand_more:",
            on_click=_show_more,
            args=(key, rows),
        )


def _count(key: str, rows: np.ndarray) -> int:
    """The number of rows shown: the first few, until more are asked for."""
    of, count = st.session_state.get(_count_key(key), (None, AT_A_TIME))
    return count if of == hash(rows.tobytes()) else AT_A_TIME


def _show_more(key: str, rows: np.ndarray) -> None:
    count = _count(key, rows) + AT_A_TIME
    st.session_state[_count_key(key)] = hash(rows.tobytes()), count


def _count_key(key: str) -> str:
    return evaluation_state.widget_key(f"{key}_count")


def _show_pictures(folder: Path, shown: pd.DataFrame) -> None:
    pictures = read_pictures(folder, tuple(shown["file"]))
    faces = [
        (face, picture)
        for face, picture in zip(shown.itertuples(), pictures, strict=True)
        if picture
    ]
    st.caption(_CAPTION_IS)
    if faces:
        st.image(
            [picture for _, picture in faces],
            caption=[caption(face) for face, _ in faces],
            width=THUMBNAIL_PX,
            alt=[alt_text(face) for face, _ in faces],
        )
    show_missing(len(shown) - len(faces))


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
