"""A bulk run as CSV: a row a face, as `predict`'s and the page's table has them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from agemodel.bulk.bulk_record import read_record
from agemodel.bulk.bulk_summary import Summary
from agemodel.bulk.parts import FACES, FILES, done_shards, read_part
from agemodel.bulk.stores import Store, open_store
from agemodel.core.spreadsheets import csv_of
from agemodel.serving import record_rows
from agemodel.serving.result_tables import COLUMNS as PAGE_COLUMNS

FACE_COLUMNS = tuple(name for name in PAGE_COLUMNS if name != "known_age")
SHARE_COLUMNS = ("of", "part", "share", "low", "high")
SPREADSHEET_ROWS = 1_048_575
"""As many as spreadsheets show, below the row of names."""

_OF_FACES = (
    *("row", "x0", "y0", "x1", "y1", "detection_score", "age_years", "age_low"),
    *("age_high", "age_group", "p_female", "gender", "warnings", "reason", "doubtful"),
)
_OF_FILES = ("row", "file", "notes", "error")
_BOX = ("x0", "y0", "x1", "y1")


def face_rows(out: str) -> Iterator[dict[str, Any]]:
    """The rows of a run, finished or not, in the order of its list; read as asked for.

    A file without a face, or one that could not be read, has a row without numbers.

    Args:
        out: where it lies, a folder or an address.

    Raises:
        BulkError: there is no run, or one of its parts is damaged.
    """
    store = open_store(out)
    read_record(store)
    for shard in sorted(done_shards(store)):
        yield from _rows_of_shard(store, shard)


def shares_csv(summary: Summary) -> bytes:
    """The shares of a summary, a row a part."""
    return csv_of(SHARE_COLUMNS, summary.records())


def _rows_of_shard(store: Store, shard: int) -> Iterator[dict[str, Any]]:
    faces = read_part(store, FACES, shard, _OF_FACES).to_pylist()
    of_row = {
        row: list(found) for row, found in groupby(faces, lambda face: face.pop("row"))
    }
    for record in read_part(store, FILES, shard, _OF_FILES).to_pylist():
        found = of_row.get(record.pop("row"), [])
        boxed = [face | {"box_xyxy": [face[side] for side in _BOX]} for face in found]
        yield from record_rows(record | {"faces": boxed})
