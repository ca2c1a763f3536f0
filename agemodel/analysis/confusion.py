"""Which class was taken for which: counts, shares, and the faces of each cell.

`predicted` is the table of `read_predicted`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from agemodel.analysis.age_errors import in_order
from agemodel.core.columns import codes_of
from agemodel.core.errors import ConfigError
from agemodel.core.labels import AGE_GROUPS, GENDERS, MAX_AGE
from agemodel.metrics.shares import band_names

GROUPS, MARKETING, DECADES, OWN = "groups", "marketing", "decades", "own"
BANDS = {
    GROUPS: "Nine groups",
    MARKETING: "Marketing bands",
    DECADES: "Decades",
    OWN: "Edges of your own",
}
"""The ways to cut the ages, in words."""

MAX_EDGES = 15
OF_TRUE, OF_ESTIMATED, OF_ALL = "true", "estimated", "all"
NORMS = {
    OF_TRUE: "of the true class",
    OF_ESTIMATED: "of the estimated class",
    OF_ALL: "of all faces",
}
"""What the shares in the cells are of, in words."""

_STARTS = {
    MARKETING: (0, 13, 18, 25, 35, 45, 55, 65),
    DECADES: tuple(range(0, MAX_AGE, 10)),
}
_EDGE = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True)
class Classes:
    """The classes of every face, as labelled and as estimated.

    Attributes:
        names: of the k classes, in their order.
        true: index into `names`, shape (n,).
        estimated: index into `names`, shape (n,).
        sureness: how sure the model was of each face, shape (n,); more is surer.
    """

    names: tuple[str, ...]
    true: np.ndarray
    estimated: np.ndarray
    sureness: np.ndarray


def gender_classes(predicted: pd.DataFrame) -> Classes:
    """The gender labels; estimated is the more probable one, also where it is open."""
    p_female = predicted["p_female"].to_numpy()
    return Classes(
        GENDERS,
        codes_of(predicted["gender"]).astype(np.intp),
        (p_female >= 0.5).astype(np.intp),
        np.abs(p_female - 0.5),
    )


def age_classes(predicted: pd.DataFrame, bands: str, edges: str = "") -> Classes:
    """Bands of ages.

    Of the nine groups the estimated one is the most probable by the model's own
    distribution. Of other bands it is the one that holds the estimated age in
    completed years.

    Args:
        bands: of `BANDS`.
        edges: of one's own, as returned by `read_edges`.

    Raises:
        ConfigError: the edges cannot be read.
    """
    sureness = -predicted["width_years"].to_numpy()
    if bands == GROUPS:
        true, estimated = (
            codes_of(predicted[name]).astype(np.intp)
            for name in ("age_group", "estimated_group")
        )
        return Classes(AGE_GROUPS, true, estimated, sureness)
    starts = read_edges(edges) if bands == OWN else _STARTS[bands]
    return Classes(
        band_names(starts),
        _band_index(starts, predicted["age"].to_numpy()),
        _band_index(starts, predicted["age_years"].to_numpy()),
        sureness,
    )


def classes_of(predicted: pd.DataFrame) -> dict[str, Classes]:
    """Gender and all bands but one's own, by their names in words."""
    ages = {
        f"Age: {words.lower()}": age_classes(predicted, bands)
        for bands, words in BANDS.items()
        if bands != OWN
    }
    return {"Gender": gender_classes(predicted), **ages}


def read_edges(text: str) -> tuple[int, ...]:
    """The ages at which bands start, from the edges between them: `18,30,50`.

    Returns:
        With 0 in front: (0, 18, 30, 50).

    Raises:
        ConfigError: a sentence for who typed them.
    """
    parts = [part for part in re.split(r"[\s,;]+", text.strip()) if part]
    if not parts:
        raise ConfigError(
            "Give the ages at which a new band starts, such as 18, 30, 50."
        )
    wrong = [part for part in parts if not _EDGE.fullmatch(part)]
    if wrong:
        raise ConfigError(
            f"An edge is a whole number of years, which {wrong[0][:20]!r} is not. "
            "Give some such as 18, 30, 50."
        )
    edges = [int(part) for part in parts]
    outside = [edge for edge in edges if not 1 <= edge <= MAX_AGE]
    if outside:
        raise ConfigError(f"An edge lies between 1 and {MAX_AGE}; {outside[0]} is not.")
    if any(low >= high for low, high in pairwise(edges)):
        raise ConfigError(f"Edges rise, none comes twice; these are {text.strip()}.")
    if len(edges) > MAX_EDGES:
        raise ConfigError(
            f"At most {MAX_EDGES} edges can be shown; these are {len(edges)}."
        )
    return (0, *edges)


def _band_index(starts: tuple[int, ...], ages: np.ndarray) -> np.ndarray:
    completed = np.floor(ages.astype(np.float64)).clip(0)
    return np.searchsorted(starts, completed, side="right") - 1


def count_cells(classes: Classes, rows: np.ndarray) -> np.ndarray:
    """Count the faces of each true (down) and estimated class, shape (k, k).

    Args:
        classes: of n faces.
        rows: the faces that count, a mask of shape (n,); the counts sum up to theirs.
    """
    k = len(classes.names)
    cells = classes.true[rows] * k + classes.estimated[rows]
    return np.bincount(cells, minlength=k * k).reshape(k, k)


def share_cells(counts: np.ndarray, norm: str) -> np.ndarray:
    """Each cell's share, 0..1, of what `norm` of `NORMS` says; 0 where that is none."""
    of = {
        OF_TRUE: counts.sum(axis=1, keepdims=True),
        OF_ESTIMATED: counts.sum(axis=0, keepdims=True),
        OF_ALL: counts.sum(keepdims=True),
    }[norm]
    return counts / np.maximum(of, 1)


def score_classes(names: tuple[str, ...], counts: np.ndarray) -> pd.DataFrame:
    """How well each class is found.

    Args:
        names: of the classes.
        counts: as returned by `count_cells`.

    Returns:
        Indexed by class: `support` (faces that are of it), `estimated` (faces that
        were taken for it), `precision`, `recall`, `f1` (0..1); nan where there is
        nothing to divide by.
    """
    right = np.diag(counts).astype(np.float64)
    support, estimated = counts.sum(axis=1), counts.sum(axis=0)
    return pd.DataFrame(
        {
            "support": support,
            "estimated": estimated,
            "precision": _ratio(right, estimated),
            "recall": _ratio(right, support),
            "f1": _ratio(2 * right, support + estimated),
        },
        index=pd.Index(names, name="class"),
    )


def accuracy_in_words(counts: np.ndarray) -> str:
    """How many are right in a phrase, such as `3,038 of 4,743 right (64.1 %)`."""
    right, n = int(np.trace(counts)), int(counts.sum())
    return f"{right:,} of {n:,} right ({right / max(n, 1):.1%})".replace("%", " %")


def faces_of_cell(
    classes: Classes, rows: np.ndarray, true: int, estimated: int
) -> np.ndarray:
    """The faces of a cell, the surest first; positions, shape (m,)."""
    cell = rows & (classes.true == true) & (classes.estimated == estimated)
    return in_order(cell, -classes.sureness)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
