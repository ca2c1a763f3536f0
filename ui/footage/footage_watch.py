"""A run over footage, live: progress, the log, and how to stop it or go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.footage.run_preview import preview_path, read_preview
from agemodel.jobs import control
from agemodel.jobs.footage_jobs import go_on, list_footage_jobs
from agemodel.jobs.footage_uploads import is_upload
from agemodel.jobs.forecast import duration_in_words
from agemodel.jobs.progress import read_progress
from agemodel.jobs.records import FAILED, RUNNING, STOPPED, Job, read_job, read_tail
from agemodel.runs.run_folder import Run
from ui.footage import footage_state

EVERY_S = 2.0
_PREVIEW_PX = 560
_PREVIEW = (
    "The frame that the run is at, from its memory; it is not stored. A face has a "
    "number once it counts as a visit."
)


def show_watch() -> None:
    """Draw the newest job, if it has not simply ended well."""
    jobs = list_footage_jobs()
    if not jobs:
        return
    running = _state(jobs[0]) == RUNNING
    st.fragment(_watch, run_every=EVERY_S if running else None)(jobs[0], running)


def _state(job: Run) -> str:
    try:
        record = read_job(job)
    except AgeModelError:
        return FAILED
    return record.state if record else ""


def _watch(job: Run, began_running: bool) -> None:
    try:
        record = read_job(job)
    except AgeModelError as error:
        footage_state.show_error(str(error))
        return
    if record is None:
        return
    if (record.state == RUNNING) != began_running:
        st.rerun()  # the results below are there now, or the button starts anew
    if record.state == RUNNING:
        with st.container(border=True):
            _show_running(job, record)
    elif record.state in (STOPPED, FAILED):
        with st.container(border=True):
            _show_ended(job, record)


def _show_running(job: Run, record: Job) -> None:
    progress = read_progress(job)
    if progress is None or not progress.total:
        st.progress(0.0, f"`{job.id}`: loading the model, some seconds")
    else:
        words = f"`{job.id}`: {_length(progress.done)} of {_length(progress.total)}"
        if left := progress.seconds_left(time.time()):
            words += f", {duration_in_words(left)} left"
        st.progress(progress.share or 0.0, words)
    st.button(
        "End at once" if record.stop_asked else "Stop",
        key=footage_state.widget_key("stop"),
        icon=":material/stop:",
        on_click=_attempt,
        args=(lambda: control.stop(job, at_once=record.stop_asked),),
    )
    st.caption(
        "What was found is kept, and it can go on later: at most five minutes of a "
        "video are looked at again. It also goes on when "
        "this page is closed. No picture is stored."
    )
    if progress is not None:
        _show_preview()


def _show_preview() -> None:
    """Draw the frame that the run is at, where that is wanted and can be had."""
    if not st.toggle("Preview", True, key=footage_state.widget_key("preview")):
        return
    preview = read_preview(preview_path())
    if preview is None:
        st.caption("There is no frame to show yet, or this system cannot show any.")
        return
    at = f"{Path(preview.clip).name} at {_length(preview.time_s)}"
    st.text(f"{at}: {preview.visits:,} visits so far")
    st.image(preview.jpeg, caption=_PREVIEW, width=_PREVIEW_PX)


def _show_ended(job: Run, record: Job) -> None:
    if record.state == STOPPED:
        st.markdown(f":material/stop_circle: **`{job.id}` was stopped.**")
    else:
        st.error(f"**`{job.id}` ended with a problem.**", icon=":material/error:")
    if tail := read_tail(job, record):
        st.code(tail, language=None, wrap_lines=True)
    if any(map(is_upload, record.command)):
        st.caption("The uploaded video is removed. Upload it again to begin anew.")
        return
    st.button(
        "Go on",
        key=footage_state.widget_key("go_on"),
        icon=":material/play_arrow:",
        on_click=_attempt,
        args=(lambda: go_on(job),),
    )


def _attempt(action: Callable[[], Any]) -> None:
    footage_state.attempt(action)


def _length(seconds: float) -> str:
    minutes = int(seconds) // 60
    return f"{minutes // 60}:{minutes % 60:02}:{int(seconds) % 60:02}"
