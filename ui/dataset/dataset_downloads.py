"""Downloads of the faces that the filters leave."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.explorer.table_exports import (
    selection_csv,
    selection_files,
    selection_parquet,
)
from ui.dataset import dataset_state, dataset_tables
from ui.downloads import show_download

_FILES = (
    ("Table as CSV", "faces.csv", selection_csv),
    ("Table as Parquet", "faces.parquet", selection_parquet),
    ("List of files", "faces.txt", selection_files),
)


def show_downloads(faces: pd.DataFrame, left: np.ndarray) -> None:
    """Offer the labels, measures and estimates of the faces, without pictures.

    Args:
        faces: as returned by `read_faces`.
        left: the faces that the filters leave, a mask of shape (n,).
    """
    with st.popover("Export", icon=":material/download:", disabled=not left.any()):
        st.caption("All columns of the faces that are left; no pictures.")
        for label, name, make in _FILES:
            show_download(
                label,
                name,
                _maker(make, faces, left),
                dataset_state.widget_key(f"download_{name}"),
                width="stretch",
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
