from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agemodel.explorer.queries import MAX_CORNERS, MAX_NAME, region_of
from agemodel.explorer.selection import FACETS, Selection
from tests.harness.made_selections import SELECTIONS

ALL = Selection(
    ages=(20, 40),
    age_groups=("0-2", "70+"),
    genders=("female",),
    races=("Black", "Asian"),
    splits=("test",),
    errors=(5.0, 10.0),
    dates=(date(2017, 1, 9), date(2017, 1, 11)),
    flags=("blurred", "no_face"),
    outcomes=("too_old",),
    without=("dark", "duplicate"),
    marks=("wrong", "unmarked"),
    region=((0.1, 0.2), (0.3, 0.2), (0.3, 0.5)),
    name="2017",
    among=("0123456789ab", "cdef01234567"),
)
QUERY = {
    "age": "20-40",
    "group": "0-2,70+",
    "gender": "female",
    "race": "black,asian",
    "split": "test",
    "error": "5-10",
    "date": "2017-01-09..2017-01-11",
    "flag": "blurred,no_face",
    "outcome": "too_old",
    "without": "dark,duplicate",
    "mark": "wrong,unmarked",
    "map": "100,200;300,200;300,500",
    "name": "2017",
    "among": "0123456789ab.cdef01234567",
}
TEXTS = st.text("0123456789-,.;+ \n\0aé", max_size=20)


def test_every_filter_has_a_readable_place_in_the_url() -> None:
    assert ALL.to_query() == QUERY
    assert Selection.from_query(QUERY) == ALL
    assert set(FACETS) == set(QUERY)


@given(SELECTIONS)
def test_a_url_gives_the_selection_back(selection: Selection) -> None:
    query = selection.to_query()
    assert Selection.from_query(query) == selection
    assert set(query) == set(selection.active)
    # The same, as a page reads keys that may be repeated.
    assert Selection.from_query({key: [text] for key, text in query.items()}) == (
        selection
    )


@given(
    st.dictionaries(
        st.sampled_from([*QUERY, "page"]), TEXTS | st.lists(TEXTS, max_size=3)
    )
)
def test_no_url_is_an_error(query: dict[str, Any]) -> None:
    selection = Selection.from_query(query)
    assert Selection.from_query(selection.to_query()) == selection


def test_what_is_not_filtered_is_not_in_the_url() -> None:
    assert Selection().to_query() == {}
    assert Selection.from_query({}) == Selection()
    assert Selection(genders=("male",)).to_query() == {"gender": "male"}
    assert Selection.from_query({"age": "1-116", "error": "0-"}) == Selection()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *(("age", text) for text in ("", "x", "40-20", "-5", "20-", "1e1", "200-300")),
        *(("age", text) for text in ("٢٠-٤٠", "20-40-60", "9999")),
        *(("error", text) for text in ("", "5", "10-5", "5-5", "nan-", "inf-", "a-b")),
        *(("date", text) for text in ("", "2017", "2017-13", "2017-02-30", "0000-01")),
        *(("date", text) for text in ("..2017-01", "2017-02..2017-01", "yesterday")),
        *(("map", text) for text in ("", "1,2", "1,2;3,4", "1,2;3,4;x", "1;2;3")),
        ("map", ";".join(["1,1"] * (MAX_CORNERS + 1))),
        *((key, "nonsense") for key in ("group", "gender", "race", "split", "flag")),
        *((key, ",") for key in ("outcome", "without", "mark")),
        *(("name", text) for text in ("", "  ", "\x00\n")),
        ("page", "2"),
    ],
)
def test_what_cannot_be_read_is_ignored(key: str, text: str) -> None:
    query = {key: text, "gender": "male"} if key != "gender" else {key: text}
    expected = Selection(genders=("male",)) if key != "gender" else Selection()
    assert Selection.from_query(query) == expected


@pytest.mark.parametrize(
    ("key", "text", "field", "value"),
    [
        ("age", "30", "ages", (30, 30)),
        ("age", "0-200", "ages", (1, 116)),
        ("error", "-5", "errors", (0, 5)),
        ("error", "20-", "errors", (20, math.inf)),
        ("error", "2.5-10", "errors", (2.5, 10)),
        ("gender", "FEMALE,robot", "genders", ("female",)),
        ("race", ["indian", "white,other"], "races", ("White", "Indian", "Other")),
        ("group", "70 ", "age_groups", ("70+",)),  # an unescaped + comes as a space
        ("age", ["10-20", "30-40"], "ages", (30, 40)),
        ("date", "2016-12", "dates", (date(2016, 12, 1), date(2016, 12, 31))),
        ("date", "2016-02", "dates", (date(2016, 2, 1), date(2016, 2, 29))),
        ("date", "2017-01-09", "dates", (date(2017, 1, 9), date(2017, 1, 9))),
        ("date", "2016-12..2017-01-05", "dates", (date(2016, 12, 1), date(2017, 1, 5))),
        ("name", "x" * 300, "name", "x" * MAX_NAME),
    ],
)
def test_urls_written_by_hand_are_understood(
    key: str, text: Any, field: str, value: object
) -> None:
    assert getattr(Selection.from_query({key: text}), field) == value


def test_months_and_days_are_written_short() -> None:
    for text in ("2016-12", "2017-01-09", "2016-12-02..2016-12-31"):
        assert Selection.from_query({"date": text}).to_query() == {"date": text}


def test_a_selection_is_said_in_words() -> None:
    assert ALL.describe() == (
        "20 to 40 years, 0-2 or 70+ years, female, Black or Asian, in test, error of 5 "
        "to 10 years, collected 2017-01-09 to 2017-01-11, blurred or no face found, "
        "estimated too old, not dark or duplicate, marked wrong or not yet, in a "
        "region of the map, named '2017', "
        "2 faces chosen elsewhere"
    )
    assert Selection().describe() == "all faces"
    assert Selection(ages=(7, 7), errors=(20, math.inf)).describe() == (
        "7 years, error of 20 years or more"
    )


def test_filters_are_cleared_one_by_one_or_all() -> None:
    assert ALL.cleared("age", "map").active == tuple(
        key for key in QUERY if key not in ("age", "map")
    )
    assert ALL.cleared(*FACETS) == Selection()
    assert ALL.cleared() == ALL


def test_a_lasso_is_thinned_and_kept_on_the_map() -> None:
    angles = [2 * math.pi * n / 500 for n in range(500)]
    xs = [0.5 + 0.7 * math.cos(angle) for angle in angles]
    region = region_of(xs, [0.5 + 0.4 * math.sin(angle) for angle in angles])
    assert 3 <= len(region) <= MAX_CORNERS
    assert {x for x, _ in region} >= {0.0, 1.0}  # 1.2 and -0.2, brought to the edge
    assert all(round(x, 3) == x and round(y, 3) == y for x, y in region)
    assert region_of([0.1, 0.2, math.nan], [0.1, 0.2, 0.3]) == ()
