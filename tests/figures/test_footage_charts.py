from __future__ import annotations

import numpy as np
import pytest

from agemodel.figures.footage_charts import (
    figure_pyramid,
    figure_seconds,
    figure_shares,
    figure_visits,
)
from agemodel.footage.slots import PartShare, Slot

YOUNG = PartShare("0-19", 12.0, 0.4, 0.3, 0.5)
OLD = PartShare("20+", 18.0, 0.6, 0.5, 0.7)


def slot(hour: int, visits: int | None, *bands: PartShare, day: int = 27) -> Slot:
    start, end = (f"2026-11-{day}T{h:02}:00:00" for h in (hour, hour + 1))
    return Slot(0, 3600, start, end, 60, visits, visits, bands, ())


def test_visits_are_stacked_and_the_rest_is_grey() -> None:
    hidden = PartShare("0-19"), PartShare("20+")
    figure = figure_visits([slot(9, 32, YOUNG, OLD), slot(10, None, *hidden)])
    young, old, rest, few = figure.data
    assert list(young.x) == ["09:00", "10:00"]
    assert (list(young.y), list(old.y)) == ([12, 0], [18, 0])
    assert list(rest.y) == [2, 0]  # of 32 visits 2 have no age
    assert list(few.x) == ["10:00"]
    assert figure.layout.barmode == "stack"
    assert figure.layout.yaxis.title.text == "Visits"


def test_slots_of_several_days_name_the_day() -> None:
    figure = figure_visits([slot(9, 30, YOUNG, OLD), slot(9, 30, YOUNG, OLD, day=28)])
    assert list(figure.data[0].x) == ["11-27 09:00", "11-28 09:00"]


def test_pyramid_has_males_to_the_left_with_their_intervals() -> None:
    parts = [
        PartShare("male 0-19", 2.0, 0.1, 0.05, 0.3),
        PartShare("male 20+"),
        PartShare("female 0-19", 4.0, 0.2, 0.1, 0.4),
        PartShare("female 20+", 14.0, 0.7, 0.5, 0.8),
    ]
    male, female = figure_pyramid(parts).data
    assert male.x[0] == pytest.approx(-0.1) and np.isnan(male.x[1])
    # to the left lies the upper end: from 0.1 to 0.3
    assert male.error_x.arrayminus[0] == pytest.approx(0.2)
    assert male.error_x.array[0] == pytest.approx(0.05)
    assert female.error_x.array[1] == pytest.approx(0.1)
    assert male.customdata[1][0] == "male 20+: too few to be shown"
    assert list(figure_pyramid(parts).layout.yaxis.ticktext) == ["0-19", "20+"]


def test_shares_leave_hidden_ones_out_and_say_so() -> None:
    figure = figure_shares([YOUNG, PartShare("20+")])
    (dots,) = figure.data
    assert (list(dots.x), list(dots.y)) == ([0.4], [0])
    assert list(figure.layout.yaxis.ticktext) == ["0-19", "20+ (hidden)"]
    assert figure.layout.xaxis.title.text == "Share of the visits with an age"


def test_shares_without_intervals_are_dots_alone() -> None:
    (dots,) = figure_shares([PartShare("male", 3.0, 0.3)]).data
    assert list(dots.error_x.array) == [0]


def test_every_visit_is_in_the_histogram_of_seconds() -> None:
    seconds = np.array([1.0] * 97 + [10, 20, 1000])
    (bars,) = figure_seconds(seconds).data
    assert bars.y.sum() == 100
    assert figure_seconds(np.array([0.0])).data[0].y.sum() == 1
