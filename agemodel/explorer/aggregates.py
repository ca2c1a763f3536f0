"""The table of faces reduced to what a chart shows: never a row a face.

Every function takes the table of `face_table.read_faces` and the faces that count, a
mask of shape (n,) (see `filters`); what it gives is as small for a million faces as for
a thousand. A face without the label or estimate in question is in no count.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from agemodel.core.columns import codes_of, names_of
from agemodel.core.labels import AGES, MAX_AGE

QUANTILES = {"p10": 0.1, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9}
"""What `age_spread` says of the ages of some faces."""


def age_histogram(
    faces: pd.DataFrame, mask: np.ndarray, by: str | None = None
) -> pd.DataFrame:
    """Count the faces of every labelled age.

    Args:
        by: a category, such as `gender`, whose labels are counted each by itself.

    Returns:
        Indexed by age, `labels.AGES`; a column a label of `by`, else one, `n`.
    """
    ages = faces["age"].to_numpy()[mask]
    names = pd.Index(["n"]) if by is None else names_of(faces[by])
    codes = np.zeros(len(ages), np.int8) if by is None else codes_of(faces[by])[mask]
    counted = _count_pairs(ages, codes, MAX_AGE + 1, len(names))[AGES]
    return pd.DataFrame(counted, pd.Index(AGES, name="age"), names)


def value_counts(faces: pd.DataFrame, mask: np.ndarray, by: str) -> pd.Series:
    """Count the faces of every label of a category, also those that no face has."""
    names = names_of(faces[by])
    codes = codes_of(faces[by])[mask]
    counted = np.bincount(codes[codes >= 0], minlength=len(names))
    return pd.Series(counted, names, name="n")


def age_spread(
    faces: pd.DataFrame, mask: np.ndarray, down: str, across: str
) -> pd.DataFrame:
    """Measure how the labelled ages spread for every pair of labels.

    Args:
        down: a category, such as `race`.
        across: another, such as `gender`.

    Returns:
        A row a pair that a face has, indexed by both labels: `n`, and the ages of
        `QUANTILES`, int: the youngest that so large a share of the faces does not
        pass.
    """
    rows, names = names_of(faces[down]), names_of(faces[across])
    first, second = codes_of(faces[down])[mask], codes_of(faces[across])[mask]
    number = first.astype(np.int64) * len(names) + second
    pairs = np.where((first < 0) | (second < 0), -1, number)
    ages = faces["age"].to_numpy()[mask]
    counted = _count_pairs(pairs, ages, len(rows) * len(names), MAX_AGE + 1)
    index = pd.MultiIndex.from_product([rows, names])
    some = np.flatnonzero(counted.any(axis=1))
    counted, index = counted[some], index[some]
    passed = counted.cumsum(axis=1)  # (pairs, ages)
    n = counted.sum(axis=1)
    found = {
        name: (passed < np.ceil(share * n)[:, None]).sum(axis=1)
        for name, share in QUANTILES.items()
    }
    return pd.DataFrame({"n": n, **found}, index)


def normalised(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts as shares, 0..1, of all; 0 of none."""
    return counts / max(counts.to_numpy().sum(), 1)


def error_by(faces: pd.DataFrame, mask: np.ndarray, by: str = "age") -> pd.DataFrame:
    """Measure the errors of every labelled age, or of every label of a category.

    The model knows the faces of train and, a little, of val: only on those of test are
    its errors what they are on other faces.

    Args:
        by: `age` or a category.

    Returns:
        Indexed by age or label, of those that a face has: `n`, `mae_years` (mean
        absolute error) and `bias_years` (mean signed error).
    """
    known = mask & ~np.isnan(faces["error_years"].to_numpy())
    error = faces["error_years"].to_numpy()[known].astype(np.float64)
    by_age = by == "age"
    names = pd.Index(range(MAX_AGE + 1), name=by) if by_age else names_of(faces[by])
    keys = (faces["age"].to_numpy() if by_age else codes_of(faces[by]))[known]
    error, keys = error[keys >= 0], keys[keys >= 0]
    n = np.bincount(keys, minlength=len(names))
    sums = {
        "mae_years": np.bincount(keys, np.abs(error), len(names)),
        "bias_years": np.bincount(keys, error, len(names)),
    }
    some = np.flatnonzero(n)
    means = {name: total[some] / n[some] for name, total in sums.items()}
    return pd.DataFrame({"n": n[some], **means}, names[some])


def collected(
    faces: pd.DataFrame, mask: np.ndarray, by: Literal["month", "day"] = "month"
) -> pd.Series:
    """Count the faces of every month or day of collection that has any.

    Returns:
        Indexed by text, `2017-01` or `2017-01-09`, the earliest first.
    """
    moments = faces["date"].to_numpy()[mask]
    unit = {"month": "M", "day": "D"}[by]
    known = moments[~np.isnat(moments)].astype(f"datetime64[{unit}]")
    spans, counted = np.unique(known, return_counts=True)
    return pd.Series(
        counted, pd.Index(spans.astype(str), dtype="str", name=by), name="n"
    )


def _count_pairs(
    down: np.ndarray, across: np.ndarray, n_down: int, n_across: int
) -> np.ndarray:
    """How often each pair of numbers occurs, shape (n_down, n_across); none if < 0."""
    known = (down >= 0) & (across >= 0)
    pairs = down[known].astype(np.int64) * n_across + across[known]
    return np.bincount(pairs, minlength=n_down * n_across).reshape(n_down, n_across)
