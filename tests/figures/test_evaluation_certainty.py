from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from agemodel.analysis.declining import Band
from agemodel.figures.evaluation_certainty import (
    figure_age_risk,
    figure_coverage,
    figure_gender_risk,
    figure_reliability,
    figure_width,
)


def shares(names: list, n: list[int], column: str) -> pd.DataFrame:
    """Shares of 0.7 and more, a tenth apart, with intervals of 0.05 to each side."""
    values = 0.7 + 0.1 * np.arange(len(names))
    return pd.DataFrame(
        {"n": n, column: values, "low": values - 0.05, "high": values + 0.05}, names
    )


def widths() -> pd.DataFrame:
    mae = np.array([2.0, 5.0])
    return pd.DataFrame(
        {
            "width_years": [8.0, 20.0],
            "n": [50, 60],
            "mae_years": mae,
            "mae_low": mae - 1,
            "mae_high": mae + 2,
            "coverage": [0.9, 0.7],
        }
    )


def test_coverage_has_the_stated_share_and_greys_the_few() -> None:
    groups = shares(["0-2", "3-9", "70+"], [1_200, 12, 40], "coverage")
    figure = figure_coverage(groups, 0.8)
    many, few = figure.data
    assert list(many.x) == ["0-2", "70+"]
    assert list(few.x) == ["3-9"]
    assert list(many.y) == pytest.approx([0.7, 0.9])
    assert few.customdata[0] == pytest.approx([1, 12, 0.75, 0.85])
    (line,) = figure.layout.shapes
    assert line.y0 == line.y1 == 0.8
    ticks = list(figure.layout.xaxis.ticktext)
    assert ticks == ["0-2<br>1,200", "3-9<br>12", "70+<br>40"]
    assert figure.layout.yaxis.title.text == "80 % range holds the age"


def test_coverage_axis_goes_down_to_the_lowest_interval() -> None:
    groups = shares(["0-2"], [40], "coverage").assign(coverage=0.2, low=0.1, high=0.3)
    assert figure_coverage(groups, 0.8).layout.yaxis.range[0] < 0.1


def test_reliability_has_the_identity_and_the_faces_of_each_bin() -> None:
    bins = shares([0, 7], [100, 40], "female").assign(p_female=[0.04, 0.74])
    figure = figure_reliability(bins)
    marks, identity, counts = figure.data
    assert list(marks.x) == [0.04, 0.74]
    assert list(marks.y) == pytest.approx([0.7, 0.8])
    assert list(identity.x) == list(identity.y) == [0, 1]
    assert isinstance(counts, go.Bar)
    assert list(counts.x) == pytest.approx([0.05, 0.75])  # the middles of the bins
    assert list(counts.y) == [100, 40]
    assert figure.layout.xaxis.title.text == "Stated p(female)"
    assert figure.layout.yaxis.title.text == "Labelled female"
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]


def test_width_has_the_error_above_and_the_coverage_below() -> None:
    figure = figure_width(widths(), 0.8)
    errors, held = figure.data
    assert list(errors.x) == list(held.x) == [8, 20]
    assert list(errors.y) == [2, 5]
    assert list(errors.error_y.array) == [2, 2]
    assert list(held.y) == [0.9, 0.7]
    assert held.yaxis == "y2"
    assert held.customdata[1][0] == errors.customdata[1][0] == 1
    (line,) = figure.layout.shapes
    assert (line.y0, line.yref) == (0.8, "y2")
    assert figure.layout.yaxis.title.text == "MAE (years)"
    assert figure.layout.xaxis.title.text == "Stated width of the interval in years"


def test_risk_is_drawn_over_the_share_that_is_estimated() -> None:
    risk = pd.Series([1.0, 2.0, 4.0], [0.1, 0.5, 1.0])
    figure = figure_age_risk(risk)
    (curve,) = figure.data
    assert (list(curve.x), list(curve.y)) == ([0.1, 0.5, 1.0], [1, 2, 4])
    assert curve.mode == "lines"
    assert figure_age_risk(risk[-1:]).data[0].mode == "markers"
    assert figure.layout.xaxis.title.text == "Share of faces estimated"
    assert figure.layout.yaxis.title.text == "MAE (years)"


def test_band_that_is_left_open_is_marked_on_the_risk() -> None:
    risk = pd.Series([0.0, 0.01, 0.05], [0.1, 0.8, 1.0])
    figure = figure_gender_risk(risk, Band(0.06, 0.94, 0.81, 0.011))
    _, mark = figure.data
    assert (list(mark.x), list(mark.y)) == ([0.81], [0.011])
    (line,) = figure.layout.shapes
    assert line.x0 == 0.81
    assert figure.layout.showlegend
    alone = figure_gender_risk(risk, None)
    assert len(alone.data) == 1
    assert not alone.layout.shapes
