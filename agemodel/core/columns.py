"""Categorical columns of the table of faces, one byte per face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def category(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    """A column of labels from their indices in `names`, shape (n,); -1 is missing."""
    kind = pd.CategoricalDtype(list(names))
    return pd.Categorical.from_codes(codes.astype(np.int8), dtype=kind)


def codes_of(column: pd.Series) -> np.ndarray:
    """The indices of a column's labels, shape (n,), int8; -1 is missing."""
    return np.asarray(column.array.codes)


def names_of(column: pd.Series) -> pd.Index:
    """The possible labels of a column, in order, named as the column."""
    return column.cat.categories.rename(column.name)
