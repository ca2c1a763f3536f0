from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from agemodel.analysis.certainty import (
    calibration_error,
    coverage_by_age,
    coverage_in_words,
    error_by_width,
    faces_in_bin,
    faces_of_width,
    faces_outside,
    overall_coverage,
    reliability,
    reliability_in_words,
    width_in_words,
)
from tests.harness.made_tables import everything, table


def with_probabilities(p_female: list[float], genders: str) -> pd.DataFrame:
    """Faces of 30 years: a probability and a letter, f or m, each."""
    n = len(p_female)
    labels = ["female" if letter == "f" else "male" for letter in genders]
    return table(
        age=[30] * n,
        age_years=[30.0] * n,
        gender=labels,
        p_female=np.array(p_female, np.float32),
    )


def with_intervals(ages: list[int], bounds: list[tuple[float, float]]) -> pd.DataFrame:
    low, high = np.array(bounds, np.float32).T
    return table(age=ages, age_years=(low + high) / 2, age_low=low, age_high=high)


# ------------------------------------------------------------------------------ shares


# ----------------------------------------------------------------------------- coverage


def test_ages_on_the_bounds_are_inside() -> None:
    faces = with_intervals([20, 30, 31, 9], [(20, 25), (25, 30), (25, 30), (10, 12)])
    found = coverage_by_age(faces, everything(faces))
    # 20-29 holds; of 30 and 31 one does; 9 lies below its interval.
    assert found["coverage"].to_dict() == {"3-9": 0, "20-29": 1, "30-39": 0.5}
    assert found["n"].to_dict() == {"3-9": 1, "20-29": 1, "30-39": 2}
    overall = overall_coverage(faces, everything(faces))
    assert (overall["n"], overall["coverage"]) == (4, 0.5)
    assert faces_outside(faces, everything(faces), "30-39").tolist() == [2]
    assert faces_outside(faces, np.zeros(4, bool), "30-39").tolist() == []


def test_coverage_in_words_names_the_least_and_what_is_off() -> None:
    # 30 of 40 hold at 20-29 (0.75), all 40 at 30-39; three faces at 70+ hold none.
    ages = [25] * 40 + [35] * 40 + [80] * 3
    bounds = [(20, 30)] * 30 + [(26, 30)] * 10 + [(30, 40)] * 40 + [(70, 75)] * 3
    faces = with_intervals(ages, bounds)
    words = coverage_in_words(
        coverage_by_age(faces, everything(faces)),
        overall_coverage(faces, everything(faces)),
        0.8,
    )
    assert "to hold 80\u00a0% of the ages; it holds 84.3\u00a0%" in words  # 70 of 83
    assert "Least often at 20-29, 75.0\u00a0%" in words
    assert "most often at 30-39, 100.0\u00a0%" in words
    # Wilson: 0.60 to 0.86 at 20-29, which holds 0.8, and 0.91 to 1 at 30-39.
    assert words.endswith("leaves the stated share out for 30-39.")


# -------------------------------------------------------------------------- reliability


def test_reliability_by_hand() -> None:
    faces = with_probabilities([0.0, 0.05, 0.3, 0.95, 1.0, 0.35], "mfffmm")
    found = reliability(faces, everything(faces))
    # Bin 0: 0 and 0.05, one of two female; bin 3: 0.3 and 0.35; bin 9: 0.95 and 1.
    assert found.index.tolist() == [0, 3, 9]
    assert found["n"].tolist() == [2, 2, 2]
    assert found["p_female"].tolist() == pytest.approx([0.025, 0.325, 0.975])
    assert found["female"].tolist() == [0.5, 0.5, 0.5]
    # A third of the faces each, off by 0.475, 0.175 and 0.475.
    expected = (0.475 + 0.175 + 0.475) / 3
    assert calibration_error(faces, everything(faces)) == pytest.approx(expected)


def test_bin_of_a_chart_gives_its_faces_the_wrong_ones_first() -> None:
    faces = with_probabilities([0.91, 0.97, 0.92, 0.5, 0.99], "fmmff")
    # Of the last bin the second and third are labelled male; 0.97 is the surer one.
    assert faces_in_bin(faces, everything(faces), 9).tolist() == [1, 2, 4, 0]
    assert faces_in_bin(faces, everything(faces), 5).tolist() == [3]


def test_reliability_in_words_names_the_bin_that_is_most_off() -> None:
    # Ten of 40 are female where 0.15 is said, all of 40 where 0.95 is, and the one
    # face at 0.55 is too few.
    faces = with_probabilities(
        [0.15] * 40 + [0.95] * 40 + [0.55], "f" * 10 + "m" * 30 + "f" * 40 + "m"
    )
    bins = reliability(faces, everything(faces))
    words = reliability_in_words(bins, calibration_error(faces, everything(faces)))
    # (40 * 0.10 + 40 * 0.05 + 0.55) / 81 = 0.0809
    assert "off by 8.1 percentage points" in words
    assert "error 0.081)" in words
    assert "says 15.0\u00a0% on average: there 25.0\u00a0% of 40 faces" in words
    # Wilson's interval of 10 of 40 is 0.14 to 0.40.
    assert words.endswith("which may be chance.")


# -------------------------------------------------------------------------------- width


def test_error_by_width_by_hand() -> None:
    # Ten widths, 2 to 20 years, three faces each: of a width w the errors are 0, w / 4
    # and w, so that two of three hold.
    widths = np.repeat(np.arange(2, 21, 2), 3)
    errors = widths * np.tile([0, 0.25, 1], 10)
    low = (50 - errors - widths / 2).astype(np.float32)
    faces = table(
        age=[50] * 30, age_years=50 - errors, age_low=low, age_high=low + widths
    )
    found = error_by_width(faces, everything(faces))
    assert found["n"].tolist() == [3] * 10
    assert found["width_years"].tolist() == pytest.approx(list(range(2, 21, 2)))
    assert found["mae_years"].tolist() == pytest.approx(
        [1.25 * width / 3 for width in range(2, 21, 2)]
    )
    assert found["coverage"].tolist() == pytest.approx([2 / 3] * 10)
    words = width_in_words(found)
    assert "narrowest (2.0 years on average) the mean absolute error is 0.83" in words
    assert "widest (20.0) 8.33" in words
    assert faces_of_width(faces, everything(faces), 20, 20).tolist() == [29, 28, 27]


def test_equal_widths_are_one_part_whatever_float32_makes_of_them() -> None:
    years = np.linspace(20, 60, 40).astype(np.float32)
    faces = table(
        age=np.rint(years).astype(int),
        age_years=years,
        age_low=years - np.float32(11.3371),
        age_high=years + np.float32(11.3371),
    )
    assert faces["width_years"].nunique() > 1
    found = error_by_width(faces, everything(faces))
    assert found["n"].tolist() == [40]
    assert width_in_words(found).startswith("All intervals are 22.7 years wide")
