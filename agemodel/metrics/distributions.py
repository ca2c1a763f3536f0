"""Distributions over `labels.AGES`: quantiles and cumulative shares."""

from __future__ import annotations

import numpy as np

from agemodel.core.labels import AGES

_EDGES = np.concatenate([AGES - 0.5, [AGES[-1] + 0.5]])


def distribution_around(age_years: float, half_width_years: float) -> np.ndarray:
    """The normal distribution whose central 80 % are age +- half width, over `AGES`.

    For networks whose age is one number: they know only how far they err on average.
    """
    deviation = max(half_width_years / 1.2816, 0.5)  # 90 % quantile of the normal
    density = np.exp(-0.5 * np.square((AGES - age_years) / deviation))
    return density / density.sum()


def median_age(age_probabilities: np.ndarray) -> np.ndarray:
    """The point estimates, shape (n,), of distributions, shape (n, 116)."""
    return quantile(age_probabilities, 0.5)


def quantile(age_probabilities: np.ndarray, share: float) -> np.ndarray:
    """The age below which a share of each distribution lies.

    Within a bin of a year (k - 0.5 to k + 0.5) the probability is spread evenly.

    Args:
        age_probabilities: shape (n, 116), each row sums to 1.
        share: 0..1.

    Returns:
        Shape (n,), years.
    """
    ends = np.cumsum(age_probabilities, axis=1, dtype=np.float64)
    bins = np.minimum((ends < share).sum(1), ends.shape[1] - 1)
    rows = np.arange(len(ends))
    mass = np.maximum(age_probabilities[rows, bins], 1e-12)
    part = 1 - (ends[rows, bins] - share) / mass
    return _EDGES[bins] + np.clip(part, 0, 1)


def cumulative_at(age_probabilities: np.ndarray, age_years: np.ndarray) -> np.ndarray:
    """Share of each distribution below an age, shape (n,); inverse of `quantile`."""
    position = np.clip(np.asarray(age_years) - _EDGES[0], 0, len(AGES))
    bins = np.minimum(position.astype(int), len(AGES) - 1)
    rows = np.arange(len(bins))
    ends = np.cumsum(age_probabilities, axis=1, dtype=np.float64)
    mass = age_probabilities[rows, bins]
    return ends[rows, bins] - mass * (1 - (position - bins))
