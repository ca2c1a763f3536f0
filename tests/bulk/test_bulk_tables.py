from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from agemodel import cli
from agemodel.bulk import BulkOptions
from agemodel.core.spreadsheets import safe_cell
from agemodel.serving import PhotoResult, estimate_photo, results_csv
from tests.harness.bulk_photos import FragileEstimator, run_inline, write_photos


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Photos of a run in three parts; one is no picture."""
    photos = write_photos(tmp_path / "photos", 50)
    photos[7].write_bytes(b"no picture")
    options = BulkOptions(workers=1, shard_files=20)
    run_inline(tmp_path / "photos", tmp_path / "out", options)
    return photos


def cells_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_of_a_run_has_the_rows_of_the_pages_table(
    photos: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tables"
    assert cli.main(["summarize", str(tmp_path / "out"), "--csv", str(folder)]) == 0
    assert "faces.csv, shares.csv" in capsys.readouterr().err
    estimator = FragileEstimator()
    results: list[PhotoResult] = [
        estimate_photo(estimator, path, str(path)) for path in photos
    ]
    page = cells_of(results_csv(results))
    assert page[0][-1] == "known_age"
    found = cells_of((folder / "faces.csv").read_bytes())
    assert found == [row[:-1] for row in page]
    assert len(found) > 50  # files without a face have a row, too
    assert "21 to 30" not in str(found) and "20 to 29" in str(found)
    shares = cells_of((folder / "shares.csv").read_bytes())
    assert shares[0] == ["of", "part", "share", "low", "high"]
    assert [row[1] for row in shares[1:]] == (
        ["0 to 19", "20 to 39", "40 to 59", "60+", "male", "female"]
    )
    assert sum(float(row[2]) for row in shares[1:5]) == pytest.approx(1, abs=0.001)
    assert all(safe_cell(cell) == cell for row in found + shares for cell in row)


def test_csv_is_not_written_where_a_part_is_damaged(
    photos: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = tmp_path / "out" / "files" / "part-000001.parquet"
    content = bytearray(part.read_bytes())
    content[60] ^= 1
    part.write_bytes(content)
    folder = tmp_path / "tables"
    assert cli.main(["summarize", str(tmp_path / "out"), "--csv", str(folder)]) == 1
    assert "Delete files/part-000001.parquet" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["shares.csv"]
