"""Faces side by side, each with a caption that opens it: one tile for all pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from agemodel.explorer.flags import DOUBTFUL_YEARS, NOTABLE_YEARS
from ui.dataset import dataset_state, dataset_tables
from ui.dataset_pictures import read_pictures
from ui.shown_tables import face_columns, show_table

TILE_PX = 112
MARK_ICONS = {
    "wrong": ":material/close:",
    "doubtful": ":material/question_mark:",
    "fine": ":material/check:",
}
CAPTION_IS = (
    "Under each face: the estimated and the labelled age, in orange where they are "
    f"{NOTABLE_YEARS:.0f} years or more apart, in red from {DOUBTFUL_YEARS:.0f} on; a "
    "badge where the gender was estimated otherwise than labelled. A click on it opens "
    "the face."
)


def show_tiles(
    folder: Path | None,
    shown: pd.DataFrame,
    name: str,
    notes: Sequence[str] = (),
    open_face: Callable[[str], None] = dataset_state.open_face,
) -> int:
    """Draw faces in rows: a picture each, if it is there, over a caption to click.

    Args:
        folder: of the pictures.
        shown: the rows of the faces, as returned by `read_faces` or `read_predicted`.
        name: of the part of the page, for the keys.
        notes: a few words under each face, if given.
        open_face: called with the file of a face whose caption was clicked.

    Returns:
        How many pictures are missing.
    """
    pictures = read_pictures(folder, tuple(shown["file"]))
    marks = dataset_tables.known_marks()
    with st.grid("auto", min_column_width=TILE_PX, gap="small"):
        for number, face in enumerate(shown.itertuples()):
            with st.container(gap=None):
                if pictures[number]:
                    st.image(pictures[number], width="stretch", alt=alt_text(face))
                _show_caption(face, marks, f"{name}_{number}", open_face)
                if badge := gender_badge(face):
                    st.markdown(badge)
                if notes:
                    st.caption(notes[number])
    return pictures.count(b"")


def show_rows(shown: pd.DataFrame, columns: Sequence[str], alt: str, name: str) -> None:
    """Draw faces as a table, as `face_columns` names its columns; a row opens one."""
    show_table(
        shown,
        face_columns(*columns),
        alt,
        key=dataset_state.round_key(name),
        on_select=partial(dataset_state.open_row, name, tuple(shown["file"])),
        selection_mode="single-row",
    )


def caption(face: Any) -> str:
    """The caption of a face, as `est. 30, label 26`, coloured by the error."""
    years = getattr(face, "age_years", math.nan)
    if math.isnan(years):
        return f"label {labelled(face)}"
    text = f"est. {years:.0f}, label {labelled(face)}"
    error = getattr(face, "abs_error", abs(years - face.age))
    if error >= DOUBTFUL_YEARS:
        return f":red[{text}]"
    return f":orange[{text}]" if error >= NOTABLE_YEARS else text


def gender_badge(face: Any) -> str:
    """A badge with the estimated gender where that is not the labelled one."""
    if not getattr(face, "gender_wrong", False):
        return ""
    return f":orange-badge[est. {'male' if face.gender == 'female' else 'female'}]"


def alt_text(face: Any) -> str:
    """The alternative text of a face's picture."""
    gender = getattr(face, "gender", None)
    of_gender = f", {gender}" if isinstance(gender, str) else ""
    return f"A face, labelled {labelled(face)} years{of_gender}"


def labelled(face: Any) -> str:
    """The age of a face's label, in years: `30`, or of some sets `20 to 36`."""
    return str(getattr(face, "label", face.age))


def _show_caption(
    face: Any, marks: dict, name: str, open_face: Callable[[str], None]
) -> None:
    mark = marks.get(face.file)
    st.button(
        caption(face),
        key=dataset_state.widget_key(f"tile_{name}"),
        type="tertiary",
        icon=MARK_ICONS[mark.verdict] if mark else None,
        icon_position="right",
        wrap=False,
        on_click=open_face,
        args=(face.file,),
    )
