from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from agemodel.figures.dataset import (
    figure_age_histogram,
    figure_days,
    figure_errors,
    figure_map,
    figure_values,
)
from agemodel.figures.estimates import figure_age_distribution, figure_age_groups
from agemodel.figures.layout import FAINT
from agemodel.labels import AGE_GROUPS, AGES


def test_charts_let_a_finger_scroll_the_page() -> None:
    for figure in (
        figure_age_distribution(np.full(len(AGES), 1 / len(AGES)), 29.5, 22.4, 37.6),
        figure_age_groups(np.full(9, 1 / 9)),
    ):
        assert figure.layout.dragmode is False
        assert figure.layout.xaxis.fixedrange
        assert figure.layout.yaxis.fixedrange


def ages_by_gender() -> pd.DataFrame:
    """Ages 1 to 4: 10, 20, 30, 40 male faces and one female each."""
    counts = {"male": [10, 20, 30, 40], "female": [1, 1, 1, 1]}
    return pd.DataFrame(counts, index=pd.Index([1, 2, 3, 4], name="age"))


def test_histogram_stacks_the_labels_and_fades_ages_that_are_not_chosen() -> None:
    figure = figure_age_histogram(ages_by_gender(), (2, 3))
    assert figure.layout.barmode == "stack"
    assert [bars.name for bars in figure.data] == ["male", "female"]
    assert list(figure.data[0].x) == [1, 2, 3, 4]
    assert list(figure.data[0].y) == [10, 20, 30, 40]
    for bars in figure.data:
        assert list(bars.marker.opacity) == [FAINT, 1, 1, FAINT]
    assert figure.layout.xaxis.title.text == "Age in years"
    assert figure.layout.yaxis.title.text == "Faces"
    assert (figure.layout.dragmode, figure.layout.selectdirection) == ("select", "h")


def test_histogram_of_shares_says_so() -> None:
    figure = figure_age_histogram(ages_by_gender() / 104, (1, 116))
    assert figure.layout.yaxis.title.text == "Share of faces"
    assert figure.layout.yaxis.tickformat == ".0%"
    assert sum(sum(bars.y) for bars in figure.data) == pytest.approx(1)


def test_values_are_bars_with_their_numbers_and_the_first_on_top() -> None:
    counts = pd.Series([30, 0, 10], index=["White", "Black", "Asian"])
    figure = figure_values(counts, ("Asian",))
    (bars,) = figure.data
    assert list(bars.y) == ["White", "Black", "Asian"]
    assert list(bars.x) == [30, 0, 10]
    assert list(bars.marker.opacity) == [FAINT, FAINT, 1]
    assert figure.layout.yaxis.autorange == "reversed"
    assert bars.texttemplate == "%{x:,}"
    shares = figure_values(counts / 40, ())
    assert shares.data[0].texttemplate == "%{x:.1%}"
    assert list(shares.data[0].marker.opacity) == [1, 1, 1]


def test_values_of_no_face_are_drawn() -> None:
    figure = figure_values(pd.Series([0, 0], index=["train", "test"]), ())
    low, high = figure.layout.xaxis.range
    assert low == 0 < high


def test_errors_have_a_bar_for_each_set_and_all_groups_in_order() -> None:
    groups = pd.Index(["10-19", "70+"], name="age_group")
    test = pd.DataFrame({"n": [5, 6], "mae_years": [3.0, 7.25]}, groups)
    seen = pd.DataFrame({"n": [50], "mae_years": [1.5]}, groups[:1])
    figure = figure_errors({"test": test, "train": seen}, ("70+",))
    assert [bars.name for bars in figure.data] == ["test", "train"]
    assert list(figure.data[0].y) == [3.0, 7.25]
    assert list(figure.data[0].customdata) == [5, 6]
    assert list(figure.data[0].marker.opacity) == [FAINT, 1]
    assert list(figure.data[1].x) == ["10-19"]
    assert figure.layout.xaxis.categoryarray == AGE_GROUPS
    assert figure.layout.yaxis.title.text == "MAE (years)"


def test_days_outside_the_chosen_ones_are_faint() -> None:
    counts = pd.Series([3, 4, 5], index=["2016-12-31", "2017-01-09", "2017-01-16"])
    chosen = (date(2017, 1, 1), date(2017, 1, 9))
    (bars,) = figure_days(counts, chosen).data
    assert list(bars.y) == [3, 4, 5]
    assert list(bars.marker.opacity) == [FAINT, 1, FAINT]
    assert list(figure_days(counts, None).data[0].marker.opacity) == [1, 1, 1]


def test_map_has_a_colour_a_label_or_a_scale_of_years() -> None:
    x, y = np.array([0.1, 0.2, 0.9]), np.array([0.5, 0.6, 0.7])
    gender = pd.Series(["male", "female", "male"], dtype="category", name="gender")
    by_gender = figure_map(x, y, gender)
    assert {points.name: list(points.x) for points in by_gender.data} == {
        "female": [0.2],
        "male": [0.1, 0.9],
    }
    assert by_gender.layout.showlegend
    (points,) = figure_map(x, y, pd.Series([1, 50, 116], name="age")).data
    assert list(points.marker.color) == [1, 50, 116]
    assert points.marker.colorbar.title.text == "Age in years"
    (points,) = figure_map(x, y, pd.Series([1.0, 5, 9], name="abs_error")).data
    assert points.marker.colorbar.title.text == "Error in years"


def test_map_outlines_the_region_and_takes_a_lasso() -> None:
    triangle = ((0.1, 0.1), (0.5, 0.1), (0.3, 0.4))
    ages = pd.Series([30.0], name="age")
    figure = figure_map(np.array([0.3]), np.array([0.2]), ages, triangle)
    (outline,) = figure.layout.shapes
    assert outline.path == "M 0.100,0.100 L 0.500,0.100 L 0.300,0.400 Z"
    assert figure.layout.dragmode == "lasso"
    assert isinstance(figure.data[0], go.Scattergl)
