"""Errors of groups of people, each with its n and a bootstrap interval.

Race is a label of the dataset. Nothing estimates it; it is known here so that errors
can be compared between the people who carry it. The functions take the table of
`read_predicted` and the faces that count, a mask of shape (n,).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from agemodel.analysis.age_errors import worst_first
from agemodel.metrics.bootstrap import means_with_intervals
from agemodel.metrics.measures import MIN_FACES

FACTORS = {"gender": "Gender", "race": "Race label", "age_group": "Age group"}
"""Labels that faces are grouped by, columns of `read_predicted`."""

GROUPINGS: tuple[tuple[str, ...], ...] = (
    *((name,) for name in FACTORS),
    *combinations(FACTORS, 2),
)
"""Every label by itself, and every two crossed."""

GROUP_MEASURES = {
    "mae_years": "MAE",
    "bias_years": "Bias",
    "gender_accuracy": "Gender accuracy",
}
"""The columns of values in `group_table`; each has two more, `_low` and `_high`."""

RACE_NOTE = (
    "Race is a label of the dataset, known here to audit the errors alone: no model of "
    "this project is given it or estimates it."
)


def grouping_name(factors: Sequence[str]) -> str:
    """A grouping in words: 'Gender and age group'."""
    return " and ".join(FACTORS[name] for name in factors).capitalize()


def group_table(
    predicted: pd.DataFrame, rows: np.ndarray, factors: Sequence[str]
) -> pd.DataFrame:
    """Measure every group that has a face.

    Args:
        factors: one or two of `FACTORS`; two are crossed.

    Returns:
        A row a group, in the order of the labels: a column a factor, `group` (its
        name), `n`, and for each of `GROUP_MEASURES` the value and the bounds of its
        95 % percentile bootstrap interval, `NAME_low` and `NAME_high`.
    """
    found = []
    groups = predicted[rows].groupby(list(factors), observed=True, sort=True)
    for key, group in groups:
        row = dict(zip(factors, key, strict=True))
        row |= {"group": ", ".join(map(str, key))}
        found.append(row | _measure(group))
    bounds = [
        f"{name}{end}" for name in GROUP_MEASURES for end in ("", "_low", "_high")
    ]
    return pd.DataFrame(found, columns=[*factors, "group", "n", *bounds])


def overall_row(predicted: pd.DataFrame, rows: np.ndarray) -> pd.Series:
    """The same of all faces that count, a face at least: `n` and the measures."""
    return pd.Series(_measure(predicted[rows]))


def _measure(part: pd.DataFrame) -> dict[str, Any]:
    measured = {
        "mae_years": part["abs_error"],
        "bias_years": part["error_years"],
        "gender_accuracy": 1.0 - part["gender_wrong"],
    }
    return {"n": len(part), **means_with_intervals(measured)}


def faces_of(
    predicted: pd.DataFrame, rows: np.ndarray, group: pd.Series, factors: Sequence[str]
) -> np.ndarray:
    """The row numbers of a group's faces, those with the largest errors first.

    Args:
        group: a row of `group_table`.
        factors: of that table.
    """
    mask = rows.copy()
    for name in factors:
        mask &= (predicted[name] == group[name]).to_numpy()
    return worst_first(predicted, mask)


def amount(measure: str, value: float) -> str:
    """A value of a measure in words: '4.26 years', '+1.10 years', '95.0 %'."""
    if _is_share(measure):
        return f"{value * 100:.1f} %"
    return f"{value:+.2f} years" if measure == "bias_years" else f"{value:.2f} years"


def gap_in_words(table: pd.DataFrame, measure: str, factors: Sequence[str]) -> str:
    """The two groups that lie farthest apart by a measure, with their intervals.

    Args:
        table: as returned by `group_table`; groups of fewer than `MIN_FACES` faces do
            not count.
        measure: of `GROUP_MEASURES`.
        factors: of the table.

    Returns:
        A few sentences; empty where fewer than two groups count.
    """
    large = table[table["n"] >= MIN_FACES].reset_index(drop=True)
    if len(large) < 2:
        return ""
    low = large.iloc[int(large[measure].argmin())]
    high = large.iloc[int(large[measure].argmax())]
    most, least = {
        "mae_years": ("ages err most for", "least for"),
        "bias_years": ("ages come out highest for", "lowest for"),
        "gender_accuracy": ("genders are right most often for", "least often for"),
    }[measure]
    size = high[measure] - low[measure]
    size = f"{size * 100:.1f} points" if _is_share(measure) else f"{size:.2f} years"
    apart = low[f"{measure}_high"] < high[f"{measure}_low"]
    return (
        f"By {grouping_name(factors).lower()}, {most} {_in_words(high, measure)}, "
        f"{least} {_in_words(low, measure)}. The largest gap among {len(large)} groups "
        f"is {size}; their 95 % intervals {'do not overlap' if apart else 'overlap'}."
    )


def _in_words(group: pd.Series, measure: str) -> str:
    """A group with its value and interval: 'female (4.26 years, 4.01 to 4.52)'."""
    low, high = group[f"{measure}_low"], group[f"{measure}_high"]
    sign = "+" if measure == "bias_years" else ""
    span = f"{low:{sign}.2f} to {high:{sign}.2f}"
    if _is_share(measure):
        span = f"{low * 100:.1f} to {high * 100:.1f}"
    return f"{group['group']} ({amount(measure, group[measure])}, {span})"


def _is_share(measure: str) -> bool:
    return measure == "gender_accuracy"
