"""What may be wrong with the data: the kinds, how many of each, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from agemodel.core.labels import SPLIT_NAMES
from agemodel.explorer.flags import (
    DOUBTFUL_PROBABILITY,
    DOUBTFUL_WIDTHS,
    DOUBTFUL_YEARS,
    NOTABLE_YEARS,
    OUTCOMES,
)
from agemodel.explorer.selection import Selection

MEANINGS = {
    "crossing": "Duplicates of which one is in train and one in test: the model has "
    "seen these test faces.",
    "conflict": f"Duplicates whose labels differ by {NOTABLE_YEARS:g} years or more, "
    "or in gender: one of them is wrong.",
    "exact": "Pictures that are the same, pixel for pixel.",
    "duplicate": "Pictures that are the same or nearly so.",
    "mislabelled": f"The estimate errs by {DOUBTFUL_YEARS:g} years and by "
    f"{DOUBTFUL_WIDTHS:g} widths of its interval, or more: the label may be wrong.",
    "gender_doubted": "The model gives the labelled gender a probability under "
    f"{DOUBTFUL_PROBABILITY:.0%}: the label may be wrong.",
    "no_face": "The detector finds no face.",
    "blurred": "The face is blurred.",
    "dark": "The face is dark.",
    "bright": "The face is overexposed.",
    "small": "The face is small in its picture.",
    "turned": "The face is turned away.",
    "greyscale": "The picture has no colours.",
}
"""Kinds of issues, each a flag or an outcome (see `flags`), the gravest first."""

_GROUPED_BY = {
    "crossing": "duplicate_group",
    "conflict": "duplicate_group",
    "duplicate": "duplicate_group",
    "exact": "exact_group",
}


@dataclass(frozen=True)
class Issue:
    """One kind of what may be wrong.

    Attributes:
        kind: of `MEANINGS`.
        faces: how many have it.
        by_split: how many of them are in each split.
        groups: for duplicates, in how many groups they are; else 0.
    """

    kind: str
    faces: int
    by_split: dict[str, int]
    groups: int = 0

    @property
    def meaning(self) -> str:
        """What it is, in a sentence."""
        return MEANINGS[self.kind]

    @property
    def sort(self) -> str:
        """The order, of `ordering.ORDERS`, in which they are best looked at."""
        if self.kind in _GROUPED_BY:
            return "together"
        return "doubtful" if self.kind == "mislabelled" else "name"

    @property
    def selection(self) -> Selection:
        """The faces that have it."""
        if self.kind in OUTCOMES:
            return Selection(outcomes=(self.kind,))
        return Selection(flags=(self.kind,))


@dataclass(frozen=True)
class Effect:
    """What taking faces out of a split does to its error; years, nan of no face.

    Attributes:
        n: faces of the split with an estimate.
        removed: how many of them are taken out.
        mae_with: mean absolute error of all.
        mae_without: of those that stay.
        mae_removed: of those taken out.
    """

    n: int
    removed: int
    mae_with: float
    mae_without: float
    mae_removed: float


def find_issues(faces: pd.DataFrame) -> list[Issue]:
    """Count the faces of every kind of issue that can be told, none included.

    Args:
        faces: as returned by `face_table.read_faces`.
    """
    return [_issue(faces, kind) for kind in MEANINGS if kind in faces]


def _issue(faces: pd.DataFrame, kind: str) -> Issue:
    rows = faces[kind].to_numpy()
    by_split = faces["split"][rows].value_counts().reindex(list(SPLIT_NAMES))
    groups = 0
    if kind in _GROUPED_BY:
        groups = faces[_GROUPED_BY[kind]][rows].nunique()
    counts = {str(split): int(n) for split, n in by_split.items()}
    return Issue(kind, int(np.count_nonzero(rows)), counts, groups)


def count_crossings(faces: pd.DataFrame) -> pd.DataFrame:
    """Count the duplicates that lie in two splits at once, for every two splits.

    Args:
        faces: as returned by `face_table.read_faces`, described.

    Returns:
        A row a pair: `first`, `second`, `groups`, and how many `faces_first` and
        `faces_second` those groups have in the two splits.
    """
    groups = faces["duplicate_group"].to_numpy()
    split = faces["split"].to_numpy()
    rows = []
    for first, second in combinations(SPLIT_NAMES, 2):
        shared = np.intersect1d(groups[split == first], groups[split == second])
        both = np.isin(groups, shared[shared >= 0])
        rows.append(
            {
                "first": first,
                "second": second,
                "groups": int((shared >= 0).sum()),
                "faces_first": np.count_nonzero(both & (split == first)),
                "faces_second": np.count_nonzero(both & (split == second)),
            }
        )
    return pd.DataFrame(rows)


def removal_effect(faces: pd.DataFrame, removed: np.ndarray) -> Effect:
    """Measure the error on test with and without some faces.

    Taking out faces that were picked by their error, such as `mislabelled`, lowers it
    whatever their labels are: that change is no finding.

    Args:
        faces: as returned by `face_table.read_faces`, with estimates.
        removed: the faces to take out, a mask of shape (n,), such as
            `faces["crossing"]`; those of other splits make no difference.
    """
    error = faces["abs_error"].to_numpy()
    measured = (faces["split"] == "test").to_numpy() & ~np.isnan(error)
    out = measured & np.asarray(removed, bool)
    return Effect(
        n=int(np.count_nonzero(measured)),
        removed=int(np.count_nonzero(out)),
        mae_with=_mean(error[measured]),
        mae_without=_mean(error[measured & ~out]),
        mae_removed=_mean(error[out]),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean(dtype=np.float64)) if len(values) else float("nan")
