"""Whether the model knows when it errs: its intervals and probabilities.

Every function takes the table of `read_predicted` and the faces that count, a mask
of shape (n,). Functions named `faces_` give the row numbers of a part of these faces.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from agemodel.analysis.age_errors import percent, worst_first
from agemodel.analysis.picture_quality import equal_parts, mean_errors
from agemodel.core.columns import codes_of
from agemodel.core.labels import AGE_GROUPS, GENDERS
from agemodel.metrics.measures import MIN_FACES, gender_metrics, wilson_interval

BINS = 10
"""Of p(female), equally wide, as in `metrics.gender_metrics`."""

WIDTH_PARTS = 10


def is_inside(predicted: pd.DataFrame) -> np.ndarray:
    """Whether each labelled age lies in its interval, the bounds included."""
    age = predicted["age"]
    return ((predicted["age_low"] <= age) & (age <= predicted["age_high"])).to_numpy()


def widths_of(predicted: pd.DataFrame) -> np.ndarray:
    """The widths of the intervals, years, to the hundredth: a run without distributions
    gives all the same width, which float32 would tell apart."""
    return predicted["width_years"].to_numpy(np.float64).round(2)


def coverage_by_age(predicted: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """How often the interval holds the labelled age, by labelled age group.

    Returns:
        Indexed by `labels.AGE_GROUPS`, of those that a face has: `n`, `coverage` and
        its 95 % interval `low` and `high`, 0..1.
    """
    groups = codes_of(predicted["age_group"])[rows]
    return _shares(groups, is_inside(predicted)[rows], AGE_GROUPS, "coverage")


def overall_coverage(predicted: pd.DataFrame, rows: np.ndarray) -> pd.Series:
    """`n`, `coverage`, `low` and `high` of all the faces at once."""
    inside = is_inside(predicted)[rows]
    return _shares(np.zeros(len(inside), int), inside, ("all",), "coverage").iloc[0]


def faces_outside(predicted: pd.DataFrame, rows: np.ndarray, group: str) -> np.ndarray:
    """The faces of an age group whose label lies outside, the largest error first."""
    of_group = (predicted["age_group"] == group).to_numpy()
    return worst_first(predicted, rows & of_group & ~is_inside(predicted))


def reliability(predicted: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """How often faces are labelled female, by the probability that the model gave.

    Returns:
        Indexed by the bin, of `BINS` from 0, of those that a face has: `n`, `p_female`
        (the mean given), `female` (the share labelled so) and its 95 % interval `low`
        and `high`, 0..1.
    """
    p_female = predicted["p_female"].to_numpy()[rows]
    bins = _bins(p_female)
    female = _is_female(predicted)[rows]
    table = _shares(bins, female, range(BINS), "female")
    sums = np.bincount(bins, p_female.astype(np.float64), BINS)
    table.insert(1, "p_female", sums[table.index] / table["n"])
    return table.rename_axis("bin")


def calibration_error(predicted: pd.DataFrame, rows: np.ndarray) -> float:
    """The expected calibration error of p(female), 0..1, over `BINS` bins."""
    measured = gender_metrics(
        _is_female(predicted)[rows].astype(int), predicted["p_female"].to_numpy()[rows]
    )
    return measured["gender_calibration_error"]


def faces_in_bin(predicted: pd.DataFrame, rows: np.ndarray, number: int) -> np.ndarray:
    """The faces of a bin of `reliability`, those estimated wrongly first."""
    p_female = predicted["p_female"].to_numpy()
    chosen = np.flatnonzero(rows & (_bins(p_female) == number))
    wrong = predicted["gender_wrong"].to_numpy(bool)[chosen]
    return chosen[np.lexsort((-np.abs(p_female[chosen] - 0.5), ~wrong))]


def error_by_width(predicted: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """The error and the coverage of the faces in equal parts by their stated width.

    Returns:
        A row a part of `WIDTH_PARTS` (fewer where widths are equal), the narrowest
        first: `low`, `high` and `width_years` (the least, greatest and mean width),
        `n`, `mae_years`, `mae_low`, `mae_high` (bootstrap 95 %), `coverage`.
    """
    widths = widths_of(predicted)[rows]
    errors, inside = predicted["abs_error"].to_numpy()[rows], is_inside(predicted)[rows]
    parts = equal_parts(widths, WIDTH_PARTS)
    masks = [parts == number for number in np.unique(parts)]
    table = mean_errors([errors[mask] for mask in masks])
    table.insert(0, "low", [widths[mask].min() for mask in masks])
    table.insert(1, "high", [widths[mask].max() for mask in masks])
    table.insert(2, "width_years", [widths[mask].mean() for mask in masks])
    return table.assign(coverage=[inside[mask].mean() for mask in masks])


def faces_of_width(
    predicted: pd.DataFrame, rows: np.ndarray, low: float, high: float
) -> np.ndarray:
    """The faces whose interval is so wide, the largest error first."""
    widths = widths_of(predicted)
    return worst_first(predicted, rows & (low <= widths) & (widths <= high))


def coverage_in_words(groups: pd.DataFrame, overall: pd.Series, stated: float) -> str:
    """How often the interval holds the age, and where least and most often.

    Args:
        groups: as returned by `coverage_by_age`.
        overall: as returned by `overall_coverage`.
        stated: how often it is to, 0..1.
    """
    words = (
        f"The interval is to hold {stated * 100:.0f}\u00a0% of the ages; it holds "
        f"{_share_text(overall)}."
    )
    large = groups[groups["n"] >= MIN_FACES]
    if len(large) < 2:
        return words
    least, most = (
        large.iloc[find(large["coverage"].to_numpy())]
        for find in (np.argmin, np.argmax)
    )
    words += (
        f" Least often at {least.name}, {_share_text(least)}, most often at "
        f"{most.name}, {_share_text(most)}."
    )
    off = large[(large["high"] < stated) | (large["low"] > stated)]
    if off.empty:
        return f"{words} No group's 95 % interval leaves the stated share out."
    return (
        f"{words} The 95 % interval leaves the stated share out for "
        f"{', '.join(off.index)}."
    )


def reliability_in_words(bins: pd.DataFrame, error: float) -> str:
    """How far p(female) is off, and where most.

    Args:
        bins: as returned by `reliability`.
        error: as returned by `calibration_error`.
    """
    words = (
        f"The stated probability is off by {error * 100:.1f} percentage points on "
        f"average (expected calibration error {error:.3f})."
    )
    large = bins[bins["n"] >= MIN_FACES]
    if large.empty:
        return words
    gaps = np.abs(large["female"].to_numpy() - large["p_female"].to_numpy())
    worst = large.iloc[gaps.argmax()]
    within = worst.low <= worst.p_female <= worst.high
    return (
        f"{words} Most where it says {percent(worst.p_female)} on average: there "
        f"{percent(worst.female)} of {worst.n:,.0f} faces are labelled female, "
        f"{'which may be chance' if within else 'more than chance explains'}."
    )


def width_in_words(parts: pd.DataFrame) -> str:
    """Whether wide intervals go with large errors.

    Args:
        parts: as returned by `error_by_width`.
    """
    if parts["n"].sum() < MIN_FACES:
        return f"Fewer than {MIN_FACES} faces are too few to compare."
    if len(parts) < 2:
        return (
            f"All intervals are {parts['width_years'].iloc[0]:.1f} years wide: the "
            "model cannot say which of its ages are the better ones."
        )
    first, last = parts.iloc[0], parts.iloc[-1]
    return (
        f"Where the interval is narrowest ({first.width_years:.1f} years on average) "
        f"the mean absolute error is {first.mae_years:.2f} years, where it is widest "
        f"({last.width_years:.1f}) {last.mae_years:.2f}; the interval holds "
        f"{percent(first.coverage)} and {percent(last.coverage)} of the ages."
    )


def _shares(
    codes: np.ndarray, hits: np.ndarray, names: tuple[str, ...] | range, column: str
) -> pd.DataFrame:
    """`n`, the share of hits and its Wilson interval, of every code that occurs."""
    n = np.bincount(codes, minlength=len(names))
    some = np.flatnonzero(n)
    counted = np.bincount(codes, hits, len(names))[some]
    low, high = wilson_interval(counted, n[some])
    return pd.DataFrame(
        {"n": n[some], column: counted / n[some], "low": low, "high": high},
        index=[names[code] for code in some],
    )


def _bins(p_female: np.ndarray) -> np.ndarray:
    return np.minimum((p_female * BINS).astype(int), BINS - 1)


def _is_female(predicted: pd.DataFrame) -> np.ndarray:
    return codes_of(predicted["gender"]) == GENDERS.index("female")


def _share_text(row: pd.Series) -> str:
    interval = f"{row.low * 100:.1f} to {row.high * 100:.1f}"
    return f"{percent(row.coverage)} ({interval}; n\u00a0{row.n:,.0f})"
