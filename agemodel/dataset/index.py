"""The imported dataset as tables: usable files, rejects, and where an image lies."""

from __future__ import annotations

from collections.abc import Iterable
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


def read_index(data_dir: Path) -> pd.DataFrame:
    """Read the table of usable images, sorted by file.

    Returns:
        The columns of `INDEX_SCHEMA`; of a labelled set, of `LABELLED_SCHEMA`.

    Raises:
        DatasetError: nothing is imported, or the table is damaged.
    """
    record = read_record(data_dir)
    path = Path(data_dir) / record.folder / INDEX_NAME
    labelled = record.folder.startswith(LABELLED)
    schema = LABELLED_SCHEMA if labelled else INDEX_SCHEMA
    return _read_table(path, schema, record.index_sha256)


def read_rejects(data_dir: Path) -> pd.DataFrame:
    """Read the table of refused files, with the columns of `REJECTS_SCHEMA`.

    Raises:
        DatasetError: nothing is imported, or the table is damaged.
    """
    record = read_record(data_dir)
    path = Path(data_dir) / record.folder / REJECTS_NAME
    return _read_table(path, REJECTS_SCHEMA, record.rejects_sha256)


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


def dataset_in_words(data_dir: Path) -> str:
    """What is imported, in a sentence.

    Raises:
        DatasetError: nothing is imported, or it is damaged.
    """
    record = read_record(data_dir)
    counts = read_index(data_dir)["split"].value_counts()
    images_dir(data_dir)
    parts = [f"{counts.get(name, 0):,} {name}" for name in SPLIT_NAMES]
    if "" in counts:
        parts.append(f"{counts['']:,} in no split")
    return (
        f"{record.usable:,} images ({', '.join(parts)}; "
        f"{record.image_bytes / 1e6:,.0f} MB) and {record.rejects:,} refused, imported "
        f"from {record.source} on {record.imported_at[:10]}."
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


def _read_table(path: Path, schema: Schema, sha256: str) -> pd.DataFrame:
    try:
        content = path.read_bytes()
        if sha256_of(content) != sha256:
            raise DatasetError(f"{path} is damaged. {REPAIR}")
        return schema.of(read_parquet(content)).to_pandas()
    except FileNotFoundError as error:
        raise DatasetError(
            f"{path} is missing, though {RECORD_NAME} names it. {REPAIR}"
        ) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DatasetError(f"{path} cannot be read ({error}). {REPAIR}") from error
