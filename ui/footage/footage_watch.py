"""A run over footage, live, with the frame that it is at."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from agemodel.footage.run_preview import preview_path, read_preview
from agemodel.jobs.footage_jobs import FOOTAGE_JOBS
from agemodel.jobs.footage_uploads import is_upload
from agemodel.jobs.progress import JobProgress
from agemodel.jobs.records import Job
from ui.footage.footage_state import STATE, widget_key
from ui.job_page import Watched

_ON_STOP = (
    "What was found is kept, and it can go on later: at most five minutes of a video "
    "are looked at again. It also goes on when this page is closed. No picture is "
    "stored."
)
_PREVIEW_PX = 560
_PREVIEW = (
    "The frame that the run is at, from its memory; it is not stored. A face has a "
    "number once it counts as a visit."
)


def _in_words(progress: JobProgress) -> str:
    return f"{_length(progress.done)} of {_length(progress.total or 0)}"


def _show_preview() -> None:
    """Draw the frame that the run is at, where that is wanted and can be had."""
    if not st.toggle("Preview", True, key=widget_key("preview")):
        return
    preview = read_preview(preview_path())
    if preview is None:
        st.caption("There is no frame to show yet, or this system cannot show any.")
        return
    at = f"{Path(preview.clip).name} at {_length(preview.time_s)}"
    st.text(f"{at}: {preview.visits:,} visits so far")
    with st.container(width=_PREVIEW_PX):  # narrower where the page is
        st.image(preview.jpeg, caption=_PREVIEW, width="stretch", alt=at)


def _why_not_on(job: Job) -> str:
    if any(map(is_upload, job.command)):
        return "The uploaded video is removed. Upload it again to begin anew."
    return ""


def _length(seconds: float) -> str:
    minutes = int(seconds) // 60
    return f"{minutes // 60}:{minutes % 60:02}:{int(seconds) % 60:02}"


show_watch = Watched(
    FOOTAGE_JOBS, STATE, _in_words, _ON_STOP, _show_preview, _why_not_on
).show
