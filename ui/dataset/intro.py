"""What the dataset is, and how to get what is missing."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.dataset.getting import CANCELLED, FAILED, RUNNING
from ui import dataset_pictures
from ui.dataset import dataset_state
from ui.dataset.get_data import show_job, show_ways
from ui.page_state import show_error, show_folded

_WHAT_IT_IS = (
    "[UTKFace](https://susanqq.github.io/UTKFace/): {n:,} photos of faces. The name "
    "of each file labels it with an age, one of two genders and one of five races; a "
    "label says nothing of identity. Its authors give it out for **non-commercial "
    "research only**."
)
_NO_PICTURES = """
**The pictures are not here; all else is.** Labels, estimates, the map and average faces
ship with the app. UTKFace itself may be used for non-commercial research only, so it is
fetched separately, onto the machine that runs the app.
"""
_BY_COMMAND = "By command, on the machine that runs the app:"


def show_intro(faces: pd.DataFrame) -> None:
    """Say what the dataset is, and offer to get its pictures where they are missing."""
    # Not a caption, which would fade the link.
    st.markdown(f":small[{_WHAT_IT_IS.format(n=len(faces))}]")
    phase = show_job()
    if phase != RUNNING and dataset_pictures.pictures_dir() is None:
        show_folded(
            "The pictures are not imported: how to get them",
            dataset_state.widget_key("no_pictures"),
            _show_how,
            expanded=phase in (FAILED, CANCELLED),
            icon=":material/photo_library:",
        )


def _show_how() -> None:
    st.markdown(_NO_PICTURES)
    show_ways()
    st.caption(_BY_COMMAND)
    st.code(dataset_pictures.COMMANDS, language=None, wrap_lines=True)


def show_left_out(faces: pd.DataFrame) -> None:
    """Say which columns are missing, and why."""
    for reason in faces.attrs.get("left_out", ()):
        st.warning(reason, icon=":material/unknown_document:")


def show_unreadable(error: AgeModelError) -> None:
    """Say that not even the labels can be read."""
    show_error(error, "The list of faces cannot be read.")
