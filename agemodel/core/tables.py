"""Parquet files with page checksums, the only ones that the project writes.

Without checksums nearly half of the files with a flipped bit load as other data
(docs/reliability.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def parquet_of(table: pa.Table, compression: str = "zstd") -> bytes:
    """The content of a Parquet file with a table."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=compression, write_page_checksum=True)
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
