"""The part of the picture in which faces count, chosen by sliders over a frame."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.footage.clip_files import Clip, find_clips
from agemodel.footage.drawn_frames import frame_of, with_zone
from agemodel.footage.footage_settings import ALL_OF_IT, FootageSettings
from ui.footage.footage_state import widget_key
from ui.page_state import show_error

ASKED, ACROSS, DOWN = (
    widget_key(f"form_zone_{name}") for name in ("asked", "across", "down")
)
_ALL = (0, 100)


def show_zone(given: str) -> None:
    """Draw the choice.

    Args:
        given: path of the video, or of the folder of videos; may be empty.
    """
    if not st.toggle("Count faces in a part of the picture only", key=ASKED):
        return
    across = st.slider("From left to right, %", 0, 100, _ALL, key=ACROSS)
    down = st.slider("From top to bottom, %", 0, 100, _ALL, key=DOWN)
    rgb = _frame(given)
    if rgb is None:
        return
    zone = _fractions(across, down)
    st.image(
        with_zone(rgb, zone),
        width="stretch",
        alt="A frame of the video; what is outside of the chosen part is darker",
        caption="The middle of a face must lie within the line. The frame is shown "
        "here alone, and not kept.",
    )


def given_path(given: str) -> Path:
    """What was typed, as a path; where its user has no home it stays as it is."""
    return Path(os.path.expanduser(given)).absolute()


def chosen_zone() -> str:
    """The zone as the command takes it; empty for all of the picture.

    Raises:
        ConfigError: nothing is left of the picture.
    """
    state = st.session_state
    if not state.get(ASKED):
        return ""
    zone = _fractions(state.get(ACROSS, _ALL), state.get(DOWN, _ALL))
    FootageSettings(zone=zone)
    return "" if zone == ALL_OF_IT else ",".join(f"{side:g}" for side in zone)


def _fractions(across: tuple[int, int], down: tuple[int, int]) -> tuple[float, ...]:
    return (across[0] / 100, down[0] / 100, across[1] / 100, down[1] / 100)


def _frame(given: str) -> np.ndarray | None:
    """A frame of the first video, or None with a sentence why there is none."""
    if not given:
        st.caption("Give the path of a video above to see a frame of it.")
        return None
    try:
        found = find_clips([given_path(given)])
        if found.clips:
            return _read_frame(found.clips[0])
        st.caption(" ".join(found.problems))
    except AgeModelError as error:
        show_error(error)
    return None


@st.cache_data(max_entries=1, ttl=600, show_spinner=False)
def _read_frame(clip: Clip) -> np.ndarray:
    return frame_of(clip)
