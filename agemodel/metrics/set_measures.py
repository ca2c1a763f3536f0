"""Measures of a model on a labelled set, of which not every label need be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agemodel.metrics.bootstrap import bootstrap_interval
from agemodel.metrics.measures import (
    MIN_FACES,
    age_metrics,
    gender_metrics,
    interval_metrics,
)

if TYPE_CHECKING:
    import pandas as pd

ADULT_YEARS = 18


@dataclass(frozen=True)
class SetMetrics:
    """How a model does on the faces of one set; None where fewer than 30 have a label.

    Attributes:
        title: of the set.
        split: val or test of the set; on val the calibration was chosen, too.
        n: how many faces.
        n_ages: how many of them have an age in years, which the next measures are of.
        mae_years: mean absolute error.
        mae_years_95: its 95 % interval.
        bias_years: mean of estimate less label.
        cs5: share off by at most 5 years.
        coverage: share of ages inside their interval.
        mean_width_years: mean width of the interval.
        n_minors: how many are labelled under 18.
        minors_as_adults: share of them that are estimated 18 or over.
        n_ranges: how many have a range of ages.
        range_accuracy: share of them whose estimate lies inside.
        n_genders: how many have a gender.
        gender_accuracy: share of the more probable gender labels that are right.
        gender_accuracy_95: its 95 % interval.
        gender_calibration_error: expected calibration error of p(female).
    """

    title: str
    split: str
    n: int
    n_ages: int
    mae_years: float | None = None
    mae_years_95: tuple[float, ...] | None = None
    bias_years: float | None = None
    cs5: float | None = None
    coverage: float | None = None
    mean_width_years: float | None = None
    n_minors: int = 0
    minors_as_adults: float | None = None
    n_ranges: int = 0
    range_accuracy: float | None = None
    n_genders: int = 0
    gender_accuracy: float | None = None
    gender_accuracy_95: tuple[float, ...] | None = None
    gender_calibration_error: float | None = None


def measure_set(faces: pd.DataFrame, title: str, split: str) -> SetMetrics:
    """Measure a set.

    Args:
        faces: `label_low` and `label_high` (years; equal where the age is known),
            `gender` (0, 1, or less where it is not known), `age_years`, `age_low` and
            `age_high` (the estimate and its interval), and `p_female`.
        title: of the set.
        split: what part of the set they are.
    """
    has_age = (faces["label_low"] == faces["label_high"]).to_numpy()
    has_gender = (faces["gender"] >= 0).to_numpy()
    return SetMetrics(
        title,
        split,
        len(faces),
        int(has_age.sum()),
        **_of_ages(faces[has_age]),
        **_of_ranges(faces[~has_age]),
        **_of_genders(faces[has_gender]),
    )


def _of_ages(faces: pd.DataFrame) -> dict:
    if len(faces) < MIN_FACES:
        return {}
    true_ages, ages, low, high = (
        faces[name].to_numpy(np.float64)
        for name in ("label_low", "age_years", "age_low", "age_high")
    )
    measured = age_metrics(true_ages, ages)
    is_minor = true_ages < ADULT_YEARS
    found = {
        name: measured[name] for name in ("mae_years", "bias_years", "cs5")
    } | interval_metrics(true_ages, low, high)
    if is_minor.sum() >= MIN_FACES:
        found["minors_as_adults"] = float((ages[is_minor] >= ADULT_YEARS).mean())
    return found | {
        "mae_years_95": bootstrap_interval(np.abs(ages - true_ages)),
        "n_minors": int(is_minor.sum()),
    }


def _of_ranges(faces: pd.DataFrame) -> dict:
    if len(faces) < MIN_FACES:
        return {"n_ranges": len(faces)}
    ages = faces["age_years"]
    # A range of 20 to 36 years is of who is not 37 yet.
    inside = (faces["label_low"] <= ages) & (ages < faces["label_high"] + 1)
    return {"n_ranges": len(faces), "range_accuracy": float(inside.mean())}


def _of_genders(faces: pd.DataFrame) -> dict:
    if len(faces) < MIN_FACES:
        return {"n_genders": len(faces)}
    genders, p_female = faces["gender"].to_numpy(), faces["p_female"].to_numpy()
    right = (p_female >= 0.5) == (genders == 1)
    return {
        "n_genders": len(faces),
        "gender_accuracy_95": bootstrap_interval(right.astype(np.float64)),
        **gender_metrics(genders, p_female),
    }
