"""Tables: what their columns are, and Parquet files with checksums of their pages.

Without checksums nearly half of the files with a flipped bit load as other data
(docs/reliability.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Column:
    """A column of a table, its type, and what it holds, with its unit."""

    name: str
    dtype: pa.DataType
    meaning: str


@dataclass(frozen=True)
class Schema:
    """What the columns of a table are."""

    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    @property
    def arrow(self) -> pa.Schema:
        """The columns' names and types."""
        return pa.schema([(column.name, column.dtype) for column in self.columns])

    def of(self, table: pa.Table) -> pa.Table:
        """These columns of a table in these types; any others are left out.

        Raises:
            ValueError: a column is missing or holds something else; it is named.
        """
        for column in self.columns:
            if column.name not in table.column_names:
                raise ValueError(f"it has no column {column.name}")
            found = table.schema.field(column.name).type
            if _kind(found) != _kind(column.dtype):
                raise ValueError(
                    f"its column {column.name} is of {found}, not of {column.dtype}"
                )
        try:
            return table.select(self.names).cast(self.arrow)
        except pa.ArrowException as error:
            raise ValueError(f"its columns have other types: {error}") from error


def _kind(dtype: pa.DataType) -> object:
    """What the widths of a type have in common: text, integers, fractions, lists."""
    kinds = (
        ("text", (pa.types.is_string, pa.types.is_large_string)),
        ("integer", (pa.types.is_integer,)),
        ("fraction", (pa.types.is_floating,)),
        ("list", (pa.types.is_list, pa.types.is_large_list)),
        ("time", (pa.types.is_timestamp,)),
    )
    found = (kind for kind, tests in kinds if any(test(dtype) for test in tests))
    return next(found, dtype)


def parquet_of(table: pa.Table) -> bytes:
    """The content of a Parquet file with a table."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue().to_pybytes()


def read_parquet(
    source: Path | bytes, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read a table and check every page against its checksum.

    The metadata of pandas has no checksum and is left out.

    Args:
        source: a file, or its content.
        columns: the columns to read; all unless given.

    Raises:
        OSError: the file cannot be read, or is damaged.
        pa.ArrowException: the file is damaged.
        ValueError: the file is damaged.
    """
    opened = pa.BufferReader(source) if isinstance(source, bytes) else source
    table = pq.read_table(
        opened,
        columns=None if columns is None else list(columns),
        page_checksum_verification=True,
        use_threads=False,  # a busy pool may abort a process that ends
    )
    notes = {k: v for k, v in (table.schema.metadata or {}).items() if k != b"pandas"}
    return table.replace_schema_metadata(notes or None)
