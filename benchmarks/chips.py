"""The chips of UTKFace that the benchmarks use."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.dataset.index import images_dir, read_index
from tests.harness.measurements import Missing


def read_chips(step: int) -> tuple[pd.DataFrame, Path]:
    """One in `step` of CORAL's test chips, and their folder.

    Raises:
        Missing: the dataset is not imported.
    """
    try:
        index = read_index(paths.data_dir())
        return chosen(index, step), images_dir(paths.data_dir())
    except DatasetError as error:
        raise Missing(str(error)) from error


def chosen(index: pd.DataFrame, step: int) -> pd.DataFrame:
    """One in `step` of CORAL's test chips, by file name."""
    return index[index["coral"] == "test"].sort_values("file").iloc[::step]
