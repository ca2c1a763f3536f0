from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from agemodel.analysis.baselines import System
from agemodel.figures.evaluation_charts import (
    NOTHING,
    figure_confusion,
    figure_systems,
    score_text,
)
from agemodel.metrics.measures import Score

COUNTS = np.array([[90, 10, 0], [1, 1250, 1], [0, 0, 0]])
NAMES = ("0-17", "18-64", "65+")
SHARES = COUNTS / np.maximum(COUNTS.sum(axis=1, keepdims=True), 1)


def confusion(**options) -> go.Figure:
    return figure_confusion(
        COUNTS, SHARES, NAMES, ("Age", "of the true class"), **options
    )


def test_each_cell_shows_count_and_share_and_empty_ones_nothing() -> None:
    heat, cells = confusion().data
    # True down, estimated across: the first row is that of the first true class.
    assert list(zip(cells.y, cells.x, strict=True))[:4] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
    ]
    assert list(cells.text) == [
        *("90<br>90%", "10<br>10%", ""),
        *("1<br><1%", "1,250<br>100%", "1<br><1%"),
        *("", "", ""),
    ]
    assert np.isnan(heat.z[0][2]) and heat.z[0][0] == 0.9
    assert cells.customdata[1] == (
        "Age 0-17, taken for 18-64: 10 faces, 10.0% of the true class"
    )


def test_points_above_the_heatmap_take_the_click() -> None:
    figure = confusion()
    heat, cells = figure.data
    assert heat.hoverinfo == "skip"
    assert cells.hoverinfo is None and cells.hovertemplate
    assert cells.marker.color == "rgba(0, 0, 0, 0)"
    assert figure.layout.hovermode == "closest"


def test_axes_name_the_classes_and_the_first_is_on_top() -> None:
    figure = confusion()
    assert figure.layout.xaxis.title.text == "Estimated age"
    assert figure.layout.yaxis.title.text == "True age"
    assert list(figure.layout.xaxis.ticktext) == list(NAMES)
    assert list(figure.layout.yaxis.ticktext) == list(NAMES)
    assert figure.layout.yaxis.range == (2.5, -0.5)
    assert figure.layout.dragmode is False


def test_picked_cell_is_framed() -> None:
    assert not confusion().layout.shapes
    (frame,) = confusion(picked=(1, 2)).layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (1.5, 2.5, 0.5, 1.5)


SYSTEMS = [
    System("run-1", "run", 100, {"mae_years": Score(4.0, 3.5, 4.6)}),
    System("a paper with quite a long name, A", "published", None, {"cs5": Score(0.6)}),
    System("paper B", "published", None, {"mae_years": Score(5.0)}),
]


def test_systems_are_drawn_with_their_intervals_and_without_those_that_lack_it() -> (
    None
):
    figure = figure_systems(SYSTEMS, "mae_years")
    own, others = figure.data
    assert (list(own.x), list(own.y)) == ([4.0], [0])
    assert own.error_x.array[0] == pytest.approx(0.6)
    assert own.error_x.arrayminus[0] == pytest.approx(0.5)
    assert (list(others.x), list(others.y)) == ([5.0], [1])
    assert list(others.error_x.array) == [0]
    assert list(figure.layout.yaxis.ticktext) == ["run-1", "paper B"]
    assert figure.layout.yaxis.range == (1.5, -0.5)
    assert figure.layout.xaxis.title.text == "MAE (years)"


def test_long_names_are_broken_and_shares_are_in_per_cent() -> None:
    figure = figure_systems(SYSTEMS, "cs5")
    assert list(figure.layout.yaxis.ticktext) == [
        "a paper with quite a<br>long name, A"
    ]
    assert figure.layout.xaxis.title.text == "Within 5 years (share)"
    assert figure.layout.xaxis.tickformat == ".0%"


def test_score_is_put_in_words() -> None:
    assert score_text("mae_years", Score(4.256, 4.1, 4.412)) == "4.26 (4.10 to 4.41)"
    assert score_text("cs5", Score(0.6966, 0.682, 0.7089)) == "69.7 % (68.2 to 70.9)"
    assert score_text("auc", Score(0.98657, 0.983, 0.989)) == "0.987 (0.983 to 0.989)"
    assert score_text("mae_years", Score(5.4)) == "5.4"  # as it was published
    assert score_text("cs5", Score(0.6978)) == "69.78 %"
    assert score_text("auc", Score(float("nan"))) == NOTHING
