"""The results of a shard: a row a face, and a row a file.

Together they hold what `predict --json` prints of each file, and the distribution of
each age. The part of the files is written last: where it is there, the shard is done.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agemodel.bulk.stores import Store
from agemodel.core.errors import BulkError
from agemodel.core.labels import AGES
from agemodel.core.tables import Column, Schema, parquet_of, read_parquet
from agemodel.serving import PhotoResult, to_record

FACES, FILES = "faces", "files"
"""The folders of the parts."""

_PART = re.compile(r"part-(\d+)\.parquet")

_PLACE = Column("row", pa.int64(), "the file's place in the list, from 0")
_FILE = Column("file", pa.string(), "the file's path or address")

FACE_COLUMNS = Schema(
    (
        _PLACE,
        _FILE,
        Column("face", pa.int32(), "number of the face in its file, from 1"),
        *(
            Column(name, pa.float64(), "box, px of the upright file")
            for name in ("x0", "y0", "x1", "y1")
        ),
        Column("detection_score", pa.float64(), "how sure the detector is, 0..1"),
        Column("age_years", pa.float64(), "median; null where there is a reason"),
        Column("age_low", pa.float64(), "lower end of the 80 % interval, years"),
        Column("age_high", pa.float64(), "upper end, years"),
        Column("age_group", pa.string(), "one of nine, as '20-29'"),
        Column("p_female", pa.float64(), "probability of the label 'female'"),
        Column("gender", pa.string(), "'female', 'male' or 'uncertain'"),
        Column("warnings", pa.list_(pa.string()), "sentences on picture quality"),
        Column("reason", pa.string(), "why no age is stated"),
        Column("doubtful", pa.bool_(), "whether it is perhaps no face"),
        Column(
            "age_probabilities",
            pa.list_(pa.float16(), len(AGES)),
            "over the ages 1 to 116; null where there is a reason",
        ),
    )
)
FILE_COLUMNS = Schema(
    (
        _PLACE,
        _FILE,
        Column("width", pa.int32(), "upright width, px; null on error"),
        Column("height", pa.int32(), "upright height, px; null on error"),
        Column("faces", pa.int32(), "how many rows it has among the faces"),
        Column("faces_left_out", pa.int32(), "how many more were found"),
        Column("quarter_turns", pa.int8(), "turned counter-clockwise to find faces"),
        Column("notes", pa.list_(pa.string()), "sentences on the photo"),
        Column("error", pa.string(), "why it could not be read; null where it could"),
        Column("ended_process", pa.bool_(), "whether it ended the process reading it"),
    )
)


@dataclass(frozen=True)
class Counts:
    """How many files, faces among them, and files with an error."""

    files: int = 0
    faces: int = 0
    errors: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.files + other.files,
            self.faces + other.faces,
            self.errors + other.errors,
        )


@dataclass(frozen=True)
class Part:
    """The rows of some files, in their order.

    Attributes:
        files: with `FILE_COLUMNS`.
        faces: with `FACE_COLUMNS`.
    """

    files: pa.Table
    faces: pa.Table

    @property
    def counts(self) -> Counts:
        """How much it holds."""
        errors = self.files.num_rows - self.files["error"].null_count
        return Counts(self.files.num_rows, self.faces.num_rows, errors)


def joined(parts: Sequence[Part]) -> Part:
    """Parts, in the order of their files, as one."""
    return Part(
        pa.concat_tables(part.files for part in parts).combine_chunks(),
        pa.concat_tables(part.faces for part in parts).combine_chunks(),
    )


class PartRows:
    """Collects rows; of the results themselves nothing is kept."""

    def __init__(self) -> None:
        self._files: list[dict[str, Any]] = []
        self._faces: list[dict[str, Any]] = []

    def add(self, row: int, result: PhotoResult, ended_process: bool = False) -> None:
        """Add the result of the file at a place of the list."""
        record = to_record(result)
        place = {"row": row, "file": record["file"]}
        faces = record.pop("faces")
        counted = {"faces": len(faces), "ended_process": ended_process}
        self._files.append(record | place | counted)
        for number, (face, estimate) in enumerate(
            zip(faces, result.estimates, strict=True), start=1
        ):
            box = dict(zip(("x0", "y0", "x1", "y1"), face["box_xyxy"], strict=True))
            spread = (
                estimate.age_probabilities.astype(np.float16)
                if estimate.reason is None
                else None
            )
            self._faces.append(
                {**place, "face": number, **box, **face, "age_probabilities": spread}
            )

    def part(self) -> Part:
        """What was added."""
        return Part(
            pa.Table.from_pylist(self._files, FILE_COLUMNS.arrow),
            pa.Table.from_pylist(self._faces, FACE_COLUMNS.arrow),
        )


def part_name(folder: str, shard: int) -> str:
    """The name of a shard's part in one of the folders."""
    return f"{folder}/part-{shard:06d}.parquet"


def write_part(store: Store, shard: int, part: Part) -> None:
    """Write the rows of a shard; parts of it that are there are replaced.

    Raises:
        BulkError: the store refuses it.
    """
    counts = part.counts
    notes = {"faces": str(counts.faces), "errors": str(counts.errors)}
    with store.writing(part_name(FACES, shard)) as file:
        file.write(parquet_of(part.faces))
    with store.writing(part_name(FILES, shard)) as file:
        file.write(parquet_of(part.files.replace_schema_metadata(notes)))


def done_shards(store: Store) -> set[int]:
    """The numbers of the shards whose parts are there, whole or not."""
    found = map(_PART.fullmatch, store.names(FILES))
    return {int(match[1]) for match in found if match}


def read_counts(store: Store, shard: int) -> Counts | None:
    """What the parts of a shard hold; None where one is missing or cut off."""
    try:
        with store.reading(part_name(FILES, shard)) as file:
            files = pq.read_metadata(file)
        with store.reading(part_name(FACES, shard)) as file:
            faces = pq.read_metadata(file)
        said = files.metadata or {}
        counts = Counts(files.num_rows, int(said[b"faces"]), int(said[b"errors"]))
    except (OSError, pa.ArrowException, ValueError, KeyError):
        return None
    return counts if faces.num_rows == counts.faces else None


def checked_counts(store: Store, shard: int) -> Counts:
    """What the parts of a shard that is done hold.

    Raises:
        BulkError: one is missing or cut off.
    """
    counts = read_counts(store, shard)
    if counts is None:
        raise _damaged(store, FACES, shard, "it is cut off or missing")
    return counts


def read_part(
    store: Store, folder: str, shard: int, columns: Sequence[str]
) -> pa.Table:
    """Some columns of a shard's part in one of the folders.

    Raises:
        BulkError: the part is missing or damaged.
    """
    try:
        with store.reading(part_name(folder, shard)) as file:
            return read_parquet(file.read(), columns)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(store, folder, shard, str(error)) from error


def _damaged(store: Store, folder: str, shard: int, how: str) -> BulkError:
    return BulkError(
        f"A part of shard {shard} in {store.name} is damaged ({how}). Delete "
        f"{part_name(folder, shard)} and make it anew: python -m agemodel bulk ... "
        "--resume"
    )
