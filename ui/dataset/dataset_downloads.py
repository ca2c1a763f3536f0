"""Downloads of the faces that the filters leave."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.explorer import table_exports
from ui.dataset import dataset_state, dataset_tables
from ui.downloads import show_files

_FILES = (
    ("Table as CSV", "faces.csv", table_exports.selection_csv),
    ("Table as Parquet", "faces.parquet", table_exports.selection_parquet),
    ("List of files", "faces.txt", table_exports.selection_files),
)


def show_downloads(faces: pd.DataFrame, left: np.ndarray) -> None:
    """Offer the labels, measures and estimates of the faces, without pictures."""
    with st.popover("Export", icon=":material/download:", disabled=not left.any()):
        st.caption("All columns of the faces that are left; no pictures.")
        show_files(
            "dataset",
            ((label, name, _maker(make, faces, left)) for label, name, make in _FILES),
        )


def _maker(
    make: Callable[[pd.DataFrame, np.ndarray], bytes],
    faces: pd.DataFrame,
    left: np.ndarray,
) -> Callable[[], bytes]:
    """A function that makes a file, with the faces in the order of the page.

    Where that is at random, by their names.
    """
    look = dataset_state.look()
    if look.sort == "random":
        look = look.having(sort="name")
    return lambda: make(faces, dataset_tables.ordered(faces, left, look))
