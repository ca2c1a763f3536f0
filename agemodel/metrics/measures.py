"""Measures of age and gender estimates; NumPy only.

CS@k, the cumulative score, is the share of faces whose absolute error is at most k
years. One-off accuracy counts a neighbouring age group as right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES, age_group_index
from agemodel.metrics.bootstrap import bootstrap_interval

CS_YEARS = (1, 3, 5, 10)
Z95 = 1.959964
"""Of a normal distribution, 95 % lie within so many standard deviations."""
MIN_FACES = 30
"""Of fewer faces nothing is said."""
CORAL_RANGE = (21, 60)
"""Youngest and oldest of CORAL's faces, years (W. Cao, V. Mirjalili and S. Raschka,
Pattern Recognition Letters 2020)."""
CORAL_RESTRICTED = "coral_test_told"
"""In files, the measures of CORAL's test faces, restricted to `CORAL_RANGE`."""


YEARS, SHARE, INDEX = "years", "share", "index"
LOW, HIGH = "low", "high"


@dataclass(frozen=True)
class Measure:
    """One of the measures.

    Attributes:
        title: its usual name.
        unit: years, a share (0..1, said in per cent) or an index (0..1).
        better: low, high, or empty where neither is.
        meaning: a sentence for who does not know it.
    """

    title: str
    unit: str
    better: str
    meaning: str


MEASURES = {
    "mae_years": Measure("MAE", YEARS, LOW, "Mean absolute error of the age."),
    "median_error_years": Measure(
        "Median error", YEARS, LOW, "Half of the ages are off by less."
    ),
    "rmse_years": Measure(
        "RMSE", YEARS, LOW, "Root of the mean squared error: large ones weigh more."
    ),
    "bias_years": Measure(
        "Bias", YEARS, "", "Mean of estimate less label; above 0 is estimated too old."
    ),
    **{
        f"cs{years}": Measure(
            f"Within {years} year{'s' * (years > 1)}",
            SHARE,
            HIGH,
            f"CS@{years}, the cumulative score: ages off by at most so much.",
        )
        for years in CS_YEARS
    },
    "group_accuracy": Measure(
        "Age group", SHARE, HIGH, "The most probable of nine age groups is right."
    ),
    "group_one_off": Measure(
        "Age group, one off", SHARE, HIGH, "Right, or a neighbour of the right one."
    ),
    "gender_accuracy": Measure(
        "Gender", SHARE, HIGH, "The more probable gender label is right."
    ),
    "f1_female": Measure(
        "F1, female", INDEX, HIGH, "Harmonic mean of precision and recall of female."
    ),
    "f1_macro": Measure(
        "F1, macro", INDEX, HIGH, "Mean of the F1 of both gender labels."
    ),
    "auc": Measure(
        "AUC",
        INDEX,
        HIGH,
        "How often p(female) is higher for a female label than for a male one.",
    ),
    "coverage": Measure(
        "80 % range holds the age",
        SHARE,
        "",
        "Coverage: ages inside their range, which is to hold 80 %.",
    ),
    "mean_width_years": Measure(
        "80 % range, width", YEARS, LOW, "Mean width of the range."
    ),
}
"""The measures by key, in the order in which they are shown."""


@dataclass(frozen=True)
class Score:
    """A measure's value and the ends of its 95 % interval; nan where not known."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


def age_metrics(true_ages: np.ndarray, age_years: np.ndarray) -> dict[str, float]:
    """Errors of ages, in years, and cumulative scores, 0..1; both shape (n,)."""
    error = np.asarray(age_years, np.float64) - true_ages
    size = np.abs(error)
    return {
        "mae_years": float(size.mean()),
        "median_error_years": float(np.median(size)),
        "rmse_years": float(np.sqrt(np.square(error).mean())),
        "bias_years": float(error.mean()),
        **{f"cs{years}": float((size <= years).mean()) for years in CS_YEARS},
    }


def group_metrics(true_groups: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """Exact and one-off accuracy of age group indices, each of shape (n,)."""
    distance = np.abs(np.asarray(groups) - true_groups)
    return {
        "group_accuracy": float((distance == 0).mean()),
        "group_one_off": float((distance <= 1).mean()),
    }


def interval_metrics(
    true_ages: np.ndarray, low: np.ndarray, high: np.ndarray
) -> dict[str, float]:
    """Share of ages inside their intervals, and the intervals' mean width."""
    inside = (low <= true_ages) & (true_ages <= high)
    return {
        "coverage": float(inside.mean()),
        "mean_width_years": float((high - low).mean()),
    }


def gender_metrics(genders: np.ndarray, p_female: np.ndarray) -> dict[str, float]:
    """Accuracy at one half, and expected calibration error over ten equal bins."""
    right = (p_female >= 0.5) == (genders == 1)
    bins = np.minimum((p_female * 10).astype(int), 9)
    gaps = [
        (bins == index).mean()
        * abs(p_female[bins == index].mean() - genders[bins == index].mean())
        for index in np.unique(bins)
    ]
    return {
        "gender_accuracy": float(right.mean()),
        "gender_calibration_error": float(np.sum(gaps)),
    }


def summarise(columns: dict[str, np.ndarray]) -> dict[str, Any]:
    """All measures of a set of faces, with n.

    Args:
        columns: `age`, `gender` (true), `age_years`, `age_low`, `age_high`,
            `p_female`, `age_group` (index) and `decided` (bool: gender not
            'uncertain'), each of shape (n,).
    """
    true_ages, decided = columns["age"], columns["decided"].astype(bool)
    size = np.abs(columns["age_years"] - true_ages)
    right = (columns["p_female"] >= 0.5) == (columns["gender"] == 1)
    return {
        "n": len(true_ages),
        **age_metrics(true_ages, columns["age_years"]),
        "mae_years_95": list(bootstrap_interval(size)),
        **group_metrics(age_group_index(true_ages), columns["age_group"]),
        **interval_metrics(true_ages, columns["age_low"], columns["age_high"]),
        **gender_metrics(columns["gender"], columns["p_female"]),
        "gender_accuracy_95": list(bootstrap_interval(right)),
        "uncertain_share": float(1 - decided.mean()),
        "decided_gender_accuracy": float(right[decided].mean())
        if decided.any()
        else None,
    }


def wilson_interval(
    successes: np.ndarray, trials: np.ndarray, z: float = Z95
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals of shares, by E. B. Wilson's score (JASA 1927).

    Args:
        successes: shape (k,).
        trials: shape (k,), one at least.
        z: how many standard deviations of a normal distribution an interval holds to
            either side.

    Returns:
        Lower and upper bounds, each of shape (k,), 0..1.
    """
    share, spread = successes / trials, z**2 / trials
    middle = share + spread / 2
    half = np.sqrt(spread * (share * (1 - share) + spread / 4))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def summarise_groups(columns: dict[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    """The measures by age group, gender and race label; empty groups are left out."""
    keys = {
        "age_group": (age_group_index(columns["age"]), AGE_GROUPS),
        "gender": (columns["gender"], GENDERS),
        "race": (columns["race"], RACES),
    }
    table: dict[str, dict[str, Any]] = {}
    for key, (labels, names) in keys.items():
        table[key] = {}
        for label, name in enumerate(names):
            rows = labels == label
            if rows.any():
                part = {field: values[rows] for field, values in columns.items()}
                table[key][name] = summarise(part)
    return table
