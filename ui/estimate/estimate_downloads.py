"""Everything that was estimated, as a table and as files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from agemodel.serving import (
    Batch,
    PhotoResult,
    annotated_zip,
    results_csv,
    results_frame,
    results_json,
)
from ui import shown_tables
from ui.downloads import show_files

_FILES = (
    ("Table as CSV", "estimates.csv", results_csv),
    ("Records as JSON", "estimates.json", results_json),
    ("Photos with boxes (.zip)", "photos.zip", annotated_zip),
)


def show_exports(batch: Batch) -> None:
    """Offer all results as files, in the order of the page."""
    results = _in_order(batch)
    with st.popover("Export", icon=":material/download:", disabled=not results):
        files = ((label, name, partial(make, results)) for label, name, make in _FILES)
        show_files("estimate", files)


def show_table(batch: Batch) -> None:
    """Draw the table over all photos, in the order of the page."""
    results = _in_order(batch)
    if not results:
        return
    frame = results_frame(results)
    frame["p_female"] *= 100
    frame["warnings"] = frame["warnings"].combine_first(frame["error"])
    config = st.column_config
    columns = {
        "file": config.TextColumn("File", width="medium"),
        "face": config.NumberColumn("Face", width="small"),
        "age_years": config.NumberColumn("Age", format="%.0f", width="small"),
        "age_low": config.NumberColumn("From", format="%.0f", width="small"),
        "age_high": config.NumberColumn("To", format="%.0f", width="small"),
        "known_age": config.TextColumn("Actual age", width="small"),
        "gender": config.TextColumn("Gender label"),
        "p_female": config.NumberColumn("Female", format="%.0f %%", width="small"),
        "warnings": config.TextColumn("Remarks", width="large"),
        "age_group": config.TextColumn("Age group", width="small"),
        "detection_score": config.NumberColumn(
            "Score",
            format="%.2f",
            width="small",
            help="How sure the face detector is, 0 to 1",
        ),
    }
    alt = "All faces with their ages, intervals, gender labels and remarks"
    shown_tables.show_table(frame, columns, alt, placeholder="", key="estimate_table")
    if text := without_age_text(results):
        st.caption(text)


def _in_order(batch: Batch) -> list[PhotoResult]:
    entries = batch.newest_first
    return [entry.result for entry in entries if entry.result is not None]


def without_age_text(results: list[PhotoResult]) -> str:
    """How many faces have no age, a sentence; empty where all have one."""
    faces = [face for result in results for face in result.estimates]
    without = sum(face.reason is not None for face in faces)
    if not without:
        return ""
    have = "have no age, because their pictures are"
    if without == 1:
        have = "has no age, because its picture is"
    return f"{without:,} of {len(faces):,} faces {have} too poor: see the remarks."
