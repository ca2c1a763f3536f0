"""The faces that are left, as files to take away."""

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

_FILES = (
    ("Table as CSV", "faces.csv", "text/csv", selection_csv),
    (
        "Table as Parquet",
        "faces.parquet",
        "application/vnd.apache.parquet",
        selection_parquet,
    ),
    ("List of files", "faces.txt", "text/plain", selection_files),
)


def show_takeaway(faces: pd.DataFrame, left: np.ndarray) -> None:
    """Offer the labels, measures and estimates of the faces, without pictures.

    Args:
        faces: as of `explorer.read_faces`.
        left: the faces that the filters leave, a mask of shape (n,).
    """
    with st.popover(
        "Take these faces away", icon=":material/download:", disabled=not left.any()
    ):
        st.caption("All columns of the faces that are left; no pictures.")
        for label, name, mime, make in _FILES:
            st.download_button(
                label,
                _maker(make, faces, left),
                file_name=name,
                mime=mime,
                key=dataset_state.widget_key(f"download_{name}"),
                icon=":material/download:",
                on_click="ignore",
                width="stretch",
            )


def _maker(
    make: Callable[[pd.DataFrame, np.ndarray], bytes],
    faces: pd.DataFrame,
    left: np.ndarray,
) -> Callable[[], bytes]:
    """Makes a file, in the order of the page, once it is asked for."""
    look = dataset_state.look()
    return lambda: make(faces, dataset_tables.ordered(faces, left, look))
