"""Faces in order, page by page, and the faces that look like one of them.

A row is the number of a face in the table, from 0; rows are arrays of
shape (k,), int64. Embeddings are as returned by `model_estimates.read_embeddings`.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

ORDERS = {
    "name": "file name",
    "youngest": "youngest first",
    "oldest": "oldest first",
    "error": "largest error first",
    "accurate": "smallest error first",
    "unsure": "widest interval first",
    "sure": "narrowest interval first",
    "doubtful": "most doubtful label first",
    "together": "duplicates together",
    "similar": "most alike first",
    "random": "at random",
}
"""Ways to sort, in words."""

_SORTED_BY = {
    "youngest": ("age", False),
    "oldest": ("age", True),
    "error": ("abs_error", True),
    "accurate": ("abs_error", False),
    "unsure": ("width_years", True),
    "sure": ("width_years", False),
    "doubtful": ("suspicion", True),
    "together": ("duplicate_group", True),  # -1, no duplicate, comes last
}
"""The column, and whether its largest come first."""


def orders_of(faces: pd.DataFrame) -> list[str]:
    """The keys of `ORDERS` for which the table has the columns.

    'similar' is among them: it needs a reference and no column.
    """
    missing = {key for key, (column, _) in _SORTED_BY.items() if column not in faces}
    return [key for key in ORDERS if key not in missing]


def order(
    faces: pd.DataFrame,
    mask: np.ndarray,
    by: str,
    seed: int = 0,
    reference: np.ndarray | None = None,
) -> np.ndarray:
    """The rows of some faces in order.

    Args:
        faces: as returned by `face_table.read_faces`.
        mask: which faces, shape (n,).
        by: of `ORDERS`. What needs a column or reference that is not there, or is
            unknown, falls back on the file name.
        seed: for 'random': every seed is an order of all faces, of which the mask only
            takes some, so that a filter does not shuffle anew.
        reference: for 'similar': how alike every face is to one, shape (n,), as
            returned by `similarities`.

    Returns:
        Rows; equal faces by file name, unknown values last.
    """
    rows = np.flatnonzero(mask)
    key = _sort_key(faces, by, seed, reference)
    return rows if key is None else rows[np.argsort(key[rows], kind="stable")]


def _sort_key(
    faces: pd.DataFrame, by: str, seed: int, reference: np.ndarray | None
) -> np.ndarray | None:
    """Numbers of which the smallest come first, shape (n,); nan comes last."""
    if by == "random":
        return np.random.default_rng(seed).random(len(faces))
    if by == "similar" and reference is not None:
        return -reference
    column, largest_first = _SORTED_BY.get(by, ("", False))
    if column not in faces:
        return None
    values = faces[column].to_numpy()
    return -values if largest_first else values


def page_count(rows: np.ndarray, size: int) -> int:
    """How many pages rows fill, one at least."""
    return max(1, math.ceil(len(rows) / size))


def page_of(rows: np.ndarray, number: int, size: int) -> np.ndarray:
    """The rows of a page.

    Args:
        rows: in order.
        number: from 1; one out of range gives the first or last page.
        size: rows a page.
    """
    number = min(max(number, 1), page_count(rows, size))
    return rows[(number - 1) * size : number * size]


def row_of(faces: pd.DataFrame, file: str) -> int | None:
    """The row of the face with a file name; None where the table lacks it."""
    rows = np.flatnonzero((faces["file"] == file).to_numpy())
    return int(rows[0]) if len(rows) else None


def place_of(rows: np.ndarray, row: int) -> int | None:
    """At which place in order a row is, from 0; None where it is not."""
    places = np.flatnonzero(rows == row)
    return int(places[0]) if len(places) else None


def beside(rows: np.ndarray, row: int) -> tuple[int | None, int | None]:
    """The rows before and after one in order; None at an end or where it is not."""
    place = place_of(rows, row)
    if place is None:
        return None, None
    before = int(rows[place - 1]) if place else None
    after = int(rows[place + 1]) if place + 1 < len(rows) else None
    return before, after


def similarities(embeddings: np.ndarray, row: int) -> np.ndarray:
    """The cosine of every face to one, shape (n,), float32, -1..1; nan if unknown."""
    known = (embeddings != 0).any(axis=1)
    cosines = np.clip(embeddings @ embeddings[row], -1, 1)
    return np.where(known & known[row], cosines, np.float32(np.nan))


def similar(
    embeddings: np.ndarray, row: int, k: int = 6
) -> tuple[np.ndarray, np.ndarray]:
    """The faces that the model finds most alike to a face, of all splits.

    Args:
        embeddings: shape (n, 64).
        row: the face, which is not among them.
        k: how many.

    Returns:
        Their rows and cosines, the likest first; fewer than k where fewer are known.
    """
    cosines = similarities(embeddings, row)
    cosines[row] = np.nan
    likest = np.argsort(-cosines, kind="stable")[:k]
    likest = likest[~np.isnan(cosines[likest])]
    return likest, cosines[likest]


def duplicates_of(faces: pd.DataFrame, row: int) -> np.ndarray:
    """The rows of a face's exact and near duplicates; empty where they are unknown."""
    if "duplicate_group" not in faces:
        return np.empty(0, np.int64)
    groups = faces["duplicate_group"].to_numpy()
    rows = np.flatnonzero((groups == groups[row]) & (groups >= 0))
    return rows[rows != row]
