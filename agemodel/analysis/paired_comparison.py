"""Two runs on the faces that both estimated: which errs less, where, and by chance?

`pairs` is the table of `pair_faces`, a face at least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agemodel.metrics.bootstrap import (
    means_with_intervals,
    percentile_interval,
    resamples,
)

CS_LIMIT_YEARS = 5
"""Years within which the cumulative score here counts an estimate."""

_LABELS = ["file", "age", "gender", "race", "age_group"]
_PREDICTED = ["age_years", "error_years", "abs_error", "p_female", "gender_wrong"]


@dataclass(frozen=True)
class Difference:
    """A measure of two runs on the same faces.

    Attributes:
        first: of the first run.
        second: of the second.
        interval_95: paired bootstrap interval of `first - second`.
    """

    first: float
    second: float
    interval_95: tuple[float, float]

    @property
    def value(self) -> float:
        """First less second."""
        return self.first - self.second

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        low, high = self.interval_95
        return low > 0 or high < 0


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of two classifiers on the same faces.

    Attributes:
        only_first: faces of which the first alone is right.
        only_second: faces of which the second alone is right.
        both: faces of which both are right.
        neither: faces of which none is.
        p: two-sided, of the difference in accuracy.
    """

    only_first: int
    only_second: int
    both: int
    neither: int
    p: float


def pair_faces(
    first: pd.DataFrame,
    second: pd.DataFrame,
    first_rows: np.ndarray,
    second_rows: np.ndarray,
) -> pd.DataFrame:
    """Put what two runs say of the same faces beside each other.

    Args:
        first: of the first run, as returned by `read_predicted`.
        second: of the second.
        first_rows: the faces of `first` that count, a mask of shape (n,).
        second_rows: of `second`.

    Returns:
        A row a face that counts in both, in the first's order: its labels, the row
        numbers `row_first` and `row_second`, each run's estimates (`age_years`,
        `error_years`, `abs_error`, `p_female`, `gender_wrong`, with `_first` and
        `_second`), and `gain_years`: by how much the second errs less.
    """
    sides = [
        frame.loc[rows, columns].assign(row=np.flatnonzero(rows))
        for frame, rows, columns in (
            (first, first_rows, _LABELS + _PREDICTED),
            (second, second_rows, ["file", *_PREDICTED]),
        )
    ]
    pairs = sides[0].merge(sides[1], on="file", suffixes=("_first", "_second"))
    return pairs.assign(gain_years=pairs["abs_error_first"] - pairs["abs_error_second"])


def compare_ages(pairs: pd.DataFrame) -> dict[str, Difference]:
    """Measures of the age of both runs, with intervals of their differences.

    The bootstrap draws faces, not runs.

    Returns:
        `mae_years`, `median_error_years` and `cs5`.
    """
    sizes = pairs[["abs_error_first", "abs_error_second"]].to_numpy(np.float64).T
    within = (sizes <= CS_LIMIT_YEARS).astype(np.float64)
    gains = {"mae": sizes[0] - sizes[1], "cs": within[0] - within[1]}
    found = means_with_intervals(gains)
    intervals = {
        "mae_years": (found["mae_low"], found["mae_high"]),
        "median_error_years": _median_interval(sizes),
        f"cs{CS_LIMIT_YEARS}": (found["cs_low"], found["cs_high"]),
    }
    values = (sizes.mean(1), np.median(sizes, axis=1), within.mean(1))
    return {
        name: Difference(float(first), float(second), interval)
        for (name, interval), (first, second) in zip(
            intervals.items(), values, strict=True
        )
    }


def _median_interval(sizes: np.ndarray) -> tuple[float, float]:
    """Of the difference of the medians of two rows over the same drawn faces."""
    drawn = resamples(sizes.shape[1])
    first, second = (np.median(row[drawn], axis=1) for row in sizes)
    return percentile_interval(first - second)


