"""A shipped run's predictions, read without the package and as plain Python values."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq

RUNS = Path(__file__).resolve().parents[1] / "assets" / "runs"
COLUMNS = (
    *("file", "split", "coral", "age", "gender", "race", "age_group"),
    *("age_years", "age_low", "age_high", "p_female", "decided"),
)


def plain_faces(split: str = "test", run: str = "mobile-3") -> list[SimpleNamespace]:
    """The faces of a split, in the file's order, with the columns as attributes."""
    table = pq.read_table(
        RUNS / run / "predictions.parquet",
        columns=list(COLUMNS),
        filters=[("split", "=", split)],
    )
    return [SimpleNamespace(**row) for row in table.to_pylist()]
