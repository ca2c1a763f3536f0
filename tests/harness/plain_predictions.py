"""A shipped run's predictions, read without the package and as plain Python values."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq

ASSETS = Path(__file__).resolve().parents[2] / "assets"
RUNS = ASSETS / "runs"
SERVED = json.loads((ASSETS / "models" / "mobile" / "card.json").read_text())["run"]
"""The run of the app's model."""
COLUMNS = (
    *("file", "split", "coral", "age", "gender", "race", "age_group"),
    *("age_years", "age_low", "age_high", "p_female", "decided"),
)


def plain_faces(split: str = "test", run: str = SERVED) -> list[SimpleNamespace]:
    """The faces of a split, in the file's order, with the columns as attributes."""
    table = pq.read_table(
        RUNS / run / "predictions.parquet",
        columns=list(COLUMNS),
        filters=[("split", "=", split)],
    )
    return [SimpleNamespace(**row) for row in table.to_pylist()]
