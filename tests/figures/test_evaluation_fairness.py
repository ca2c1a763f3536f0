from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from agemodel.analysis.fairness import GROUP_MEASURES
from agemodel.figures.evaluation_fairness import (
    AXIS_TITLES,
    figure_groups,
    figure_two_runs,
    figure_wins,
)
from agemodel.figures.layout import LINE
from agemodel.metrics.measures import MIN_FACES


def groups(*rows: tuple[str, str, int, float]) -> pd.DataFrame:
    """A table of groups by hand: gender, race, n and a value, +-1 around it."""
    table = pd.DataFrame(rows, columns=["gender", "race", "n", "value"])
    table["group"] = table["gender"] + ", " + table["race"]
    for name in GROUP_MEASURES:
        table[name] = table["value"]
        table[f"{name}_low"] = table["value"] - 1
        table[f"{name}_high"] = table["value"] + 2
    return table


OVERALL = groups(("all", "all", 99, 4.0)).iloc[0]
CROSSED = groups(
    ("male", "White", 90, 3.0),
    ("male", "Black", 40, 5.0),
    ("male", "Asian", MIN_FACES - 1, 9.0),
    ("female", "White", MIN_FACES, 4.0),
    ("female", "Black", 50, 6.0),
)


def test_one_factor_has_a_row_a_group_and_no_legend() -> None:
    table = groups(("male", "-", 90, 3.0), ("female", "-", 40, 5.0))
    figure = figure_groups(table, ("gender",), "mae_years", OVERALL)
    (dots,) = figure.data
    assert list(dots.x) == [3, 5]
    assert list(dots.y) == [0, 1]
    assert list(dots.error_x.array) == [2, 2]
    assert list(dots.error_x.arrayminus) == [1, 1]
    assert list(figure.layout.yaxis.ticktext) == ["male", "female"]
    assert figure.layout.yaxis.range == (1.5, -0.5)  # the first on top
    assert not figure.layout.showlegend


def test_of_two_factors_the_one_with_fewer_labels_gives_the_colours() -> None:
    figure = figure_groups(CROSSED, ("gender", "race"), "mae_years", OVERALL)
    assert list(figure.layout.yaxis.ticktext) == ["White", "Black", "Asian"]
    by_name = {dots.name: dots for dots in figure.data}
    assert list(by_name["male"].x) == [3, 5]
    assert list(by_name["female"].x) == [4, 6]
    # Those of one row lie beside each other, nearer than to another row.
    male, female = by_name["male"].y, by_name["female"].y
    assert np.round(male).tolist() == np.round(female).tolist() == [0, 1]
    assert (np.array(male) < np.array(female)).all()
    assert figure.layout.showlegend


def test_few_faces_are_grey_whatever_their_colour_would_be() -> None:
    figure = figure_groups(CROSSED, ("gender", "race"), "mae_years", OVERALL)
    few = figure.data[-1]
    assert f"fewer than {MIN_FACES}" in few.name
    assert list(few.x) == [9]
    assert few.marker.color == few.error_x.color == LINE
    assert few.opacity < 1
    assert all(dots.marker.color is None for dots in figure.data[:-1])


def test_every_dot_says_which_row_of_the_table_it_is() -> None:
    figure = figure_groups(CROSSED, ("gender", "race"), "bias_years", OVERALL)
    found = {
        dots.customdata[place][0]: dots.x[place]
        for dots in figure.data
        for place in range(len(dots.x))
    }
    assert found == dict(enumerate(CROSSED["bias_years"]))
    assert (
        "+3.00 years (+2.00 years to +5.00 years), 90 faces"
        in (figure.data[0].customdata[0][1])
    )


@pytest.mark.parametrize("measure", GROUP_MEASURES)
def test_axis_names_measure_and_unit_and_all_faces_are_marked(measure: str) -> None:
    figure = figure_groups(CROSSED, ("gender", "race"), measure, OVERALL)
    assert figure.layout.xaxis.title.text == AXIS_TITLES[measure]
    shades = {(shape.type, shape.x0, shape.x1) for shape in figure.layout.shapes}
    assert shades == {("rect", 3, 6), ("line", 4, 4)}


def two_runs() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age_group": ["0-2", "70+"],
            "n": [20, 300],
            "first": [1.0, 7.0],
            "first_low": [0.5, 6.0],
            "first_high": [1.5, 8.0],
            "second": [0.8, 9.0],
            "second_low": [0.2, 8],
            "second_high": [1.0, 10],
        }
    )


def test_two_runs_have_a_colour_each_and_share_the_rows() -> None:
    figure = figure_two_runs(two_runs(), "age_group", ("one", "two"))
    assert [dots.name for dots in figure.data] == ["one", "two"]
    assert list(figure.data[0].x) == [1, 7]
    assert list(figure.data[1].x) == [0.8, 9]
    assert list(figure.layout.yaxis.ticktext) == ["0-2", "70+"]
    assert "two, 70+: 9.00 years" in figure.data[1].customdata[1][1]
    assert figure.layout.xaxis.title.text == "MAE (years)"


def wins() -> pd.DataFrame:
    table = {"n": [10, 40], "first": [6, 10], "second": [3, 30], "even": [1, 0]}
    return pd.DataFrame(table, index=["0-2", "all"])


def test_wins_are_shares_that_add_up_to_one() -> None:
    figure = figure_wins(wins(), ("one", "two"))
    assert [bars.name for bars in figure.data] == ["one", "equal", "two"]
    assert list(figure.data[0].x) == [0.6, 0.25]
    assert np.sum([bars.x for bars in figure.data], axis=0).tolist() == [1, 1]
    assert figure.layout.barmode == "stack"
    assert figure.layout.xaxis.title.text == "Share of faces on which it is nearer"


def test_wins_without_a_tie_have_no_bar_for_it() -> None:
    figure = figure_wins(wins().assign(even=0), ("one", "two"))
    assert [bars.name for bars in figure.data] == ["one", "two"]
