"""Which faces a run trained on, chose its epoch on and reports on."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from agemodel.dataset.splits import SPLIT_NAMES
from agemodel.errors import RunError
from agemodel.runs import Run

FILE = "split.parquet"


def read_split(run: Run) -> pd.DataFrame:
    """The faces of a run: `file` and `part`, which is train, val or test.

    Raises:
        RunError: the run has not got so far, or the file is damaged.
    """
    try:
        table = pq.read_table(run.folder / FILE, page_checksum_verification=True)
        return table.select(["file", "part"]).to_pandas()
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
    """How many faces each part holds, every part named.

    Args:
        split: as of `read_split`.
    """
    counts = split["part"].value_counts()
    return {name: int(counts.get(name, 0)) for name in SPLIT_NAMES}
