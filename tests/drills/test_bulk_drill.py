"""The drill of bulk runs: what it counts, and the photos that it makes."""

from __future__ import annotations

from pathlib import Path

from agemodel.serving import estimate_photo
from tests.drills.bulk import differing, write_files
from tests.harness.bulk_photos import RED, FragileEstimator, plain


def test_rows_that_differ_and_rows_of_one_side_alone_are_counted() -> None:
    one, two, three = ({"row": number} for number in (1, 2, 3))
    assert differing([one, two], [one, two]) == 0
    assert differing([one, two, three], [one, three]) == 2
    assert differing([], [one]) == 1


def test_made_photos_have_a_face_of_a_known_age_unless_they_are_deadly(
    tmp_path: Path,
) -> None:
    folder = write_files(tmp_path / "photos", 31, deadly=(2,))
    photos = sorted(folder.iterdir())
    assert photos[2].read_bytes() == plain(RED)
    ages = [
        estimate_photo(FragileEstimator(), path).estimates[0].age_years
        for path in (photos[0], photos[29], photos[30])
    ]
    assert ages == [21, 50, 21]
