"""The faces that a click led to: as pictures where they are imported, else as rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from ui.dataset.tiles import caption
from ui.evaluation import evaluation_state

AT_A_TIME = 24
THUMBNAIL_PX = 104
CACHED_PAGES = 40

_CAPTION_IS = (
    "Under each face: the estimated age, in brackets the labelled one, and the gender "
    "label (F or M); an exclamation mark where the gender was judged otherwise."
)
_NO_PICTURES = (
    "The pictures are not imported, so these are their rows. "
    "`python -m agemodel data import ARCHIVE`"
)


@st.fragment
def show_faces(judged: pd.DataFrame, rows: np.ndarray, title: str, key: str) -> None:
    """Draw faces in the order given, a few at a time.

    Args:
        judged: as of `analysis.faces.read_judged`.
        rows: their positions in it, shape (n,).
        title: what they are, as plain text.
        key: what tells this list from others of the page.
    """
    st.subheader(f"{title}: {len(rows):,}", anchor=False)
    if not len(rows):
        st.info("There is no such face.", icon=":material/filter_alt:")
        return
    shown = judged.iloc[rows[: _count(key, rows)]]
    folder = evaluation_state.pictures_dir()
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
    """How many of the rows are shown: the first few, until more are asked for."""
    of, count = st.session_state.get(_count_key(key), (None, AT_A_TIME))
    return count if of == hash(rows.tobytes()) else AT_A_TIME


def _show_more(key: str, rows: np.ndarray) -> None:
    count = _count(key, rows) + AT_A_TIME
    st.session_state[_count_key(key)] = hash(rows.tobytes()), count


def _count_key(key: str) -> str:
    return evaluation_state.widget_key(f"{key}_count")


def _show_pictures(folder: Path, shown: pd.DataFrame) -> None:
    pictures = _pictures(folder, tuple(shown["file"]))
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
            alt=[_alt(face) for face, _ in faces],
        )
    if missing := len(shown) - len(faces):
        st.warning(
            f"Pictures of {missing} of these faces are missing. Import the archive "
            "again: `python -m agemodel data import ARCHIVE`",
            icon=":material/broken_image:",
        )


def _alt(face: Any) -> str:
    return f"A face, labelled {face.age} years, {face.gender}"


@st.cache_data(max_entries=CACHED_PAGES, show_spinner=False)
def _pictures(folder: Path, files: Sequence[str]) -> list[bytes]:
    """The pictures as they lie on the disk; empty where one is missing."""
    return [_content(folder / file) for file in files]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _show_table(shown: pd.DataFrame, title: str) -> None:
    config = st.column_config
    years: dict[str, Any] = {"format": "%.1f", "width": "small"}
    columns = {
        "file": config.TextColumn("File", width="medium"),
        "age": config.NumberColumn("Age label", width="small"),
        "age_years": config.NumberColumn("Estimate", **years),
        "age_low": config.NumberColumn("From", **years),
        "age_high": config.NumberColumn("To", **years),
        "gender": config.TextColumn("Gender label", width="small"),
        "p_female": config.NumberColumn("p(female)", format="%.2f", width="small"),
        "race": config.TextColumn("Race label", width="small"),
    }
    st.dataframe(
        shown,
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        alt=f"{title}, with their labels and estimates",
    )
