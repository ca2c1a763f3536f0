"""The bootstrap: 95 % percentile intervals over resampled faces; NumPy only.

Every resample draws n of n faces with replacement (B. Efron, Annals of Statistics
1979). The same seed gives the same resamples for every measure of n faces, so that two
runs on the same faces are drawn alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

BOOTSTRAP_DRAWS = 1000
"""Resamples of an interval."""

Interval = tuple[float, float]


def resamples(n: int, draws: int = BOOTSTRAP_DRAWS, seed: int = 0) -> np.ndarray:
    """The faces of each resample: indices 0..n-1, shape (draws, n), int64."""
    return np.random.default_rng(seed).integers(0, n, (draws, n))


@lru_cache(maxsize=4)
def resample_counts(n: int, draws: int = BOOTSTRAP_DRAWS) -> np.ndarray:
    """How often each of n faces is in each resample, shape (n, draws), uint8.

    It is shared between callers: never change it.
    """
    counts = np.empty((draws, n), np.uint8)
    for row, faces in zip(counts, resamples(n, draws), strict=True):
        row[:] = np.bincount(faces, minlength=n)
    return np.ascontiguousarray(counts.T)


def percentile_interval(drawn: np.ndarray) -> Interval:
    """The 2.5th and 97.5th percentile of a measure's draws.

    Args:
        drawn: the measure of each resample, shape (draws,); nan where it is undefined.

    Returns:
        Of the draws in which it is defined; nan and nan where there is none.
    """
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def bootstrap_interval(
    values: np.ndarray, statistic: Callable[..., Any] = np.mean, seed: int = 0
) -> Interval:
    """The interval of a statistic of some faces.

    Args:
        values: of the faces, shape (n,).
        statistic: takes values and `axis`, as `np.mean` does.
        seed: of the resamples.
    """
    values = np.asarray(values, np.float64)
    drawn = resamples(len(values), seed=seed)
    return percentile_interval(np.asarray(statistic(values[drawn], axis=1)))


def means_with_intervals(columns: Mapping[str, ArrayLike]) -> dict[str, float]:
    """The means of columns over the same faces, each of shape (n,), n at least 1.

    Returns:
        By each name, and with `_low` and `_high` behind it the bounds of its interval.
    """
    table = {name: np.asarray(one, np.float64) for name, one in columns.items()}
    drawn = resamples(len(next(iter(table.values()))))
    found: dict[str, float] = {}
    for name, values in table.items():
        low, high = percentile_interval(values[drawn].mean(1))
        found |= {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}
    return found
