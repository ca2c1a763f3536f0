"""The faces that say most: the worst, the surest mistakes, the best, any twenty.

Every function takes the table of `read_predicted` and the faces that count, a mask
of shape (n,), and gives row numbers, the most extreme first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from agemodel.analysis.age_errors import in_order, percent, worst_first
from agemodel.analysis.certainty import is_inside
from agemodel.core.columns import codes_of

TWENTY = 20
NEAR_YEARS = 0.5
"""An age that is so little off is right, rounded."""


def surest_age_mistakes(predicted: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """The faces whose label lies outside the interval, the error in widths first."""
    error = predicted["abs_error"].to_numpy(np.float64)
    width = predicted["width_years"].to_numpy(np.float64)
    return in_order(rows & ~is_inside(predicted), -error / np.maximum(width, 1.0))


def surest_gender_mistakes(predicted: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """The faces whose gender is wrong, the most certain probability first."""
    wrong = predicted["gender_wrong"].to_numpy(bool)
    p_female = predicted["p_female"].to_numpy(np.float64)
    return in_order(rows & wrong, -np.abs(p_female - 0.5))


def most_typical(predicted: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """The faces whose age is right within `NEAR_YEARS`, the narrowest interval first.

    Taken in turn from every age group, the youngest first; else all would be small
    children, whose intervals are the narrowest.
    """
    near = rows & (predicted["abs_error"] <= NEAR_YEARS).to_numpy()
    chosen = in_order(near, predicted["width_years"].to_numpy())
    groups = codes_of(predicted["age_group"])[chosen]
    turns = pd.Series(groups).groupby(groups).cumcount().to_numpy()
    return chosen[np.lexsort((groups, turns))]


def any_twenty(predicted: pd.DataFrame, rows: np.ndarray, seed: int) -> np.ndarray:
    """At most `TWENTY` of the faces by chance, the same for a seed."""
    chosen = np.flatnonzero(rows)
    count = min(TWENTY, len(chosen))
    return np.random.default_rng(seed).choice(chosen, count, replace=False)


@dataclass(frozen=True)
class Kind:
    """A way to put the faces in order.

    Attributes:
        name: for a person.
        meaning: a sentence on what comes first.
        order: gives the row numbers, from the table and the faces that count.
        words: says what stands out, from the table, the faces and their order.
    """

    name: str
    meaning: str
    order: Callable[[pd.DataFrame, np.ndarray], np.ndarray]
    words: Callable[[pd.DataFrame, np.ndarray, np.ndarray], str]


def largest_in_words(
    predicted: pd.DataFrame, rows: np.ndarray, order: np.ndarray
) -> str:
    """How large the first errors are, to which side, and of which age group."""
    first = predicted.iloc[order[:TWENTY]]
    if first.empty:
        return "There is no face."
    too_young = int((first["error_years"] < 0).sum())
    groups = first["age_group"].value_counts()
    group = str(groups.index[0])
    share = float((predicted["age_group"][rows] == group).mean())
    return (
        f"The first {len(first)} are off by {first['abs_error'].min():.1f} to "
        f"{first['abs_error'].max():.1f} years, {too_young} of them estimated too "
        f"young. {groups.iloc[0]} are labelled {group}, as are {percent(share)} of all."
    )


def age_mistakes_in_words(
    predicted: pd.DataFrame, rows: np.ndarray, order: np.ndarray
) -> str:
    """How many labels lie outside, and how far the first one does."""
    n = int(rows.sum())
    words = f"Of {n:,} labels {len(order):,} lie outside the interval"
    if not len(order):
        return f"{words}."
    first = predicted.iloc[order[0]]
    return (
        f"{words} ({percent(len(order) / n)}). The surest of these mistakes: "
        f"{first['abs_error']:.1f} years off, with an interval "
        f"{first['width_years']:.1f} years wide."
    )


def gender_mistakes_in_words(
    predicted: pd.DataFrame, rows: np.ndarray, order: np.ndarray
) -> str:
    """How many genders are wrong, and how many of them surely so."""
    n = int(rows.sum())
    words = f"Of {n:,} genders {len(order):,} are estimated otherwise than labelled"
    if not len(order):
        return f"{words}."
    found = predicted.iloc[order]
    decided, p_female = int(found["decided"].sum()), float(found["p_female"].iloc[0])
    return (
        f"{words} ({percent(len(order) / n)}); {decided:,} of these were not left "
        f"open. The surest says {max(p_female, 1 - p_female) * 100:.2f}\u00a0%."
    )


def typical_in_words(
    predicted: pd.DataFrame, rows: np.ndarray, order: np.ndarray
) -> str:
    """How many ages are right, and how wide their intervals are."""
    n = int(rows.sum())
    words = f"Of {n:,} ages {len(order):,} are right to half a year"
    if not len(order):
        return f"{words}."
    widths = predicted["width_years"].to_numpy()
    return (
        f"{words} ({percent(len(order) / n)}). Their intervals are "
        f"{np.median(widths[order]):.1f} years wide (median), those of all "
        f"{np.median(widths[rows]):.1f}."
    )


def twenty_in_words(predicted: pd.DataFrame, chosen: np.ndarray) -> str:
    """How the model did on a few faces, given by their row numbers."""
    found = predicted.iloc[chosen]
    n, right = len(found), int((~found["gender_wrong"]).sum())
    return (
        f"On these {n} the ages are {found['abs_error'].mean():.1f} years off on "
        f"average; {int(is_inside(found).sum())} of {n} lie in their interval, "
        f"{right} of {n} genders are as labelled."
    )


KINDS = {
    "largest": Kind(
        "Largest errors",
        "First comes what is most years off. A large error may also be a wrong label.",
        worst_first,
        largest_in_words,
    ),
    "age": Kind(
        "Surest age mistakes",
        "First comes the error that is the most widths of its interval.",
        surest_age_mistakes,
        age_mistakes_in_words,
    ),
    "gender": Kind(
        "Surest gender mistakes",
        "First comes the probability that is furthest from one half, and wrong.",
        surest_gender_mistakes,
        gender_mistakes_in_words,
    ),
    "typical": Kind(
        "Most typical",
        "First comes, from each age group in turn, the narrowest interval about a "
        "right age.",
        most_typical,
        typical_in_words,
    ),
}
"""By their names in a URL."""
