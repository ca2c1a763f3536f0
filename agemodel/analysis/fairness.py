"""Errors of groups of people, each with its n and a bootstrap interval.

Race is a label of the dataset. Nothing estimates it; it is known here so that errors
can be compared between the people who carry it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from agemodel.metrics.bootstrap import mean_intervals
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

_MEASURED = ["abs_error", "error_years", "gender_wrong"]


@dataclass(frozen=True)
class Gap:
    """The two groups that lie farthest apart by a measure.

    Attributes:
        measure: of `GROUP_MEASURES`.
        low: name of the group with the smallest value.
        high: name of the group with the largest.
        low_value: years, or a share 0..1.
        high_value: likewise.
        low_95: the 95 % interval of the smallest value.
        high_95: of the largest.
        groups: how many groups were compared.
    """

    measure: str
    low: str
    high: str
    low_value: float
    high_value: float
    low_95: tuple[float, float]
    high_95: tuple[float, float]
    groups: int

    @property
    def size(self) -> float:
        """The difference of the two values."""
        return self.high_value - self.low_value

    @property
    def overlaps(self) -> bool:
        """Whether the two intervals have a value in common."""
        return self.low_95[1] >= self.high_95[0]


def grouping_name(factors: Sequence[str]) -> str:
    """A grouping in words: 'Gender and age group'."""
    return " and ".join(FACTORS[name] for name in factors).capitalize()


def group_table(
    predicted: pd.DataFrame, rows: np.ndarray, factors: Sequence[str], seed: int = 0
) -> pd.DataFrame:
    """Measure every group that has a face.

    Args:
        predicted: as returned by `read_predicted`.
        rows: the faces that count, a mask of shape (n,).
        factors: one or two of `FACTORS`; two are crossed.
        seed: of the bootstrap.

    Returns:
        A row a group, in the order of the labels: a column a factor, `group` (its
        name), `n`, and for each of `GROUP_MEASURES` the value and the bounds of its
        95 % percentile bootstrap interval, `NAME_low` and `NAME_high`.
    """
    part = predicted.loc[rows, [*factors, *_MEASURED]]
    found = []
    for key, group in part.groupby(list(factors), observed=True, sort=True):
        row = dict(zip(factors, key, strict=True))
        row |= {"group": ", ".join(map(str, key))}
        found.append(row | _measure(group, seed))
    bounds = [
        f"{name}{end}" for name in GROUP_MEASURES for end in ("", "_low", "_high")
    ]
    return pd.DataFrame(found, columns=[*factors, "group", "n", *bounds])


def overall_row(predicted: pd.DataFrame, rows: np.ndarray, seed: int = 0) -> pd.Series:
    """The same of all faces that count, a face at least: `n` and the measures."""
    return pd.Series(_measure(predicted.loc[rows, _MEASURED], seed))


def _measure(part: pd.DataFrame, seed: int) -> dict[str, Any]:
    values = np.stack(
        [
            part["abs_error"].to_numpy(np.float64),
            part["error_years"].to_numpy(np.float64),
            1.0 - part["gender_wrong"].to_numpy(np.float64),
        ]
    )  # in the order of GROUP_MEASURES
    means, (low, high) = values.mean(1), mean_intervals(values, seed)
    found: dict[str, Any] = {"n": len(part)}
    for number, name in enumerate(GROUP_MEASURES):
        found |= {
            name: means[number],
            f"{name}_low": low[number],
            f"{name}_high": high[number],
        }
    return found


def largest_gap(table: pd.DataFrame, measure: str) -> Gap | None:
    """The two groups farthest apart among those with `MIN_FACES` faces and more.

    Args:
        table: as returned by `group_table`.
        measure: of `GROUP_MEASURES`.

    Returns:
        None where fewer than two groups are that large.
    """
    large = table[table["n"] >= MIN_FACES].reset_index(drop=True)
    if len(large) < 2:
        return None
    low = large.iloc[int(large[measure].argmin())]
    high = large.iloc[int(large[measure].argmax())]
    return Gap(
        measure=measure,
        low=str(low["group"]),
        high=str(high["group"]),
        low_value=float(low[measure]),
        high_value=float(high[measure]),
        low_95=_interval(low, measure),
        high_95=_interval(high, measure),
        groups=len(large),
    )


def _interval(row: pd.Series, measure: str) -> tuple[float, float]:
    return float(row[f"{measure}_low"]), float(row[f"{measure}_high"])


def faces_of(
    predicted: pd.DataFrame, rows: np.ndarray, group: pd.Series, factors: Sequence[str]
) -> np.ndarray:
    """The row numbers of a group's faces, those with the largest errors first.

    Args:
        predicted: as returned by `read_predicted`.
        rows: the faces that count, a mask of shape (n,).
        group: a row of `group_table`.
        factors: of that table.
    """
    mask = rows.copy()
    for name in factors:
        mask &= (predicted[name] == group[name]).to_numpy()
    found = np.flatnonzero(mask)
    error = predicted["abs_error"].to_numpy()[found]
    return found[np.argsort(-error, kind="stable")]


def amount(measure: str, value: float) -> str:
    """A value of a measure in words: '4.26 years', '+1.10 years', '95.0 %'."""
    if measure == "gender_accuracy":
        return f"{value * 100:.1f} %"
    return f"{value:+.2f} years" if measure == "bias_years" else f"{value:.2f} years"


def gap_in_words(gap: Gap, factors: Sequence[str]) -> str:
    """The largest gap in a few sentences, both intervals named."""
    measure = gap.measure
    most, least = {
        "mae_years": ("ages err most for", "least for"),
        "bias_years": ("ages come out highest for", "lowest for"),
        "gender_accuracy": ("genders are right most often for", "least often for"),
    }[measure]
    size = (
        f"{gap.size * 100:.1f} points"
        if measure == "gender_accuracy"
        else f"{gap.size:.2f} years"
    )
    high, low = (
        f"{name} ({amount(measure, value)}, {_span(measure, *bounds)})"
        for name, value, bounds in (
            (gap.high, gap.high_value, gap.high_95),
            (gap.low, gap.low_value, gap.low_95),
        )
    )
    overlap = "overlap" if gap.overlaps else "do not overlap"
    return (
        f"By {grouping_name(factors).lower()}, {most} {high}, {least} {low}. The "
        f"largest gap among {gap.groups} groups is {size}; their 95 % intervals "
        f"{overlap}."
    )


def _span(measure: str, low: float, high: float) -> str:
    if measure == "gender_accuracy":
        return f"{low * 100:.1f} to {high * 100:.1f}"
    sign = "+" if measure == "bias_years" else ""
    return f"{low:{sign}.2f} to {high:{sign}.2f}"
