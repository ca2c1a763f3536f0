"""How far the estimated ages are off on sharp and blurred, dark and bright pictures.

Every function takes the table of `read_predicted` and the faces that count, a mask
of shape (n,).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from agemodel.analysis.age_errors import worst_first
from agemodel.analysis.predicted_faces import QUALITIES, SHARP, qualities_in
from agemodel.metrics.bootstrap import means_with_intervals
from agemodel.metrics.measures import MIN_FACES

PICTURE_MEASURES = {"sharpness": "sharp", "brightness": "bright"}
"""Measures of a picture, columns of the table, and the word for much of each."""

PARTS = 5
NO_FLAG = "none"


def error_by_measure(
    predicted: pd.DataFrame, rows: np.ndarray, measure: str
) -> pd.DataFrame:
    """The error of the faces in `PARTS` equal parts by a measure.

    Those that were not measured do not count.

    Args:
        measure: of `PICTURE_MEASURES`.

    Returns:
        A row a part, the least first: `low` and `high` of the measure, `n`, and
        `mae_years` with `mae_low` and `mae_high`, its bootstrap 95 % interval, and
        `median_age`, years, as labelled. Equal values are in the same part, so there
        may be fewer parts.
    """
    values = predicted[measure].to_numpy(np.float64)
    known = rows & ~np.isnan(values)
    values, errors = values[known], predicted["abs_error"].to_numpy()[known]
    ages = predicted["age"].to_numpy()[known]
    parts = equal_parts(values, PARTS)
    numbers = range(parts.max() + 1) if len(parts) else range(0)
    masks = [parts == number for number in numbers]
    table = mean_errors([errors[mask] for mask in masks])
    table.insert(0, "low", [values[mask].min() for mask in masks])
    table.insert(1, "high", [values[mask].max() for mask in masks])
    return table.assign(median_age=[np.median(ages[mask]) for mask in masks])


def faces_of_measure(
    predicted: pd.DataFrame, rows: np.ndarray, measure: str, low: float, high: float
) -> np.ndarray:
    """The row numbers of a part's faces, the largest error first."""
    part = predicted[measure].between(low, high).to_numpy()
    return worst_first(predicted, rows & part)


def error_by_flag(predicted: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """The error of the faces with each remark about their picture.

    Returns:
        Indexed by the flag, of those that a face has, `NO_FLAG` first: `n`,
        `mae_years`, `mae_low`, `mae_high` as returned by `error_by_measure`. No row
        where nothing is known of the pictures.
    """
    masks = {
        flag: mask
        for flag in known_flags(predicted)
        if (mask := _flagged(predicted, rows, flag)).any()
    }
    errors = predicted["abs_error"].to_numpy()
    table = mean_errors([errors[mask] for mask in masks.values()])
    return table.set_axis(pd.Index(list(masks), dtype=object, name="flag"))


def faces_of_flag(predicted: pd.DataFrame, rows: np.ndarray, flag: str) -> np.ndarray:
    """The row numbers of the faces with a flag of `error_by_flag`, worst first."""
    return worst_first(predicted, _flagged(predicted, rows, flag))


def known_flags(predicted: pd.DataFrame) -> tuple[str, ...]:
    """The flags that a table has, `NO_FLAG` first; none where it has none."""
    names = _flags(predicted)
    return (NO_FLAG, *names) if names else ()


def flag_words(flag: str) -> str:
    """What a flag of `error_by_flag` is called."""
    return "no remark" if flag == NO_FLAG else QUALITIES[flag]


def equal_parts(values: np.ndarray, count: int) -> np.ndarray:
    """Number the parts, equal in size, into which values, shape (n,), fall; shape (n,).

    Equal values share a part, so there may be fewer parts than `count`; they are
    numbered from 0 without a gap, the part of the least values first.
    """
    if not len(values):
        return np.zeros(0, int)
    inner = np.quantile(values, np.arange(1, count) / count)
    parts = np.searchsorted(inner, values, side="left")
    return np.unique(parts, return_inverse=True)[1]


def mean_errors(parts: list[np.ndarray]) -> pd.DataFrame:
    """`n`, `mae_years` and its interval for the absolute errors of every part."""
    found = [{"n": len(part), **means_with_intervals({"mae": part})} for part in parts]
    table = pd.DataFrame(found, columns=["n", "mae", "mae_low", "mae_high"])
    return table.astype({"n": int}).rename(columns={"mae": "mae_years"})


def measure_in_words(table: pd.DataFrame, measure: str) -> str:
    """The error on the pictures with least and with most of a measure.

    Args:
        table: as returned by `error_by_measure`.
        measure: of `PICTURE_MEASURES`.
    """
    word = PICTURE_MEASURES[measure]
    if len(table) < PARTS:
        return f"There are too few pictures to compare by {measure}."
    least, most = table.iloc[0], table.iloc[-1]
    apart = least.mae_low > most.mae_high or most.mae_low > least.mae_high
    overlap = "do not overlap" if apart else "overlap: the difference may be chance"
    return (
        f"On the least {word} fifth of the pictures the mean absolute error is "
        f"{_with_interval(least)}, on the {word}est fifth {_with_interval(most)}; the "
        f"intervals {overlap}. The faces differ, too: their median age is "
        f"{least.median_age:.0f} and {most.median_age:.0f}."
    )


def flags_in_words(table: pd.DataFrame) -> str:
    """The remark with the largest error, beside the pictures without any.

    Args:
        table: as returned by `error_by_flag`.
    """
    large = table[table["n"] >= MIN_FACES]
    flagged = large.drop(index=NO_FLAG, errors="ignore")
    if flagged.empty or NO_FLAG not in large.index:
        return f"No remark is made on {MIN_FACES} pictures or more."
    worst, plain = flagged.iloc[flagged["mae_years"].argmax()], large.iloc[0]
    return (
        f"Of the remarks made on {MIN_FACES} pictures or more, "
        f"'{flag_words(str(worst.name))}' "
        f"goes with the largest error, {_with_interval(worst)} (n {worst.n:,.0f}); "
        f"without a remark it is {_with_interval(plain)}."
    )


def _with_interval(row: pd.Series) -> str:
    return f"{row.mae_years:.2f} years ({row.mae_low:.2f} to {row.mae_high:.2f})"


def _flags(predicted: pd.DataFrame) -> list[str]:
    return [name for name in qualities_in(predicted) if name != SHARP]


def _flagged(predicted: pd.DataFrame, rows: np.ndarray, flag: str) -> np.ndarray:
    if flag != NO_FLAG:
        return rows & predicted[flag].to_numpy(bool)
    return rows & ~predicted[_flags(predicted)].to_numpy(bool).any(1)
