"""The faces that a run trains, validates and tests on."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from agemodel.core.errors import RunError
from agemodel.core.labels import SPLIT_NAMES
from agemodel.core.tables import read_parquet
from agemodel.runs.run_folder import Run

FILE = "split.parquet"


def read_split(run: Run) -> pd.DataFrame:
    """Read the faces of a run: `file` and `part`, which is train, val or test.

    Raises:
        RunError: the run has not chosen its faces yet, or the file is damaged.
    """
    try:
        return read_parquet(run.read(FILE), ["file", "part"]).to_pandas()
    except FileNotFoundError as error:
        raise RunError(
            f"Run {run.id} has not chosen its faces yet ({FILE}): that is the first "
            "thing that a training does."
        ) from error
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise RunError(
            f"{FILE} of run {run.id} is damaged ({error}). Restore it from a copy, or "
            "train under another id."
        ) from error


def count_parts(split: pd.DataFrame) -> dict[str, int]:
    """The number of faces of each part of a split, 0 for a part without faces."""
    counts = split["part"].value_counts()
    return {name: int(counts.get(name, 0)) for name in SPLIT_NAMES}
