"""The estimator, and the training faces, that all visitors share."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import streamlit as st

from agemodel import paths
from agemodel.cards import read_card
from agemodel.errors import AgeModelError

if TYPE_CHECKING:
    from agemodel.estimator import Estimator
    from agemodel.neighbours import Neighbours

MODEL = "mobile"


@st.cache_resource(show_spinner=False)
def estimator() -> Estimator:
    """Load the model once a process; a failure is tried again at the next call.

    Raises:
        ModelError: the model is missing, damaged or of another version.
    """
    from agemodel.estimator import Estimator

    return Estimator.load(MODEL)


@st.cache_resource(show_spinner=False)
def neighbours() -> Neighbours:
    """Load the model's training faces once a process.

    Raises:
        ModelError: the model has none, or they are missing or damaged.
    """
    from agemodel.neighbours import Neighbours

    return Neighbours.load(MODEL)


def check_installed() -> None:
    """Read the model's card, which is quick, and no more.

    Raises:
        ModelError: there is no such model, or its card cannot be read.
    """
    read_card(paths.models_dir() / MODEL)


@st.cache_resource(show_spinner=False)
def warm() -> threading.Thread:
    """Load what the pages will need, once a process, without waiting for it."""
    thread = threading.Thread(target=_load_all, name="warm", daemon=True)
    thread.start()
    return thread


def _load_all() -> None:
    with contextlib.suppress(AgeModelError):  # the page says so when it is needed
        estimator()
    import pandas  # noqa: F401
    import plotly.graph_objects  # noqa: F401

    with contextlib.suppress(AgeModelError):  # likewise
        neighbours()
    from ui.dataset import state

    with contextlib.suppress(AgeModelError):
        state.faces()
