"""The form that starts looking at footage."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from agemodel.core.errors import AgeModelError, FootageError
from agemodel.footage.clip_files import find_clips
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.stretches import read_start
from agemodel.jobs.footage_jobs import running_footage, start_footage
from agemodel.jobs.footage_uploads import remove_uploads, write_upload
from agemodel.metrics.shares import BAND_STARTS, band_names
from ui.footage.footage_state import STATE, widget_key
from ui.footage.footage_zone import chosen_zone, given_path, show_zone
from ui.job_page import ask_name, asked_name, now_as_name

PATH, START, UPLOAD = (widget_key(f"form_{n}") for n in ("path", "from", "upload"))
SLOT, BANDS, SMALLEST, LOOKS, HIDE = (
    widget_key(f"form_{name}")
    for name in ("slot", "bands", "smallest", "looks", "hide")
)
MOST_UPLOAD_MB = 100
SLOTS = {"15min": "15 minutes", "30min": "30 minutes", "1h": "Hour", "24h": "Day"}
SAMPLE_OPTIONS = ("--sample", "--slot", "1min", "--hide-below", "1")
DEFAULTS = FootageSettings()


def show_form() -> None:
    """Draw the form, and the sample for whom there is no footage at hand."""
    running = running_footage()
    at_work = running is not None
    st.subheader("Look at footage", anchor=False)
    st.text_input(
        "Video, or folder of videos",
        key=PATH,
        placeholder="/srv/camera/2026-11-27",
        help="A path on the machine that runs this app. It is read, never changed.",
    )
    st.file_uploader(
        "Or a small video, for a try",
        key=UPLOAD,
        max_upload_size=MOST_UPLOAD_MB,
        help="It is written to a temporary file, which is removed when the run ends.",
    )
    st.segmented_control(
        "Sum up by",
        list(SLOTS),
        format_func=lambda slot: SLOTS[slot],
        default="1h",
        key=SLOT,
        required=True,
    )
    with st.expander("Settings"):
        _show_settings()
    with st.container(horizontal=True):
        STATE.show_button("Start", "start", "play_arrow", _start, disabled=at_work)
        STATE.show_button(
            "Try the sample",
            "sample",
            "slideshow",
            _start_sample,
            disabled=at_work,
            help="A made video of three minutes: the bundled portraits of three known "
            "people slide past. It shows what comes out, not how well it works.",
        )
    if running:
        st.caption(f"`{running.id}` is at work: one run at a time.")
    STATE.show_refusal()


def _show_settings() -> None:
    st.text_input(
        "First video begins at",
        key=START,
        placeholder="2026-11-27T09:00",
        help="Where the names of the files hold no time.",
    )
    st.selectbox(
        "Age bands",
        list(BAND_STARTS),
        list(BAND_STARTS).index(DEFAULTS.bands),
        format_func=lambda bands: ", ".join(band_names(BAND_STARTS[bands])),
        key=BANDS,
    )
    st.number_input(
        "Smallest face, px", 20, 500, int(DEFAULTS.smallest_face_px), 5, key=SMALLEST
    )
    st.number_input("Looks a second", 1, 30, int(DEFAULTS.looks_per_s), key=LOOKS)
    show_zone(_given())
    st.number_input("Hide counts below", 1, 1000, DEFAULTS.least_count, key=HIDE)
    ask_name(STATE)


def _start() -> None:
    name = asked_name(STATE)
    if STATE.attempt(lambda: _begin(name)):
        STATE.change(run=name)


def _begin(name: str) -> None:
    arguments = _arguments()
    try:
        start_footage(name, arguments)
    except AgeModelError:
        remove_uploads(arguments[:1])
        raise


def _start_sample() -> None:
    name = f"sample-{now_as_name()}"
    if STATE.attempt(lambda: start_footage(name, SAMPLE_OPTIONS)):
        STATE.change(run=name)


def _arguments() -> list[str]:
    """The arguments of the command for what the widgets hold now.

    Raises:
        FootageError: the path leads to no video, or the disk refuses an upload.
        ConfigError: the time is none.
    """
    state, path = st.session_state, _path()
    begins = str(state.get(START, "")).strip()
    found = find_clips([path])
    if not found.clips:
        raise FootageError(" ".join(found.problems))
    options = {
        "--slot": state.get(SLOT, "1h"),
        "--bands": state.get(BANDS, DEFAULTS.bands),
        "--smallest-face": state.get(SMALLEST, DEFAULTS.smallest_face_px),
        "--looks": state.get(LOOKS, DEFAULTS.looks_per_s),
        "--hide-below": state.get(HIDE, DEFAULTS.least_count),
        "--zone": chosen_zone(),
        "--from": read_start(begins).isoformat() if begins else "",
    }
    asked = [f"{name}={value}" for name, value in options.items() if value != ""]
    return [str(path), *asked]


def _given() -> str:
    return str(st.session_state.get(PATH, "")).strip()


def _path() -> Path:
    """Where the footage lies; what was uploaded is written first."""
    given, uploaded = _given(), st.session_state.get(UPLOAD)
    if given and uploaded:
        raise FootageError("Give a path or a small video, not both: remove one.")
    if given:
        return given_path(given)
    if uploaded is None:
        raise FootageError(
            "Give the path of a video, or of a folder of videos, or choose a small one."
        )
    if running_footage() is not None:
        raise FootageError("Footage is being looked at. Wait for its end, or stop it.")
    return write_upload(uploaded.name, uploaded.getvalue())
