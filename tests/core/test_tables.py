from __future__ import annotations

import struct
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agemodel.core import paths
from agemodel.core.tables import parquet_of, read_parquet
from tests.harness.bit_flips import flipped

TABLE = pa.table({"file": [f"{n}.jpg" for n in range(400)], "age": range(400)})


def test_a_table_comes_back_from_its_content_and_from_its_file(tmp_path: Path) -> None:
    content = parquet_of(TABLE)
    (tmp_path / "t.parquet").write_bytes(content)
    assert read_parquet(content) == read_parquet(tmp_path / "t.parquet") == TABLE
    assert read_parquet(content, ["age"]).column_names == ["age"]


def test_no_flipped_bit_in_a_page_loads_other_data() -> None:
    content = parquet_of(TABLE)
    # The pages, with their headers, end where the footer begins; its length stands
    # before the last 4 bytes, as the first 4 are 'PAR1'.
    end = len(content) - 8 - struct.unpack("<I", content[-8:-4])[0]
    told = 0
    for bit in range(8 * 4, 8 * end, 11):
        try:
            assert read_parquet(flipped(content, bit)) == TABLE
        except (OSError, ValueError, pa.ArrowException):
            told += 1
    assert told > 0.9 * 8 * end / 11  # the rest changes nothing that is read


def test_what_pandas_notes_beside_a_table_is_left_out_and_the_rest_stays() -> None:
    noted = pa.Table.from_pandas(pd.DataFrame({"a": [1]}))
    noted = noted.replace_schema_metadata({**noted.schema.metadata, b"detector": b"3"})
    found = read_parquet(parquet_of(noted))
    assert found.schema.metadata == {b"detector": b"3"}


@pytest.mark.parametrize(
    "path",
    sorted(paths.ASSETS.rglob("*.parquet")),
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_every_table_that_ships_has_checksums_of_its_pages(path: Path) -> None:
    # A file without them reads wrong data silently; with them a flip in the middle of
    # its largest column is told, if only the pages are held to them.
    good = path.read_bytes()
    group = pq.ParquetFile(pa.BufferReader(good)).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    largest = max(columns, key=lambda column: column.total_compressed_size)
    start = largest.dictionary_page_offset or largest.data_page_offset
    middle = start + largest.total_compressed_size // 2
    with pytest.raises(OSError, match=r"(?i)crc|checksum"):
        read_parquet(flipped(good, 8 * middle))
