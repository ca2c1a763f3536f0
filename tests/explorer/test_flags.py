from __future__ import annotations

import numpy as np
import pytest

from agemodel.explorer.flags import (
    DOUBTFUL_PROBABILITY,
    DOUBTFUL_WIDTHS,
    DOUBTFUL_YEARS,
    FLAGS,
    OUTCOMES,
)
from agemodel.faces.quality import (
    BLURRED_SHARPNESS,
    BRIGHT_BRIGHTNESS,
    CONDITIONS,
    DARK_BRIGHTNESS,
    SMALL_PX,
    TURNED_DEG,
)
from tests.harness.made_tables import table

GOOD = {"sharpness": 0.1, "brightness": 120.0, "face_px": 90.0, "yaw_deg": 0.0}


def measured(**worse: list[float]) -> dict[str, np.ndarray]:
    """Measures of good faces, but for those given."""
    n = len(next(iter(worse.values())))
    columns = {name: [value] * n for name, value in GOOD.items()} | worse
    return {name: np.array(values, np.float32) for name, values in columns.items()}


def test_what_the_app_warns_of_is_a_flag_unless_a_chip_cannot_show_it() -> None:
    assert {condition.name for condition in CONDITIONS} - set(FLAGS) == {
        "cut",
        "tilted",
    }
    assert not set(FLAGS) & set(OUTCOMES)


@pytest.mark.parametrize(
    ("flag", "measure", "limit", "beyond"),
    [
        ("blurred", "sharpness", BLURRED_SHARPNESS, -0.001),
        ("dark", "brightness", DARK_BRIGHTNESS, -1),
        ("bright", "brightness", BRIGHT_BRIGHTNESS, 1),
        ("small", "face_px", SMALL_PX, -1),
        ("turned", "yaw_deg", TURNED_DEG, 1),
        ("turned", "yaw_deg", -TURNED_DEG, -1),
    ],
)
def test_quality_is_flagged_beyond_the_limits_of_the_app(
    flag: str, measure: str, limit: float, beyond: float
) -> None:
    values = [limit + beyond, limit - beyond, np.nan]
    faces = table(age=[30] * 3, **measured(**{measure: values}))
    assert faces[flag].tolist() == [True, False, False]
    others = {"blurred", "dark", "bright", "small", "turned"} - {flag}
    assert not faces[list(others)].to_numpy().any()


def test_only_groups_in_both_train_and_test_cross() -> None:
    faces = table(
        age=[30] * 8,
        split=["train", "test", "train", "val", "val", "test", "train", "test"],
        duplicate_group=np.array([0, 0, 1, 1, 2, 2, -1, -1]),
        exact_group=np.array([0, 0, -1, -1, -1, -1, -1, -1]),
    )
    assert faces["crossing"].tolist() == [True, True] + [False] * 6
    assert faces["duplicate"].tolist() == [True] * 6 + [False] * 2
    assert faces["exact"].tolist() == [True] * 2 + [False] * 6


def test_duplicates_conflict_when_ages_or_genders_differ() -> None:
    faces = table(
        # groups of 5 years apart, of 4, of two genders, and two faces in no group
        age=[30, 35, 40, 44, 50, 50, 1, 99],
        gender=["male"] * 5 + ["female", "male", "female"],
        duplicate_group=np.array([7, 7, 3, 3, 9, 9, -1, -1]),
        exact_group=np.full(8, -1),
    )
    assert (
        faces["conflict"].tolist()
        == [True, True, False, False] + [True] * 2 + [False] * 2
    )


def test_errors_are_flagged_by_their_sign_and_size() -> None:
    faces = table(age=[30] * 5, age_years=[36, 24, 34, 26, np.nan])
    # the interval reaches 5 years to both sides
    assert faces["too_old"].tolist() == [True, False, False, False, False]
    assert faces["too_young"].tolist() == [False, True, False, False, False]
    assert faces["outside"].tolist() == [True, True, False, False, False]


def test_label_is_doubtful_where_the_error_is_large_in_years_and_in_widths() -> None:
    # intervals of 4, 4 and 40 years: 60 years off in 15 widths; 8 in 2, but below
    # DOUBTFUL_YEARS; 50 in 1.25, below DOUBTFUL_WIDTHS
    faces = table(
        age=[10, 30, 20],
        age_years=[70, 38, 70],
        age_low=np.array([68, 36, 50], np.float32),
        age_high=np.array([72, 40, 90], np.float32),
    )
    assert faces["suspicion"].tolist() == pytest.approx([15, 2, 1.25])
    assert (DOUBTFUL_YEARS, DOUBTFUL_WIDTHS) == (10, 1.5)
    assert faces["mislabelled"].tolist() == [True, False, False]


def test_narrowest_intervals_do_not_make_small_errors_suspicious() -> None:
    faces = table(
        age=[30],
        age_years=[31],
        age_low=np.array([31], np.float32),
        age_high=np.array([31], np.float32),
    )
    assert faces["suspicion"].tolist() == [1]  # a year over a width of at least one


def test_gender_is_flagged_against_its_label() -> None:
    sure = DOUBTFUL_PROBABILITY / 2
    faces = table(
        age=[30] * 6,
        age_years=[30.0] * 6,
        gender=["male", "male", "female", "female", "female", "female"],
        p_female=np.array([0.6, 1 - sure, 0.4, sure, 0.9, np.nan], np.float32),
        decided=np.array([False, True, False, True, True, True]),
    )
    assert faces["gender_wrong"].tolist() == [True] * 4 + [False] * 2
    assert faces["gender_doubted"].tolist() == [False, True, False, True, False, False]
    assert faces["gender_open"].tolist() == [True, False, True, False, False, False]
