"""Faces side by side, each with a caption that opens it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from ui.dataset import dataset_state, dataset_tables
from ui.dataset_pictures import read_pictures

TILE_PX = 104
MARK_ICONS = {
    "wrong": ":material/close:",
    "doubtful": ":material/question_mark:",
    "fine": ":material/check:",
}


def show_tiles(
    folder: Path | None, shown: pd.DataFrame, name: str, notes: Sequence[str] = ()
) -> None:
    """Draw faces in rows: a picture each, if it is there, over a caption to click.

    Args:
        folder: of the pictures.
        shown: the rows of the faces, as returned by `read_faces`.
        name: of the part of the page, for the keys.
        notes: a few words under each face, if given.
    """
    pictures = read_pictures(folder, tuple(shown["file"]))
    marks = dataset_tables.known_marks()
    with st.grid("auto", min_column_width=TILE_PX, gap="small"):
        for number, face in enumerate(shown.itertuples()):
            with st.container(gap=None):
                if pictures[number]:
                    st.image(pictures[number], width="stretch", alt=alt_text(face))
                _show_caption(face, marks, f"{name}_{number}")
                if notes:
                    st.caption(notes[number])


def caption(face: Any) -> str:
    """The caption of a face, as `30 (26) F`.

    Args:
        face: a row of the table, by attributes.
    """
    letter = str(face.gender)[:1].upper()
    years = getattr(face, "age_years", math.nan)
    if math.isnan(years):
        return f"{face.age} {letter}"
    mark = "!" if getattr(face, "gender_wrong", False) else ""
    return f"{years:.0f} ({face.age}) {letter}{mark}"


def alt_text(face: Any) -> str:
    """The alternative text of a face's picture."""
    return f"A face, labelled {face.age} years, {face.gender}"


def _show_caption(face: Any, marks: dict, name: str) -> None:
    mark = marks.get(face.file)
    st.button(
        caption(face),
        key=dataset_state.widget_key(f"tile_{name}"),
        type="tertiary",
        icon=MARK_ICONS[mark.verdict] if mark else None,
        icon_position="right",
        wrap=False,
        on_click=dataset_state.open_face,
        args=(face.file,),
    )
