"""Selections of every kind, drawn at random."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES, SPLIT_NAMES
from agemodel.explorer.flags import FLAGS, OUTCOMES
from agemodel.explorer.marks import UNMARKED, VERDICTS
from agemodel.explorer.queries import region_of
from agemodel.explorer.selection import Selection


def _some(names: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """None or some of the names, in their order."""
    return st.sets(st.sampled_from(names), max_size=3).map(
        lambda chosen: tuple(name for name in names if name in chosen)
    )


def _pairs(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(values, values).map(sorted).map(tuple)


_CORNERS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3)

SELECTIONS = st.builds(
    Selection,
    ages=_pairs(st.integers(1, 116)),
    age_groups=_some(AGE_GROUPS),
    genders=_some(GENDERS),
    races=_some(RACES),
    splits=_some(SPLIT_NAMES),
    errors=st.sampled_from([(0.0, math.inf), (0.0, 2.5), (2.0, 5.0), (9.0, math.inf)]),
    dates=st.none() | _pairs(st.dates()),
    flags=_some(tuple(FLAGS)),
    outcomes=_some(tuple(OUTCOMES)),
    without=_some(tuple(FLAGS)),
    marks=_some((*VERDICTS, UNMARKED)),
    region=st.just(()) | _CORNERS.map(lambda c: region_of(*zip(*c, strict=True))),
    name=st.text("0123456789.jpgé'+&", max_size=4),
)
