"""The index and the pictures of an imported UTKFace."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.dataset.index import images_dir, read_index
from tests.harness.measurements import Missing


def imported_faces(
    split: str, column: str = "split", step: int = 1
) -> tuple[pd.DataFrame, Path]:
    """One in `step` of the faces that a column puts into a split, by file name.

    With them comes the folder of all pictures.

    Raises:
        Missing: the dataset is not imported.
    """
    try:
        index = read_index(paths.data_dir())
        folder = images_dir(paths.data_dir())
    except DatasetError as error:
        raise Missing(str(error)) from error
    return index[index[column] == split].sort_values("file").iloc[::step], folder