def difference_in_words(difference: Difference, first: str, second: str) -> str:
    """What the difference of two mean absolute errors says, in two sentences.

    Args:
        difference: `mae_years` of `compare_ages`.
        first: name of the first run.
        second: of the second.
    """
    better, worse = (first, second) if difference.value < 0 else (second, first)
    size = abs(difference.value)
    low, high = sorted(abs(bound) for bound in difference.interval_95)
    text = (
        f"On these faces {first} errs by {difference.first:.2f} years on average, "
        f"{second} by {difference.second:.2f}. "
    )
    if difference.is_clear:
        return text + (
            f"{better} errs {size:.2f} years less than {worse} (95 % interval of the "
            f"difference: {low:.2f} to {high:.2f})."
        )
    low, high = difference.interval_95
    return text + (
        f"The 95 % interval of the difference, {low:+.2f} to {high:+.2f} years, holds "
        "zero: these faces do not tell the runs apart."
    )


def count_wins(pairs: pd.DataFrame) -> pd.DataFrame:
    """Count the faces that each run errs less on, for every age group and for all.

    Returns:
        Indexed by age group, of those that a face has, and `all` at the end: `n`,
        `first` and `second` (faces on which that run's absolute error is smaller),
        `even` (equal).
    """
    gain = pairs["gain_years"].to_numpy()
    wins = pd.DataFrame({"first": gain < 0, "second": gain > 0, "even": gain == 0})
    wins.insert(0, "n", 1)
    groups = pairs["age_group"].astype("str").to_numpy()
    names = [name for name in pairs["age_group"].cat.categories if name in set(groups)]
    found = wins.groupby(groups).sum().reindex(names)
    found.loc["all"] = wins.sum()
    return found.astype(int).rename_axis("age_group")


def mae_by_group(pairs: pd.DataFrame, by: str = "age_group") -> pd.DataFrame:
    """Mean absolute errors of both runs for every label of a category.

    Args:
        by: `age_group`, `gender` or `race`.

    Returns:
        A row a label that a face has: `by`, `n`, and `first`, `second` and
        `difference` (first less second), each with `_low` and `_high`, the bounds of
        its 95 % bootstrap interval; years.
    """
    found = []
    for name, part in pairs.groupby(by, observed=True):
        first, second = part[["abs_error_first", "abs_error_second"]].to_numpy().T
        errors = {"first": first, "second": second, "difference": first - second}
        found.append({by: name, "n": len(part), **means_with_intervals(errors)})
    return pd.DataFrame(found)


def mcnemar_of_genders(pairs: pd.DataFrame) -> McNemar:
    """McNemar's exact test of the gender labels that two runs give."""
    first, second = (
        ~pairs[f"gender_wrong_{run}"].to_numpy(bool) for run in ("first", "second")
    )
    only_first = int(np.count_nonzero(first & ~second))
    only_second = int(np.count_nonzero(second & ~first))
    return McNemar(
        only_first,
        only_second,
        int(np.count_nonzero(first & second)),
        int(np.count_nonzero(~first & ~second)),
        sign_test(only_first, only_second),
    )


def sign_test(heads: int, tails: int) -> float:
    """The probability that a fair coin falls as unevenly as this, or more; two-sided.

    It is the exact binomial form of McNemar's test (Q. McNemar, Psychometrika 1947)
    when given the faces that only one of two classifiers gets right.
    """
    n = heads + tails
    ways, tail = 1, 0  # ways to have k heads, and to have at most so many
    for k in range(min(heads, tails) + 1):
        tail += ways
        ways = ways * (n - k) // (k + 1)
    return min(1.0, 2 * tail / 2**n)


def farthest_apart(pairs: pd.DataFrame, better: str, count: int) -> pd.DataFrame:
    """The faces on which one run errs less than the other by most.

    Args:
        better: the run that errs less, `first` or `second`.
        count: at most so many.

    Returns:
        Rows of `pairs`, the largest difference first; those that it wins alone.
    """
    sign = {"first": -1, "second": 1}[better]
    lead = sign * pairs["gain_years"].to_numpy()
    rows = np.argsort(-lead, kind="stable")[:count]
    return pairs.iloc[rows[lead[rows] > 0]]
