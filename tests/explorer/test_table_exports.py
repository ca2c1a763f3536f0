from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from agemodel.explorer.table_exports import (
    frame_csv,
    selection_csv,
    selection_files,
    selection_parquet,
)
from tests.harness.made_tables import random_table, table

FACES = random_table(50)
ROWS = np.array([40, 3, 17])


def test_csv_holds_all_columns_of_the_rows_in_their_order() -> None:
    content = selection_csv(FACES, ROWS)
    assert content.startswith(b"\xef\xbb\xbf")  # for spreadsheets
    read = pd.read_csv(io.BytesIO(content), parse_dates=["date"])
    assert read.columns.tolist() == FACES.columns.tolist()
    chosen = FACES.iloc[ROWS]
    assert read["file"].tolist() == chosen["file"].tolist()
    assert read["race"].tolist() == chosen["race"].tolist()
    assert read["blurred"].tolist() == chosen["blurred"].tolist()
    assert read["date"].tolist() == chosen["date"].tolist()
    assert read["age_years"].to_numpy() == pytest.approx(
        chosen["age_years"].to_numpy(), rel=1e-6, nan_ok=True
    )


def test_negative_numbers_stay_numbers() -> None:
    faces = table(age=[30], age_years=[25.0])
    assert b",-5.0," in selection_csv(faces, np.arange(1))


def test_texts_of_plain_objects_and_categories_are_made_harmless_too() -> None:
    texts = ["=1", None, "ok", "ok"]
    for values in (pd.Series(texts, dtype=object), pd.Categorical(texts)):
        lines = frame_csv(pd.DataFrame({"a": values})).decode("utf-8-sig").splitlines()
        assert lines == ['"a"', '"\'=1"', '""', '"ok"', '"ok"']


def test_parquet_gives_the_same_rows_back() -> None:
    content = selection_parquet(FACES, ROWS)
    read = pq.read_table(io.BytesIO(content)).to_pandas()
    expected = FACES.iloc[ROWS].reset_index(drop=True)
    pd.testing.assert_frame_equal(read, expected)


def test_parquet_says_nothing_of_the_machine() -> None:
    faces = FACES.copy()
    faces.attrs["left_out"] = ["secret"]
    content = selection_parquet(faces, ROWS)
    assert b"secret" not in content and b"pandas_version" not in content


def test_list_of_files_has_a_name_a_line() -> None:
    expected = b"".join(f"{row:07d}.jpg\n".encode() for row in ROWS)
    assert selection_files(FACES, ROWS) == expected


@pytest.mark.parametrize("write", [selection_csv, selection_parquet, selection_files])
def test_no_face_is_a_file_without_rows(write) -> None:
    content = write(FACES, np.arange(0))
    assert isinstance(content, bytes)
    if write is selection_parquet:
        assert pq.read_table(io.BytesIO(content)).num_rows == 0
    else:
        assert content.count(b"\n") == (write is selection_csv)
