"""The app's estimator, and the faces it was trained on, that all visitors share."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from agemodel.models import app_model
from agemodel.models.model_folder import CARD
from agemodel.models.neighbours import Neighbours
from agemodel.serving import Estimator


def estimator() -> Estimator:
    """The app's model, loaded once; anew after another was chosen or exported.

    A failure is tried again at the next call.

    Raises:
        ModelError: the model is missing, damaged or of another version.
    """
    return _estimator(*version())


def neighbours() -> Neighbours:
    """The training faces of the app's model, loaded as `estimator` is.

    Raises:
        ModelError: the model has none, or they are missing or damaged.
    """
    return _neighbours(*version())


def version() -> tuple[Path, int]:
    """The folder of the app's model and a number that changes when it is exported.

    What is cached of the model is cached by these two.

    Raises:
        ModelError: the choice of the app's model cannot be read.
    """
    folder = app_model.model_folder()
    try:
        return folder, (folder / CARD).stat().st_mtime_ns
    except OSError:
        return folder, 0


def check_installed() -> None:
    """Read the model's card, which is quick, and no more.

    Raises:
        ModelError: there is no such model, or its card cannot be read.
    """
    _check(*version())


@st.cache_resource(show_spinner=False, max_entries=1)
def _check(folder: Path, exported: int) -> None:
    app_model.check()


@st.cache_resource(show_spinner=False, max_entries=1)
def _estimator(folder: Path, exported: int) -> Estimator:
    return Estimator(folder)


@st.cache_resource(show_spinner=False, max_entries=1)
def _neighbours(folder: Path, exported: int) -> Neighbours:
    return Neighbours(folder)
