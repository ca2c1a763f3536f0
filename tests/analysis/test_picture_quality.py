from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from agemodel.analysis.picture_quality import (
    NO_FLAG,
    equal_parts,
    error_by_flag,
    error_by_measure,
    faces_of_flag,
    faces_of_measure,
    flags_in_words,
    known_flags,
    measure_in_words,
)
from agemodel.analysis.predicted_faces import Slice, in_slice
from agemodel.faces.quality import BLURRED_SHARPNESS
from tests.harness.made_tables import everything, table


def made(sharpness: list[float], errors: list[float]) -> pd.DataFrame:
    n = len(errors)
    return table(
        age=[30] * n,
        age_years=[30 + error for error in errors],
        sharpness=np.array(sharpness, np.float32),
        brightness=np.full(n, 100, np.float32),
        face_px=np.full(n, 100, np.float32),
        yaw_deg=np.zeros(n, np.float32),
        greyscale=np.zeros(n, bool),
    )


def test_equal_parts_have_the_same_number_of_values() -> None:
    values = np.random.default_rng(0).permutation(100)
    parts = equal_parts(values, 5)
    assert np.bincount(parts).tolist() == [20] * 5
    assert values[parts == 0].max() < values[parts == 1].min()


def test_equal_values_share_a_part() -> None:
    assert equal_parts(np.array([3.0, 3.0, 3.0, 3.0]), 5).tolist() == [0] * 4
    assert equal_parts(np.array([]), 5).tolist() == []
    parts = equal_parts(np.array([1.0] * 9 + [2.0]), 2)
    assert parts.tolist() == [0] * 9 + [1]


def test_error_by_measure_by_hand() -> None:
    # Ten faces, two a fifth; the errors of a fifth are e and e + 1.
    sharpness = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    faces = made(sharpness, [0, 1, -2, 3, 4, 5, 6, -7, 8, 9])
    found = error_by_measure(faces, everything(faces), "sharpness")
    assert found["n"].tolist() == [2] * 5
    assert found["mae_years"].tolist() == pytest.approx([0.5, 2.5, 4.5, 6.5, 8.5])
    # Of two faces, a draw of four has the lesser error twice, and one the greater.
    assert found["mae_low"].tolist() == pytest.approx([0, 2, 4, 6, 8])
    assert found["mae_high"].tolist() == pytest.approx([1, 3, 5, 7, 9])
    assert found["low"].tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert found["high"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert (found["median_age"] == 30).all()


def test_unmeasured_faces_are_in_no_part() -> None:
    faces = made([0.1, np.nan, 0.3], [1, 90, 3])
    found = error_by_measure(faces, everything(faces), "sharpness")
    assert found["n"].sum() == 2
    assert found["mae_years"].max() < 4
    nothing = error_by_measure(faces, np.array([False, True, False]), "sharpness")
    assert nothing.empty
    assert "too few" in measure_in_words(nothing, "sharpness")


def test_pictures_without_a_remark_have_none() -> None:
    faces = made([BLURRED_SHARPNESS / 2, 0.1, 0.1], [9, 1, 3])
    found = error_by_flag(faces, everything(faces))
    assert found["n"].to_dict() == {NO_FLAG: 2, "blurred": 1}
    assert found["mae_years"].tolist() == pytest.approx([2, 9])
    assert faces_of_flag(faces, everything(faces), "blurred").tolist() == [0]
    assert faces_of_flag(faces, everything(faces), NO_FLAG).tolist() == [2, 1]


def test_nothing_is_said_of_pictures_that_are_not_described() -> None:
    faces = table(age=[30], age_years=[31.0])
    assert known_flags(faces) == ()
    assert error_by_flag(faces, everything(faces)).empty


def test_faces_of_a_part_are_all_of_it_the_worst_first(predicted: pd.DataFrame) -> None:
    rows = in_slice(predicted, Slice("val"))
    parts = error_by_measure(predicted, rows, "brightness")
    for part in parts.itertuples():
        found = faces_of_measure(predicted, rows, "brightness", part.low, part.high)
        assert len(found) == part.n
        assert (np.diff(predicted["abs_error"].to_numpy()[found]) <= 0).all()
        assert rows[found].all()


def test_measure_in_words_says_whether_the_intervals_overlap() -> None:
    sharpness = np.repeat([0.1, 0.2, 0.3, 0.4, 0.5], 40).tolist()
    apart = np.repeat([9.0, 5, 5, 5, 1], 40) + np.tile([-0.5, 0.5], 100)
    faces = made(sharpness, apart.tolist())
    parts = error_by_measure(faces, everything(faces), "sharpness")
    words = measure_in_words(parts, "sharpness")
    assert "least sharp fifth of the pictures the mean absolute error is 9.00" in words
    assert "sharpest fifth 1.00 years" in words
    assert "intervals do not overlap" in words
    assert "median age is 30 and 30" in words


def test_flags_in_words_pass_over_the_few() -> None:
    # Two blurred faces are too few to be named, however large their error.
    few = made([0.01] * 2 + [0.1] * 60, [50.0] * 2 + [1.0] * 60)
    assert "No remark is made on 30" in flags_in_words(
        error_by_flag(few, everything(few))
    )
    many = made([0.01] * 30 + [0.1] * 60, [4.0] * 30 + [1.0] * 60)
    words = flags_in_words(error_by_flag(many, everything(many)))
    assert "'blurred' goes with the largest error, 4.00 years" in words
    assert "without a remark it is 1.00 years" in words
