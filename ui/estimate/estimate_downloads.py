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
from ui.downloads import show_download

_SHOWN = (
    *("file", "face", "age_years", "age_low", "age_high", "age_group"),
    *("gender", "p_female", "detection_score", "warnings", "error"),
)

_FILES = (
    ("Table as CSV", "estimates.csv", results_csv),
    ("Records as JSON", "estimates.json", results_json),
    ("Photos with boxes (.zip)", "photos.zip", annotated_zip),
)


def show_downloads(batch: Batch) -> None:
    """The table over all photos, and its downloads; nothing while there is none."""
    results = batch.results
    if not results:
        return
    st.subheader("All results", anchor=False)
    _show_table(results)
    if text := without_age_text(results):
        st.caption(text)
    with st.container(horizontal=True):
        for label, file_name, make in _FILES:
            key = f"estimate_download_{file_name}"
            show_download(label, file_name, partial(make, results), key)


def without_age_text(results: list[PhotoResult]) -> str:
    """How many faces have no age, a sentence; empty where all have one."""
    faces = [face for result in results for face in result.estimates]
    without = sum(face.reason is not None for face in faces)
    if not without:
        return ""
    have = (
        "has no age, because its picture is"
        if without == 1
        else ("have no age, because their pictures are")
    )
    return f"{without:,} of {len(faces):,} faces {have} too poor: see the remarks."


def _show_table(results: list[PhotoResult]) -> None:
    frame = results_frame(results)
    frame["p_female"] *= 100
    config = st.column_config
    st.dataframe(
        frame,
        width="stretch",
        hide_index=True,
        column_order=_SHOWN,
        column_config={
            "file": config.TextColumn("File", width="medium"),
            "face": config.NumberColumn("Face", width="small"),
            "detection_score": config.NumberColumn(
                "Score",
                format="%.2f",
                width="small",
                help="How sure the face detector is, 0 to 1",
            ),
            "age_years": config.NumberColumn("Age", format="%.0f", width="small"),
            "age_low": config.NumberColumn("From", format="%.0f", width="small"),
            "age_high": config.NumberColumn("To", format="%.0f", width="small"),
            "age_group": config.TextColumn("Age group", width="small"),
            "p_female": config.NumberColumn("Female", format="%.0f %%", width="small"),
            "gender": config.TextColumn("Gender label"),
            "warnings": config.TextColumn("Remarks", width="large"),
            "error": config.TextColumn("Could not be read", width="large"),
        },
        placeholder="",
        key="estimate_table",
        alt="All faces with their ages, intervals, gender labels and remarks",
    )
