"""Estimates restricted to a range of ages in which each face is known to lie.

CORAL's faces are 21 to 60 years old, and networks that learned from such faces alone
cannot answer anything else; one that learned from all ages can. So beside theirs its
figures are stated both as they are and restricted to that range. Nothing is learned or
chosen for that: each distribution is cut to the range.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from agemodel.core.labels import AGES, group_probabilities
from agemodel.metrics.distributions import median_age


def cut_to_range(age_probabilities: np.ndarray, low: int, high: int) -> np.ndarray:
    """Distributions given that the age is low..high, both included.

    Args:
        age_probabilities: shape (n, 116), over `labels.AGES`.
        low: years, of `labels.AGES`.
        high: years, likewise, at least low.

    Returns:
        The same shape; each row sums to 1. Of a distribution without any probability
        in the range all of it lies at the end that is nearer to its median.
    """
    inside = (low <= AGES) & (high >= AGES)
    cut = np.where(inside, age_probabilities, 0).astype(np.float64)
    nearest = np.where(median_age(age_probabilities) < low, low, high)
    cut += (cut.sum(1) == 0)[:, None] * (nearest[:, None] == AGES)
    return cut / cut.sum(1, keepdims=True)


def restrict_to_range(predictions: pd.DataFrame, low: int, high: int) -> pd.DataFrame:
    """Predictions as they are when every age is known to be low..high.

    Age, interval and age group change; an interval only loses what lies outside, so it
    holds every true age that it held before.

    Args:
        predictions: as returned by `evaluation.prediction_table`.
        low: years, of `labels.AGES`.
        high: years, likewise, at least low.
    """
    ages = cut_to_range(np.stack(predictions["age_probabilities"].tolist()), low, high)
    return predictions.assign(
        age_years=np.clip(median_age(ages), low, high).astype(np.float32),
        age_low=predictions["age_low"].clip(low, high),
        age_high=predictions["age_high"].clip(low, high),
        age_group=group_probabilities(ages).argmax(1).astype(np.int8),
        age_probabilities=list(ages.astype(np.float32)),
    )
