"""Every measure of the shipped run, found anew by other means."""

from __future__ import annotations

import statistics

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as theirs

from agemodel.analysis.headline import (
    headline,
    measure,
    measure_draws,
)
from agemodel.analysis.predicted_faces import Slice, in_slice
from agemodel.metrics.bootstrap import resample_counts
from agemodel.metrics.measures import MEASURES

SLICES = [
    Slice(),
    Slice("coral_test"),
    Slice("val", ages=(20, 60)),
    Slice("test", races=("Asian",), quality=("blurred", "dark")),
]


def by_other_means(part: pd.DataFrame) -> dict[str, float]:
    """The measures from plain lists, by loops, `statistics` and scikit-learn."""
    ages = part["age"].tolist()
    errors = [
        float(years) - age for years, age in zip(part["age_years"], ages, strict=True)
    ]
    sizes = [abs(error) for error in errors]
    groups = list(part["age_group"].cat.categories)
    off = [
        abs(groups.index(a) - groups.index(b))
        for a, b in zip(part["age_group"], part["estimated_group"], strict=True)
    ]
    bounds = list(zip(part["age_low"], ages, part["age_high"], strict=True))
    labels = [gender == "female" for gender in part["gender"]]
    scores = part["p_female"].tolist()
    guesses = [score >= 0.5 for score in scores]
    n = len(part)
    return {
        "mae_years": statistics.fmean(sizes),
        "median_error_years": statistics.median(sizes),
        "rmse_years": (sum(error**2 for error in errors) / n) ** 0.5,
        "bias_years": sum(errors) / n,
        **{f"cs{k}": sum(size <= k for size in sizes) / n for k in (1, 3, 5, 10)},
        "group_accuracy": off.count(0) / n,
        "group_one_off": sum(steps <= 1 for steps in off) / n,
        "gender_accuracy": theirs.accuracy_score(labels, guesses),
        "f1_female": theirs.f1_score(labels, guesses),
        "f1_macro": theirs.f1_score(labels, guesses, average="macro"),
        "auc": theirs.roc_auc_score(labels, scores),
        "coverage": sum(low <= age <= high for low, age, high in bounds) / n,
        "mean_width_years": statistics.fmean(
            float(h) - float(lo) for lo, _, h in bounds
        ),
    }


@pytest.mark.parametrize("wanted", SLICES, ids=Slice.describe)
def test_measures_are_those_found_by_other_means(
    predicted: pd.DataFrame, wanted: Slice
) -> None:
    rows = in_slice(predicted, wanted)
    expected = by_other_means(predicted[rows])
    found = measure(predicted, rows)
    assert set(found) == set(MEASURES) == set(expected)
    assert found == pytest.approx(expected, abs=2e-6)


def test_every_draw_is_the_measure_of_its_faces(predicted: pd.DataFrame) -> None:
    rows = in_slice(predicted, Slice("val", ages=(30, 45)))
    counts = resample_counts(int(rows.sum()), 6)
    drawn = measure_draws(predicted, rows, counts)
    assert set(drawn) == set(MEASURES)
    part = predicted[rows]
    for number in range(6):
        resample = part.iloc[np.repeat(np.arange(len(part)), counts[:, number])]
        expected = by_other_means(resample)
        for key, values in drawn.items():
            assert values[number] == pytest.approx(expected[key], rel=1e-4, abs=1e-5)


def test_intervals_hold_their_value_and_are_as_wide_as_theory_says(
    predicted: pd.DataFrame,
) -> None:
    rows = in_slice(predicted, Slice())
    scores = headline(predicted, rows)
    for key, score in scores.items():
        assert score.low < score.value < score.high, key
    sizes = predicted["abs_error"][rows].astype(float)
    # The standard error of a mean: sd / sqrt(n); 95 % lies within 1.96 of it.
    width = 2 * 1.96 * sizes.std() / len(sizes) ** 0.5
    mae = scores["mae_years"]
    assert mae.high - mae.low == pytest.approx(width, rel=0.1)


def test_faces_of_one_gender_have_no_f1_and_no_auc(predicted: pd.DataFrame) -> None:
    scores = headline(predicted, in_slice(predicted, Slice(genders=("female",))))
    for key in ("f1_female", "f1_macro", "auc"):
        assert np.isnan([scores[key].value, scores[key].low, scores[key].high]).all()
    assert np.isfinite(scores["gender_accuracy"].low)


def test_one_face_has_measures(predicted: pd.DataFrame) -> None:
    rows = np.zeros(len(predicted), bool)
    rows[5] = True
    mae = headline(predicted, rows)["mae_years"]
    assert mae.low == pytest.approx(mae.value)
    assert mae.high == pytest.approx(predicted["abs_error"].iloc[5])
