"""The data set that is looked at: UTKFace, or a labelled one that is imported."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError, DatasetError
from agemodel.dataset import labelled_sets
from agemodel.dataset.record import RECORD_NAME
from agemodel.explorer.selection import Selection
from agemodel.explorer.set_table import read_set_faces
from ui import dataset_pictures, served_model
from ui.dataset import dataset_state, dataset_tables

UTKFACE = "UTKFace"


def shown_faces() -> pd.DataFrame:
    """The table of the set that is looked at, never to be changed.

    A set that is not here is passed over: UTKFace is looked at instead.

    Raises:
        DatasetError: it cannot be read.
    """
    name, folder = dataset_state.look().set, paths.data_dir()
    if name and name not in labelled_sets.set_names(folder):
        dataset_state.change(set="")
        name = ""
    if not name:
        return dataset_tables.marked(dataset_state.faces())
    changed = (labelled_sets.set_dir(folder, name) / RECORD_NAME).stat().st_mtime_ns
    return _set_faces(folder, name, changed, *served_model.version())


@st.cache_resource(show_spinner=False, max_entries=4)
def _set_faces(
    folder: Path, name: str, changed: int, _model: Path, _exported: int
) -> pd.DataFrame:
    return read_set_faces(folder, name)


def shown_pictures() -> Path | None:
    """Where the pictures of the set lie, if they are there."""
    name = dataset_state.look().set
    if not name:
        return dataset_pictures.pictures_dir()
    try:
        return labelled_sets.set_images(paths.data_dir(), name)
    except DatasetError:
        return None


def show_set_choice() -> None:
    """Draw the choice of a data set, where others than UTKFace are imported."""
    names = labelled_sets.set_names(paths.data_dir())
    if not names:
        return
    titles = {"": UTKFACE} | {name: about(name).title for name in names}
    st.selectbox(
        "Data set",
        list(titles),
        format_func=lambda name: titles.get(name, name),
        **dataset_state.bind("set_choice", dataset_state.look().set, _take),
    )


def show_set(faces: pd.DataFrame) -> None:
    """Say which labelled set is looked at."""
    found = about(dataset_state.look().set)
    st.text(f"{found.title}: {len(faces):,} photos of faces. Terms: {found.licence}.")


def about(name: str) -> labelled_sets.AboutSet:
    """What is said of a set; its name alone where that cannot be read."""
    try:
        return labelled_sets.read_about(paths.data_dir(), name)
    except AgeModelError:
        return labelled_sets.AboutSet(name, name, "not stated")


def _take(name: str) -> None:
    """Look at another set, without the filters of the one before."""
    dataset_state.select(Selection(), set=name)
