"""How far the estimated ages are off, by age and altogether.

Every function takes the table of `read_predicted` and the faces that count, a mask
of shape (n,). Functions named `faces_` give the row numbers of a part of these faces,
the largest error first.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from agemodel.core.labels import AGES, MAX_AGE, MIN_AGE
from agemodel.metrics.measures import MIN_FACES

CELL_YEARS = 3
CELLS = np.arange(MIN_AGE + 1, MAX_AGE + CELL_YEARS, CELL_YEARS)
"""The middles of the cells of labelled and of estimated age, years, shape (39,); a cell
goes from 1.5 years below to 1.5 above, the last ones also hold what lies beyond."""

WINDOW_YEARS = 2
"""What runs over the ages takes faces so many years younger and older."""

BAND = (10, 90)
"""The percentiles between which most errors lie."""

CUMULATIVE_YEARS = np.arange(21)
_STATED_YEARS = (1, 5, 10)


def count_ages(predicted: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Count the faces by labelled and estimated age.

    Returns:
        Indexed by the middle of the estimated ages, a column a middle of the labelled
        ones, both `CELLS`.
    """
    true, estimated = _cells(predicted.loc[rows])
    size = len(CELLS)
    counted = np.bincount(estimated * size + true, minlength=size * size)
    return pd.DataFrame(
        counted.reshape(size, size),
        index=pd.Index(CELLS, name="age_years"),
        columns=pd.Index(CELLS, name="age"),
    )


def faces_in_cells(
    predicted: pd.DataFrame,
    rows: np.ndarray,
    age: tuple[float, float],
    age_years: tuple[float, float],
) -> np.ndarray:
    """The faces of a rectangle of cells.

    Args:
        age: the middles of its least and greatest labelled ages, years.
        age_years: those of its estimated ages.
    """
    in_cells = rows.copy()
    for cells, bounds in zip(_cells(predicted), (age, age_years), strict=True):
        low, high = _cell(np.array(bounds))
        in_cells &= (low <= cells) & (cells <= high)
    return worst_first(predicted, in_cells)


