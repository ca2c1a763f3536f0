"""The form that starts to estimate a folder, and how far a run is."""

from __future__ import annotations

import os

import streamlit as st

from agemodel.bulk.listing import find_files
from agemodel.bulk.urls import is_url
from agemodel.core.errors import BulkError
from agemodel.jobs.bulk_jobs import BULK_JOBS, start_bulk
from agemodel.jobs.progress import JobProgress
from ui.folder.folder_state import STATE, widget_key
from ui.job_page import Watched, ask_name, asked_name

SOURCE, ALIGNED, WORKERS = (
    widget_key(f"form_{name}") for name in ("source", "aligned", "workers")
)
_CORES = os.cpu_count() or 1
_ON_STOP = (
    "Every thousand files the results are written; what is done is kept, and it can go "
    "on later. It also goes on when this page is closed. No picture is stored."
)


def show_notice() -> None:
    """Say what the page does."""
    st.caption(
        "For thousands of photos that lie on this machine. Processes of their own "
        "estimate the faces; ages are written to files, pictures are not."
    )


def show_form() -> None:
    """Draw the form."""
    st.text_input(
        "Folder, or list of files",
        key=SOURCE,
        placeholder="/srv/photos",
        help="A path on the machine that runs this app: a folder with those in it, a "
        "pattern such as /srv/photos/*.jpg, or a text with a path a line. It is read, "
        "never changed.",
    )
    st.toggle("Each file is one cropped face", key=ALIGNED)
    with st.expander("Settings"):
        st.number_input("Processes", 1, 4 * _CORES, _CORES, key=WORKERS)
        ask_name(STATE)
    at_work = BULK_JOBS.running() is not None
    STATE.show_button("Start", "start", "play_arrow", _start, disabled=at_work)
    STATE.show_refusal()


def _start() -> None:
    state, name = st.session_state, asked_name(STATE)
    options = [f"--workers={state.get(WORKERS, _CORES)}"]
    if state.get(ALIGNED):
        options.append("--aligned")
    if STATE.attempt(lambda: start_bulk(name, _source(), options)):
        STATE.change(run=name)


def _source() -> str:
    """What the form holds, of which one file at least is there.

    Raises:
        BulkError: it leads to no photo.
    """
    given = str(st.session_state.get(SOURCE, "")).strip()
    if not given:
        raise BulkError("Give the path of a folder, or of a list of files.")
    if is_url(given):
        return given  # the run itself asks, which may take long
    path = os.path.abspath(os.path.expanduser(given))
    next(find_files(path), None)
    return path


def _in_words(progress: JobProgress) -> str:
    return f"{progress.text}, {progress.done:,} of {progress.total:,} files"


show_watch = Watched(BULK_JOBS, STATE, _in_words, _ON_STOP).show
