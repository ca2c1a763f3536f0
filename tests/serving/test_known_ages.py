"""Actual ages beside estimates, and the order in which faces are read."""

from __future__ import annotations

import pytest

from agemodel.serving import PhotoResult
from agemodel.serving.known_ages import (
    KnownAge,
    beside_estimate,
    read_known_age,
    reading_order,
)
from agemodel.serving.result_tables import score_in_words
from tests.harness.fakes import FakeEstimator, photo_with_faces

# The fake's age is the width of a face, its range 10 years below to 20 above.


def estimates(*widths: int) -> tuple:
    return tuple(FakeEstimator().estimate(photo_with_faces(*widths)))


@pytest.mark.parametrize(
    ("text", "known"),
    [("51", KnownAge(51, 51)), ("41 or 42", KnownAge(41, 42)), ("0", KnownAge(0, 0))],
)
def test_known_age_is_read_and_written(text: str, known: KnownAge) -> None:
    assert read_known_age(text) == known
    assert str(known) == text


@pytest.mark.parametrize("text", ["", "x", "-3", "200", "42 or 41", "4.5"])
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no age"):
        read_known_age(text)


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("41 or 42", "Actual 41 or 42: 11 years off, inside the range"),  # 20 to 50
        ("51", "Actual 51: 21 years off, outside the range"),
        ("29 or 30", "Actual 29 or 30: as estimated, inside the range"),
        ("31", "Actual 31: 1 year off, inside the range"),
    ],
)
def test_actual_age_stands_beside_the_estimate(known: str, text: str) -> None:
    (face,) = estimates(30)
    assert beside_estimate(read_known_age(known), face) == text


def test_score_counts_the_faces_of_known_age() -> None:
    both = PhotoResult("a", estimates=estimates(30, 50), known_ages={})
    assert score_in_words([both]) == ""
    # of 30 and 50: 60 is 30 off and outside 20 to 50, 44 is 6 off and inside 40 to 70
    by_age = [face.age_years for face in both.estimates]
    known = {by_age.index(30): KnownAge(60, 60), by_age.index(50): KnownAge(44, 44)}
    told = PhotoResult("a", estimates=both.estimates, known_ages=known)
    assert score_in_words([told]) == (
        "2 faces of known age: off by 18.0 years on average; 1 of 2 inside the range"
    )


def test_faces_are_read_row_by_row_from_left_to_right() -> None:
    # two above, the left one lower and larger; one far below at the left
    boxes = [(0, 300, 90, 390), (200, 0, 250, 50), (20, 10, 120, 110)]
    assert reading_order(boxes) == [2, 1, 0]
    assert reading_order([]) == []
    assert sorted(reading_order([(0, 0, 0, 0), (5, 0, 5, 0)])) == [0, 1]
