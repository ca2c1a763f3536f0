"""Tables beside that of the faces: marks, distributions, embeddings.

What follows from the app's model is read once, and anew when another model is the
app's; the marks whenever their file has changed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.explorer.marks import MARKS_NAME, Mark, read_marks, with_marks
from agemodel.explorer.model_estimates import read_distributions, read_embeddings
from agemodel.explorer.ordering import order, row_of, similarities
from ui import served_model
from ui.dataset.dataset_state import Look
from ui.page_state import stamp


def embeddings(faces: pd.DataFrame) -> np.ndarray:
    """The embeddings, as returned by `read_embeddings`; not to be changed.

    Raises:
        ModelError: the app's model has none, or they are damaged.
    """
    return _embeddings(faces, len(faces), *served_model.version())


def distributions(faces: pd.DataFrame) -> np.ndarray:
    """As returned by `read_distributions`; not to be changed.

    Raises:
        ModelError: there is no model.
        RunError: its run is missing, not evaluated or damaged.
    """
    return _distributions(faces, len(faces), *served_model.version())


def marks() -> dict[str, Mark]:
    """All marks by file; not to be changed.

    Raises:
        DatasetError: the file of marks is damaged or cannot be read.
    """
    return _marks(paths.data_dir(), _marks_version())


def known_marks() -> dict[str, Mark]:
    """All marks by file; empty where their file is damaged, which the page says."""
    try:
        return marks()
    except AgeModelError:
        return {}


def marked(faces: pd.DataFrame) -> pd.DataFrame:
    """The table of faces with their marks; without, where the file is damaged."""
    try:
        return _marked(faces, paths.data_dir(), _marks_version())[1]
    except AgeModelError:
        return faces


def ordered(faces: pd.DataFrame, mask: np.ndarray, look: Look) -> np.ndarray:
    """Rows of a mask in the order that a look chooses.

    Where the likeness that is asked for cannot be told, that is by the file name.
    """
    reference = _likeness(faces, look.like) if look.sort == "similar" else None
    return order(faces, mask, look.sort, look.seed, reference)


def _likeness(faces: pd.DataFrame, file: str) -> np.ndarray | None:
    row = row_of(faces, file)
    if row is None:
        return None
    try:
        return similarities(embeddings(faces), row)
    except AgeModelError:
        return None


@st.cache_resource(max_entries=1, show_spinner=False)
def _embeddings(
    _faces: pd.DataFrame, size: int, folder: Path, exported: int
) -> np.ndarray:
    return read_embeddings(_faces, folder)


@st.cache_resource(max_entries=1, show_spinner=False)
def _distributions(
    _faces: pd.DataFrame, size: int, folder: Path, exported: int
) -> np.ndarray:
    return read_distributions(_faces, folder)


def _marks_version() -> tuple[int, ...]:
    return stamp(paths.data_dir() / MARKS_NAME)


@st.cache_resource(max_entries=2, show_spinner=False)
def _marks(folder: Path, of: tuple[int, ...]) -> dict[str, Mark]:
    return read_marks(folder)


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={pd.DataFrame: id})
def _marked(
    faces: pd.DataFrame, folder: Path, of: tuple[int, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table that was given, so that no other can get its id, and the marked one."""
    return faces, with_marks(faces, _marks(folder, of))
