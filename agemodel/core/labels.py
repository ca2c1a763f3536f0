"""Ages, age groups, genders, races and splits, as the dataset and model number them."""

from __future__ import annotations

import numpy as np

MIN_AGE = 1
MAX_AGE = 116
AGES = np.arange(MIN_AGE, MAX_AGE + 1)
"""The ages in years over which the model spreads its probability, shape (116,)."""

EMBEDDING_SIZE = 64
"""The size of a face's embedding, by which a model compares faces."""

AGE_GROUP_STARTS = (0, 3, 10, 20, 30, 40, 50, 60, 70)
AGE_GROUPS = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")

GENDERS = ("male", "female")
"""Gender as labelled in UTKFace (two labels), by label; it says nothing of identity."""

RACES = ("White", "Black", "Asian", "Indian", "Other")
"""Race as labelled in UTKFace, by label; used to audit errors, never predicted."""


SPLIT_NAMES = ("train", "val", "test")
"""The parts of the dataset: for training, for choosing a model, and for its report."""

SPLIT_WORDS = {"train": "train", "val": "validation", "test": "test"}


def age_group_index(age_years: np.ndarray | float) -> np.ndarray:
    """The index in `AGE_GROUPS` of ages in years, of any shape."""
    completed = np.floor(np.asarray(age_years, dtype=np.float64))
    return np.searchsorted(AGE_GROUP_STARTS, completed, side="right") - 1


def group_probabilities(age_probabilities: np.ndarray) -> np.ndarray:
    """Sum a distribution over `AGES` into the age groups.

    Args:
        age_probabilities: shape (..., 116), each row sums to 1.

    Returns:
        Shape (..., 9), in the order of `AGE_GROUPS`; each row sums to 1.
    """
    first_bins = np.maximum(np.array(AGE_GROUP_STARTS) - MIN_AGE, 0)
    return np.add.reduceat(age_probabilities, first_bins, axis=-1)
