"""Marks on labels: marking a face, the list of marks, the filter by them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.explorer import marks
from agemodel.explorer.marks import VERDICTS
from agemodel.explorer.table_exports import frame_csv
from ui.dataset import dataset_state, dataset_tables
from ui.dataset.dataset_state import STATE
from ui.dataset.filter_panel import Counts, show_values
from ui.dataset.tiles import MARK_ICONS, show_rows
from ui.downloads import show_download
from ui.permission import may_change

TABLE = "marks_table"

_CHANGED = dataset_state.widget_key("marks_changed")
_REPAIRED = dataset_state.widget_key("marks_repaired")

_WHAT_THEY_ARE = (
    "Marks are kept in a file on the machine that runs the app. No label is changed by "
    "them. Open a face to mark it."
)


def show_problem() -> None:
    """Say that the file of marks is damaged, and repair it at a click; else nothing."""
    if kept := st.session_state.pop(_REPAIRED, ""):
        st.success(kept, icon=":material/healing:")
    try:
        dataset_tables.marks()
    except AgeModelError as error:
        with st.container(border=True):
            st.warning("**The marks cannot be read.**", icon=":material/bookmark:")
            st.text(str(error))
            if not may_change():
                return
            label = "Keep the marks that can be read"
            STATE.show_button(label, "repair_marks", "healing", STATE.attempt, _repair)
            STATE.show_refusal()


def show_marking(file: str) -> None:
    """Draw the controls that mark a face, for visitors who may.

    Nothing is drawn while the marks cannot be read.
    """
    try:
        mark = dataset_tables.marks().get(file)
    except AgeModelError:
        return
    if not may_change():
        if mark:
            st.text(f"Its label was marked: {mark.verdict}. {mark.note}".rstrip())
        return
    st.segmented_control(
        "Your verdict on the label",
        VERDICTS,
        format_func=lambda verdict: f"{MARK_ICONS[verdict]} {verdict}",
        **dataset_state.bind(
            "mark",
            mark.verdict if mark else None,
            lambda _verdict: _mark(file),
        ),
    )
    if mark:
        st.text_input(
            "Note",
            max_chars=marks.MAX_NOTE,
            placeholder="why, or what it should be",
            **dataset_state.bind("note", mark.note, lambda _note: _mark(file)),
        )
    STATE.show_refusal()


def were_changed() -> bool:
    """Whether a mark was changed since the last call."""
    return bool(st.session_state.pop(_CHANGED, False))


def show_filter(counted: Counts) -> None:
    """Draw the filter by mark, where there is a mark or it is set."""
    if dataset_state.selection().marks or dataset_tables.known_marks():
        show_values("mark", counted)


def show_marks(faces: pd.DataFrame) -> None:
    """Draw the table of the marks so far, and its download."""
    st.markdown("**Your marks**")
    st.caption(_WHAT_THEY_ARE)
    marked = marks.marked_faces(faces, dataset_tables.known_marks())
    if not len(marked):
        return
    found = marked["verdict"].value_counts()
    parts = (
        f"{found[verdict]:,} {verdict}" for verdict in VERDICTS if verdict in found
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(" · ".join(parts), width="content")
        show_download(
            "Marks as CSV",
            "marks.csv",
            lambda: frame_csv(marked),
            dataset_state.widget_key("download_marks"),
        )
    columns = (
        *("file", "verdict", "note", "marked_at"),
        *("age", "age_years", "gender", "race", "split"),
    )
    show_rows(marked, columns, "The marked faces with their marks and notes", TABLE)


def _mark(file: str) -> None:
    """Keep the mark and the note: both may have come with one click."""
    verdict = st.session_state[dataset_state.widget_key("mark")]
    note = st.session_state.get(dataset_state.widget_key("note")) or ""
    if STATE.attempt(lambda: marks.mark_faces(paths.data_dir(), [file], verdict, note)):
        st.session_state[_CHANGED] = True


def _repair() -> None:
    repaired = marks.repair_marks(paths.data_dir())
    aside = (
        f" The damaged file lies beside as {repaired.aside.name}."
        if repaired.aside
        else ""
    )
    st.session_state[_REPAIRED] = f"Marks that were kept: {repaired.kept:,}.{aside}"
