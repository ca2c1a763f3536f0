"""Parquet files whose pages are held to checksums: the one way to write and read them.

Without the checksums nearly half of the files with a flipped bit load as other data
(docs/reliability.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def parquet_of(table: pa.Table, compression: str = "zstd") -> bytes:
    """A table as the content of a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=compression, write_page_checksum=True)
    return sink.getvalue().to_pybytes()


def read_parquet(
    source: Path | bytes, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read a table and hold every page of it to its checksum.

    What pandas notes beside a table has no checksum and is left out.

    Args:
        source: a file, or its content.
        columns: those to read; all unless given.

    Raises:
        OSError: the file cannot be read, or is damaged.
        pa.ArrowException: it is damaged.
        ValueError: likewise.
    """
    opened = pa.BufferReader(source) if isinstance(source, bytes) else source
    table = pq.read_table(
        opened,
        columns=None if columns is None else list(columns),
        page_checksum_verification=True,
        use_threads=False,  # small tables; a pool at work may abort a process that ends
    )
    notes = {k: v for k, v in (table.schema.metadata or {}).items() if k != b"pandas"}
    return table.replace_schema_metadata(notes or None)
