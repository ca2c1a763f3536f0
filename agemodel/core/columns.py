"""Columns of labels in the table of faces: a byte a face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def category(codes: np.ndarray, names: Sequence[str]) -> pd.Categorical:
    """A column of labels from their numbers in `names`, shape (n,); -1 is none."""
    kind = pd.CategoricalDtype(list(names))
    return pd.Categorical.from_codes(codes.astype(np.int8), dtype=kind)


def codes_of(column: pd.Series) -> np.ndarray:
    """The numbers of a column's labels, shape (n,), int8; -1 is none."""
    return np.asarray(column.array.codes)


def names_of(column: pd.Series) -> pd.Index:
    """The labels that a column can have, in their order; its name is the column's."""
    return column.cat.categories.rename(column.name)
