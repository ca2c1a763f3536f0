from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from agemodel.explorer.filters import counts, inside, mask, masks
from agemodel.explorer.marks import UNMARKED, Mark, with_marks
from agemodel.explorer.queries import face_key
from agemodel.explorer.selection import FACETS, Selection
from tests.harness.made_selections import SELECTIONS
from tests.harness.made_tables import random_table, table

MARKS = {
    f"{row:07d}.jpg": Mark(f"{row:07d}.jpg", verdict, "", "")
    for row, verdict in ((3, "wrong"), (5, "fine"), (8, "doubtful"), (9, "wrong"))
}
FACES = with_marks(random_table(400), MARKS)
RECORDS = FACES.to_dict("records")


def is_wanted(face: dict[str, Any], selection: Selection) -> bool:
    """Whether a face passes, a filter after the other, by their descriptions alone."""
    first, last = selection.ages
    low, high = selection.errors
    wanted = first <= face["age"] <= last
    for field, column in (
        ("age_groups", "age_group"),
        ("genders", "gender"),
        ("races", "race"),
        ("splits", "split"),
        ("marks", "mark"),
    ):
        names = getattr(selection, field)
        wanted &= not names or face[column] in names
    if selection.errors != (0, math.inf):
        wanted &= low <= face["abs_error"] < high
    if selection.dates:
        start, end = map(pd.Timestamp, selection.dates)
        wanted &= start <= face["date"] < end + timedelta(days=1)
    for names in (selection.flags, selection.outcomes):
        wanted &= not names or any(face[name] for name in names)
    wanted &= not any(face[name] for name in selection.without)
    return bool(wanted and selection.name in face["file"])


@settings(max_examples=60, deadline=None)
@given(SELECTIONS.map(lambda selection: replace(selection, region=())))
def test_a_mask_holds_the_faces_that_pass_every_filter(selection: Selection) -> None:
    expected = [is_wanted(face, selection) for face in RECORDS]
    assert mask(FACES, selection).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(SELECTIONS)
def test_a_count_is_what_choosing_that_value_would_leave(selection: Selection) -> None:
    found = counts(FACES, selection)
    assert set(found) == set(FACETS) - {"date", "map", "name", "among"}
    for key, values in found.items():
        for value, n in values.items():
            chosen = Selection.from_query({key: value})
            assert chosen.active == (key,) or value == "1-116"
            field = FACETS[key].field
            changed = replace(selection, **{field: getattr(chosen, field)})
            assert n == mask(FACES, changed).sum()


def test_error_bands_touch_and_do_not_overlap() -> None:
    faces = table(age=[50] * 5, age_years=[50, 52, 45, 60, 110])
    # errors of 0, 2, 5, 10 and 60 years: each begins a band, or is in the last
    assert counts(faces, Selection())["error"] == {
        "0-2": 1,
        "2-5": 1,
        "5-10": 1,
        "10-20": 1,
        "20-": 1,
    }


def test_faces_without_estimates_or_measures_match_no_filter_on_them() -> None:
    faces = table(age=[30, 40])
    for query in (
        {"error": "5-"},
        {"flag": "blurred"},
        {"outcome": "too_old"},
        {"without": "duplicate"},
        {"map": "0,0;999,0;999,999;0,999"},
        {"mark": UNMARKED},
    ):
        selection = Selection.from_query(query)
        assert selection != Selection()
        assert mask(faces, selection).tolist() == [False, False]
    assert set(counts(faces, Selection())) == {"age", "group", "gender"} | {
        "race",
        "split",
    }


def test_masks_without_some_filters_are_for_the_charts_that_set_them() -> None:
    selection = Selection(ages=(20, 30), genders=("male",), name="7")
    found = masks(FACES, selection)
    only = mask(FACES, Selection(genders=("male",), name="7"))
    assert (found.without("age", "group") == only).all()
    assert (found.without() == mask(FACES, selection)).all()
    assert found.without("age", "gender", "name").all()


def test_what_a_mask_gives_may_be_changed() -> None:
    found = masks(FACES, Selection(genders=("male",)))
    found.without()[:] = False
    assert found.without().any()


def test_first_and_last_day_are_whole_days() -> None:
    moments = [
        "2017-01-08 23:59:59.999",
        "2017-01-09",
        "2017-01-11 23:59:59.999",
        "2017-01-12",
        None,
    ]
    faces = table(age=[30] * 5, date=moments)
    chosen = Selection.from_query({"date": "2017-01-09..2017-01-11"})
    assert mask(faces, chosen).tolist() == [False, True, True, False, False]


def test_region_takes_the_faces_that_lie_in_it() -> None:
    faces = table(
        age=[30] * 3,
        map_x=np.array([0.2, 0.8, np.nan], np.float32),
        map_y=np.array([0.3, 0.3, 0.3], np.float32),
    )
    left_half = Selection.from_query({"map": "0,0;500,0;500,1000;0,1000"})
    assert mask(faces, left_half).tolist() == [True, False, False]


def test_names_are_looked_for_as_they_are_and_in_any_case() -> None:
    faces = table(age=[30] * 3, file=["a(1).jpg", "A.JPG", "b.jpg"])
    for text, expected in (("(1)", [0]), ("a.jpg", [1]), ("A", [0, 1]), (".*", [])):
        found = np.flatnonzero(mask(faces, Selection(name=text)))
        assert found.tolist() == expected


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((0.2, 0.2), True),
        ((0.2, 0.8), True),
        ((0.8, 0.2), True),
        ((0.8, 0.8), False),  # where the L has no arm
        ((0.2, 1.1), False),
        ((-0.1, 0.2), False),
        ((math.nan, 0.2), False),
    ],
)
def test_points_in_a_polygon_that_is_shaped_like_an_l(
    point: tuple[float, float], expected: bool
) -> None:
    corner = ((0, 0), (1, 0), (1, 0.5), (0.5, 0.5), (0.5, 1), (0, 1))
    x, y = (np.array([value], np.float32) for value in point)
    assert inside(x, y, corner).tolist() == [expected]


def test_faces_are_named_one_by_one() -> None:
    faces = table(age=[30, 31, 32])
    first, _, last = faces["file"]
    wanted = Selection(among=(face_key(first), face_key(last)))
    assert mask(faces, wanted).tolist() == [True, False, True]
    assert Selection.from_query(wanted.to_query()) == wanted
    assert wanted.describe() == "2 faces chosen elsewhere"
    assert not mask(faces, Selection(among=("0" * 12,))).any()
