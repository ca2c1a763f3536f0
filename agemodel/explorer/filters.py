"""The rows that a selection names, and how many faces stand behind every filter.

A filter on a column that the table lacks (no estimates, no description) takes no face:
what is not known of a face cannot be what was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from agemodel.core.columns import codes_of, names_of
from agemodel.explorer.aggregates import value_counts
from agemodel.explorer.queries import (
    Ages,
    Dates,
    Errors,
    Region,
    face_key,
    write_ages,
    write_errors,
)
from agemodel.explorer.selection import FACETS, Selection

ERROR_BANDS = ((0.0, 2.0), (2.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, math.inf))
"""Absolute errors in years that are counted together; each a value of `errors`."""

_COLUMNS = {
    "group": "age_group",
    "gender": "gender",
    "race": "race",
    "split": "split",
    "mark": "mark",
}
"""The category that each filter with values from a list looks at."""


@dataclass(frozen=True)
class Masks:
    """The faces that each filter of a selection leaves.

    Attributes:
        size: how many faces there are, n.
        parts: a mask, shape (n,), for each filter that is set, by its key.
    """

    size: int
    parts: Mapping[str, np.ndarray]

    def without(self, *keys: str) -> np.ndarray:
        """The faces that all filters but these leave, a new mask of shape (n,).

        A chart takes the mask without the filters that are set in it, so that it shows
        what else could be chosen.
        """
        rows = np.ones(self.size, bool)
        for key, part in self.parts.items():
            if key not in keys:
                rows &= part
        return rows


def masks(faces: pd.DataFrame, selection: Selection) -> Masks:
    """Apply each filter of a selection by itself.

    Args:
        faces: as returned by `face_table.read_faces`; for marks as returned by
            `marks.with_marks`.
        selection: the filters.
    """
    active = selection.active
    return Masks(len(faces), {key: _part(faces, selection, key) for key in active})


def mask(faces: pd.DataFrame, selection: Selection) -> np.ndarray:
    """The faces that a selection leaves, shape (n,), bool."""
    return masks(faces, selection).without()


def counts(
    faces: pd.DataFrame, selection: Selection, found: Masks | None = None
) -> dict[str, dict[str, int]]:
    """Count the faces behind every value of every filter.

    Args:
        faces: as returned by `face_table.read_faces`.
        selection: the filters that are set.
        found: their masks, where they are known already.

    Returns:
        By a filter's key and a value, both as in a URL (but in the case of `labels`),
        how many faces all other filters leave that have the value. Of ages there are
        two values, all and those chosen; of `without` the counts are the faces that
        do not have the flag. Filters whose columns are not there are left out; faces
        without a value are in no count.
    """
    found = found or masks(faces, selection)

    def count(key: str, part: np.ndarray | pd.Series) -> int:
        return int(np.count_nonzero(found.without(key) & part))

    table = {
        "age": {
            write_ages(ages): count("age", _of_ages(faces, ages))
            for ages in (Selection().ages, selection.ages)
        }
    }
    for key, column in _COLUMNS.items():
        if column in faces:
            counted = value_counts(faces, found.without(key), column)
            table[key] = {str(name): int(n) for name, n in counted.items()}
    if "abs_error" in faces:
        table["error"] = {
            write_errors(band): count("error", _within(faces, band))
            for band in ERROR_BANDS
        }
    for key in ("flag", "outcome"):
        flags = {name: faces[name] for name in FACETS[key].names if name in faces}
        if flags:
            table[key] = {name: count(key, flag) for name, flag in flags.items()}
    if "flag" in table:
        table["without"] = {
            name: count("without", ~faces[name]) for name in table["flag"]
        }
    return table


def inside(x: np.ndarray, y: np.ndarray, region: Region) -> np.ndarray:
    """Which points lie in a polygon, by the even-odd rule.

    Args:
        x: shape (n,).
        y: shape (n,).
        region: its corners, (x, y).

    Returns:
        Shape (n,), bool; nan is never inside.
    """
    xs, ys = np.array(region).T
    found = (x >= xs.min()) & (x <= xs.max()) & (y >= ys.min()) & (y <= ys.max())
    rows = np.flatnonzero(found)  # only these are worth the work
    x, y = x[rows].astype(np.float64), y[rows].astype(np.float64)
    odd = np.zeros(len(rows), bool)
    for x0, y0, x1, y1 in zip(xs, ys, np.roll(xs, 1), np.roll(ys, 1), strict=True):
        if y0 != y1:  # a ray to the right crosses this side
            odd ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    found[rows] = odd
    return found


# ------------------------------------------------------------- what a filter leaves


def _part(faces: pd.DataFrame, selection: Selection, key: str) -> np.ndarray:
    value = getattr(selection, FACETS[key].field)
    try:
        return _FILTERS[key](faces, value)
    except KeyError:  # the table lacks the column
        return np.zeros(len(faces), bool)


def _of_ages(faces: pd.DataFrame, ages: Ages) -> np.ndarray:
    age = faces["age"].to_numpy()
    return (age >= ages[0]) & (age <= ages[1])


def _labelled(column: str, faces: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    wanted = names_of(faces[column]).isin(names)
    # -1, no label, takes the last, which is not wanted.
    return np.append(wanted, False)[codes_of(faces[column])]


def _within(faces: pd.DataFrame, errors: Errors) -> np.ndarray:
    size = faces["abs_error"].to_numpy()
    return (size >= errors[0]) & (size < errors[1])


def _collected(faces: pd.DataFrame, dates: Dates) -> np.ndarray:
    moment = faces["date"].to_numpy()
    first, last = (np.datetime64(day, "D") for day in dates)
    return (moment >= first) & (moment < last + 1)


def _any_of(faces: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    return np.logical_or.reduce([faces[name].to_numpy() for name in names])


def _on_map(faces: pd.DataFrame, region: Region) -> np.ndarray:
    return inside(faces["map_x"].to_numpy(), faces["map_y"].to_numpy(), region)


def _named(faces: pd.DataFrame, text: str) -> np.ndarray:
    found = faces["file"].str.contains(text, case=False, regex=False)
    return found.to_numpy(bool)


def _among(faces: pd.DataFrame, keys: tuple[str, ...]) -> np.ndarray:
    wanted = frozenset(keys)
    return np.array([face_key(file) in wanted for file in faces["file"]], bool)


_FILTERS: dict[str, Callable[[pd.DataFrame, Any], np.ndarray]] = {
    "age": _of_ages,
    **{key: partial(_labelled, column) for key, column in _COLUMNS.items()},
    "error": _within,
    "date": _collected,
    "flag": _any_of,
    "outcome": _any_of,
    "without": lambda faces, names: ~_any_of(faces, names),
    "map": _on_map,
    "name": _named,
    "among": _among,
}
