"""The imported dataset as tables: usable files, rejects, and where an image lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from agemodel.core.checksums import sha256_of
from agemodel.core.errors import DatasetError
from agemodel.core.labels import SPLIT_NAMES
from agemodel.core.tables import Column, Schema, parquet_of, read_parquet
from agemodel.dataset.record import (
    IMAGES_NAME,
    LABELLED,
    RECORD_NAME,
    REPAIR,
    read_record,
)

INDEX_NAME = "index.parquet"
REJECTS_NAME = "rejects.parquet"
_PROTOCOL = "train or test; empty where it is not in this published protocol"
INDEX_SCHEMA = Schema(
    (
        Column("file", pa.string(), "the name of the image's file"),
        Column("age", pa.int16(), "as labelled, in years"),
        Column("gender", pa.int8(), "as labelled, an index into `labels.GENDERS`"),
        Column("race", pa.int8(), "as labelled, an index into `labels.RACES`"),
        Column("collected", pa.timestamp("ms"), "when, without a zone; may be null"),
        Column("split", pa.string(), "train, val or test; empty where in none"),
        Column("coral", pa.string(), _PROTOCOL),
        Column("seed", pa.string(), _PROTOCOL),
    )
)
"""A row a usable image, sorted by file."""
UNKNOWN = -1
"""A gender or race that a labelled set does not tell."""
LABELLED_SCHEMA = Schema(
    (
        *INDEX_SCHEMA.columns,
        Column("age_low", pa.int16(), "the least age that the label allows, in years"),
        Column("age_high", pa.int16(), "the highest; equal where the age is known"),
        Column("person", pa.string(), "who it is; empty where that is not known"),
    )
)
"""A row a usable image of a labelled set; `age` is the middle of the range."""
REJECTS_SCHEMA = Schema(
    (
        Column("file", pa.string(), "the name of a file that was refused"),
        Column("reason", pa.string(), "why, a sentence"),
    )
)
"""A row a file that was refused, sorted by file."""


@dataclass(frozen=True)
class DatasetStatus:
    """What is imported.

    Attributes:
        present: whether there is a dataset that can be read.
        usable: how many images.
        rejects: how many files were not usable.
        by_split: images by split; those in no split are under "".
        source: the name of what was imported.
        imported_at: in UTC, ISO 8601.
        bytes: of all images together.
        problem: why nothing is present, with what to do, else empty.
    """

    present: bool
    usable: int = 0
    rejects: int = 0
    by_split: dict[str, int] = field(default_factory=dict)
    source: str = ""
    imported_at: str = ""
    bytes: int = 0
    problem: str = ""

    @property
    def sentence(self) -> str:
        """The whole in a sentence or two for a person."""
        if not self.present:
            return self.problem
        parts = [f"{self.by_split.get(name, 0):,} {name}" for name in SPLIT_NAMES]
        if self.by_split.get(""):
            parts.append(f"{self.by_split['']:,} in no split")
        return (
            f"{self.usable:,} images ({', '.join(parts)}; {self.bytes / 1e6:,.0f} MB) "
            f"and {self.rejects:,} refused, imported from {self.source} on "
            f"{self.imported_at[:10]}."
        )


def read_index(data_dir: Path, verify: bool = True) -> pd.DataFrame:
    """Read the table of usable images, sorted by file.

    Args:
        data_dir: the data folder.
        verify: check the file's digest, beside its pages' checksums.

    Returns:
        The columns of `INDEX_SCHEMA`; of a labelled set, of `LABELLED_SCHEMA`.

    Raises:
        DatasetError: nothing is imported, or the table is damaged.
    """
    record = read_record(data_dir)
    path = Path(data_dir) / record.folder / INDEX_NAME
    labelled = record.folder.startswith(LABELLED)
    schema = LABELLED_SCHEMA if labelled else INDEX_SCHEMA
    table = _read_table(path, schema, record.index_sha256 if verify else "")
    return table.to_pandas()


def read_rejects(data_dir: Path) -> pd.DataFrame:
    """Read the table of refused files, with the columns of `REJECTS_SCHEMA`.

    Raises:
        DatasetError: nothing is imported, or the table is damaged.
    """
    record = read_record(data_dir)
    path = Path(data_dir) / record.folder / REJECTS_NAME
    return _read_table(path, REJECTS_SCHEMA, record.rejects_sha256).to_pandas()


def images_dir(data_dir: Path) -> Path:
    """The folder of the imported images; ask once for many files.

    Raises:
        DatasetError: nothing is imported, or the folder is gone.
    """
    folder = Path(data_dir) / read_record(data_dir).folder / IMAGES_NAME
    if not folder.is_dir():
        raise DatasetError(
            f"{folder} is missing, though images were imported. {REPAIR}"
        )
    return folder


def image_path(data_dir: Path, file: str) -> Path:
    """Where the image `file` of the index lies (it is not opened).

    Raises:
        DatasetError: nothing is imported, or `file` is not a plain file name.
    """
    if file in ("", ".", "..") or "/" in file or "\\" in file or "\0" in file:
        raise DatasetError(f"{file!r} is not the name of an image in the index.")
    return images_dir(data_dir) / file


def dataset_status(data_dir: Path) -> DatasetStatus:
    """Say what is imported; a missing or damaged dataset is an answer, not an error."""
    try:
        record = read_record(data_dir)
        counts = read_index(data_dir)["split"].value_counts()
        images_dir(data_dir)
    except DatasetError as error:
        return DatasetStatus(present=False, problem=str(error))
    return DatasetStatus(
        present=True,
        usable=record.usable,
        rejects=record.rejects,
        by_split={str(split): int(count) for split, count in counts.items()},
        source=record.source,
        imported_at=record.imported_at,
        bytes=record.image_bytes,
    )


def write_table(path: Path, rows: Iterable[tuple], schema: Schema) -> str:
    """Write rows, sorted by their first field, and return the file's SHA-256."""
    columns = list(zip(*sorted(rows, key=lambda row: row[0]), strict=True))
    columns = columns or [()] * len(schema.columns)
    arrays = [
        pa.array(values, type=column.dtype)
        for values, column in zip(columns, schema.columns, strict=True)
    ]
    content = parquet_of(pa.Table.from_arrays(arrays, schema=schema.arrow))
    path.write_bytes(content)
    return sha256_of(content)


def _read_table(path: Path, schema: Schema, sha256: str) -> pa.Table:
    """Read a table; an empty `sha256` means that only its pages are verified."""
    try:
        content = path.read_bytes()
        if sha256 and sha256_of(content) != sha256:
            raise DatasetError(f"{path} is damaged. {REPAIR}")
        table = read_parquet(content)
    except FileNotFoundError as error:
        raise DatasetError(
            f"{path} is missing, though {RECORD_NAME} names it. {REPAIR}"
        ) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DatasetError(f"{path} cannot be read ({error}). {REPAIR}") from error
    try:
        return schema.of(table)
    except ValueError as error:
        raise DatasetError(
            f"{path} has other columns than expected: {error}. {REPAIR}"
        ) from error