def running_errors(predicted: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """How the signed errors spread at every labelled age.

    Returns:
        Indexed by age, `labels.AGES`: `n` faces within `WINDOW_YEARS`, and of their
        errors, in years, `low` and `high` (the percentiles of `BAND`), `median` and
        `mean`; nan where they are fewer than `MIN_FACES`.
    """
    ages = predicted["age"].to_numpy()[rows]
    order = np.argsort(ages, kind="stable")
    errors = predicted["error_years"].to_numpy(np.float64)[rows][order]
    ages = ages[order]
    starts = np.searchsorted(ages, AGES - WINDOW_YEARS, side="left")
    ends = np.searchsorted(ages, AGES + WINDOW_YEARS, side="right")
    table = np.full((len(AGES), 4), np.nan)
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if end - start >= MIN_FACES:
            window = errors[start:end]
            table[place, :3] = np.percentile(window, [BAND[0], 50, BAND[1]])
            table[place, 3] = window.mean()
    frame = pd.DataFrame(table, AGES, ["low", "median", "high", "mean"])
    frame.insert(0, "n", ends - starts)
    return frame.rename_axis("age")


def faces_of_ages(
    predicted: pd.DataFrame, rows: np.ndarray, low: float, high: float
) -> np.ndarray:
    """The faces from one labelled age to another, both included."""
    return worst_first(predicted, rows & predicted["age"].between(low, high).to_numpy())


def cumulative_scores(predicted: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """CS@k for k of `CUMULATIVE_YEARS`, beside that of guessing one age.

    Returns:
        Indexed by `years`: `cs`, the share, 0..1, of faces that are at most so many
        years off, and `guess`, what it would be were every face given the mean age of
        the train faces (nan where the run has none); `attrs["guess_years"]` is that.
    """
    train = predicted["age"].to_numpy()[(predicted["split"] == "train").to_numpy()]
    guess = float(train.mean()) if len(train) else np.nan
    guessed = np.abs(predicted["age"].to_numpy()[rows] - guess)
    columns = {
        "cs": _shares_within(predicted["abs_error"].to_numpy()[rows]),
        "guess": _shares_within(guessed) if len(train) else np.nan,
    }
    table = pd.DataFrame(columns, pd.Index(CUMULATIVE_YEARS, name="years"))
    table.attrs["guess_years"] = guess
    return table


def faces_beyond(predicted: pd.DataFrame, rows: np.ndarray, years: float) -> np.ndarray:
    """The faces that are more than so many years off."""
    return worst_first(predicted, rows & (predicted["abs_error"] > years).to_numpy())


def worst_first(predicted: pd.DataFrame, mask: np.ndarray) -> np.ndarray:
    """The row numbers of some faces, the largest absolute error first."""
    return in_order(mask, -predicted["abs_error"].to_numpy())


def in_order(mask: np.ndarray, by: np.ndarray) -> np.ndarray:
    """The row numbers of a mask, the least of `by`, shape (n,), first."""
    chosen = np.flatnonzero(mask)
    return chosen[np.argsort(by[chosen], kind="stable")]


def percent(share: float) -> str:
    """A share, 0..1, as text with a space that does not break: 81.7 %."""
    return f"{share * 100:.1f}\u00a0%"


def density_in_words(predicted: pd.DataFrame, rows: np.ndarray) -> str:
    """How near the estimates come to the labels, and on which side they lie."""
    errors = predicted["error_years"].to_numpy()[rows]
    half, most = np.percentile(np.abs(errors), [50, 90])
    return (
        f"Half of the estimates lie within {half:.1f} years of the label, nine in ten "
        f"within {most:.1f}; {percent((errors > 0).mean())} are too old, "
        f"{percent((errors < 0).mean())} too young."
    )


def running_in_words(running: pd.DataFrame, bias_years: float) -> str:
    """The bias, and the ages at which the estimates lean most to either side.

    Args:
        running: as returned by `running_errors`.
        bias_years: the mean of all errors.
    """
    words = f"The mean error (bias) is {bias_years:+.2f} years."
    known = running.dropna()
    if known.empty:
        return f"{words} No age has {MIN_FACES} faces around it for a running median."
    median = known["median"].to_numpy()
    high, low = (known.iloc[find(median)] for find in (np.argmax, np.argmin))
    wide = known.iloc[np.argmax((known["high"] - known["low"]).to_numpy())]
    return (
        f"{words} By its running median the age comes out highest at {high.name} "
        f"({high['median']:+.1f} years) and lowest at {low.name} "
        f"({low['median']:+.1f}). Errors spread most at {wide.name}: eight in ten from "
        f"{wide['low']:+.1f} to {wide['high']:+.1f}."
    )


def cumulative_in_words(scores: pd.DataFrame) -> str:
    """The share of faces within a few limits, and what a guess would reach.

    Args:
        scores: as returned by `cumulative_scores`.
    """
    stated = [f"{percent(scores['cs'].loc[k])} within {k}" for k in _STATED_YEARS]
    words = f"Of the estimates {stated[0]} year, {', '.join(stated[1:])} years."
    guess = scores.attrs["guess_years"]
    if np.isnan(guess):
        return words
    middle = _STATED_YEARS[1]
    return (
        f"{words} Guessing the mean age of the train faces, {guess:.1f}, for everybody "
        f"would bring {percent(scores['guess'][middle])} within {middle}."
    )


def _shares_within(errors: np.ndarray) -> np.ndarray:
    return (errors <= CUMULATIVE_YEARS[:, None]).mean(1)


def _cells(faces: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The cells of the labelled and of the estimated ages, each of shape (n,)."""
    return _cell(faces["age"].to_numpy()), _cell(faces["age_years"].to_numpy())


def _cell(years: np.ndarray | float) -> np.ndarray:
    number = np.floor((np.asarray(years) - (MIN_AGE - 0.5)) / CELL_YEARS)
    return np.clip(number, 0, len(CELLS) - 1).astype(int)
