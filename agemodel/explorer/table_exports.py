"""Some of the faces as a file to download: a CSV, a Parquet table or a list."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from agemodel.core.spreadsheets import QUOTING, safe_cell
from agemodel.core.tables import parquet_of


def selection_csv(faces: pd.DataFrame, rows: np.ndarray) -> bytes:
    """Faces as CSV with all columns of the table, in the order of the rows.

    Args:
        faces: as returned by `face_table.read_faces`.
        rows: shape (k,), in order, as returned by `ordering.order`.
    """
    return frame_csv(faces.iloc[rows])


def frame_csv(frame: pd.DataFrame) -> bytes:
    """A table as CSV: UTF-8 with a byte order mark, which spreadsheets need.

    Texts are in quotes, and one that a spreadsheet would take for a formula gets an
    apostrophe in front.
    """
    safe = {
        name: frame[name].map(safe_cell)
        for name in frame.columns
        if pd.api.types.is_object_dtype(frame[name])
        or isinstance(frame[name].dtype, pd.StringDtype | pd.CategoricalDtype)
    }
    content = frame.assign(**safe).to_csv(index=False, quoting=QUOTING)
    return content.encode("utf-8-sig")


def selection_parquet(faces: pd.DataFrame, rows: np.ndarray) -> bytes:
    """Faces as a Parquet table with all columns, in the order of the rows."""
    table = pa.Table.from_pandas(faces.iloc[rows], preserve_index=False)
    # Without what pandas notes beside the table: it names the machine's own versions.
    return parquet_of(table.replace_schema_metadata())


def selection_files(faces: pd.DataFrame, rows: np.ndarray) -> bytes:
    """The names of the faces' files, one a line, in the order of the rows."""
    return "".join(f"{file}\n" for file in faces["file"].iloc[rows]).encode()
