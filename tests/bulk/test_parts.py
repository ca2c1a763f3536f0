from __future__ import annotations

import numpy as np
import pytest

from agemodel.bulk.parts import (
    FACE_COLUMNS,
    FILE_COLUMNS,
    Counts,
    PartRows,
    joined,
    part_name,
    read_counts,
    write_part,
)
from agemodel.bulk.stores import LocalStore
from agemodel.core.labels import AGES
from agemodel.core.tables import read_parquet
from agemodel.serving import PhotoResult, estimate_photo, to_record
from tests.harness.bulk_photos import FragileEstimator
from tests.harness.fakes import png_with_faces


@pytest.fixture
def results() -> list[PhotoResult]:
    """A photo with an age and a face too small for one, one without, one broken."""
    estimator = FragileEstimator()
    return [
        estimate_photo(estimator, png_with_faces(30, 15), "a.png"),
        estimate_photo(estimator, png_with_faces(), "b.png"),
        estimate_photo(estimator, b"no picture", "c.png"),
    ]


def test_parts_hold_all_that_predict_prints_and_the_distribution(
    tmp_path, results
) -> None:
    store, pieces = LocalStore(tmp_path), []
    for row, result in enumerate(results, start=1_000):
        rows = PartRows()
        rows.add(row, result, ended_process=result.name == "c.png")
        pieces.append(rows.part())
    write_part(store, 7, joined(pieces))
    files = read_parquet(tmp_path / "files" / "part-000007.parquet")
    faces = read_parquet(tmp_path / "faces" / "part-000007.parquet")
    assert files.column_names == FILE_COLUMNS.names
    assert faces.column_names == FACE_COLUMNS.names
    assert files["ended_process"].to_pylist() == [False, False, True]
    for row, (found, result) in enumerate(zip(files.to_pylist(), results, strict=True)):
        record = to_record(result)
        own = [face for face in faces.to_pylist() if face["row"] == row + 1_000]
        assert found["row"] == row + 1_000
        assert found["faces"] == len(own) == len(record["faces"])
        for name in set(record) - {"faces"}:
            assert found[name] == record[name]
        for number, (face, said) in enumerate(zip(own, record["faces"], strict=True)):
            assert (face["file"], face["face"]) == (record["file"], number + 1)
            box = [face[side] for side in ("x0", "y0", "x1", "y1")]
            assert box == said.pop("box_xyxy")
            assert {name: face[name] for name in said} == said
    # the first photo's first face is of 30 years; its second has a reason and no age
    stated, unstated = faces["age_probabilities"].to_pylist()
    assert np.array(stated) @ AGES == 30
    assert unstated is None
    assert faces["age_years"].to_pylist() == [30, None]


def test_counts_are_read_without_the_rows_and_not_of_a_part_cut_off(
    tmp_path, results
) -> None:
    store, rows = LocalStore(tmp_path), PartRows()
    for row, result in enumerate(results):
        rows.add(row, result)
    assert read_counts(store, 0) is None
    write_part(store, 0, rows.part())
    assert read_counts(store, 0) == Counts(files=3, faces=2, errors=1)
    for folder in ("files", "faces"):
        path = tmp_path / part_name(folder, 0)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        assert read_counts(store, 0) is None
        path.write_bytes(whole)
    assert read_counts(store, 0) is not None
