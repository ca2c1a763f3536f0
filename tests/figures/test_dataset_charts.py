from __future__ import annotations

import base64
from datetime import date
from io import BytesIO

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from PIL import Image

from agemodel.core.labels import AGE_GROUPS
from agemodel.figures.dataset_charts import (
    figure_age_histogram,
    figure_days,
    figure_errors,
    figure_map,
    figure_spread,
    figure_values,
)
from agemodel.figures.dots import MARGIN
from agemodel.figures.layout import FAINT, compact


def test_the_layout_of_all_charts_lets_a_finger_scroll_the_page() -> None:
    layout = compact(go.Figure(), 200, {}, {}).layout
    assert layout.dragmode is False
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange


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


def test_histogram_that_is_not_dragged_lets_a_finger_scroll_the_page() -> None:
    figure = figure_age_histogram(ages_by_gender(), (1, 4), drag=False)
    assert figure.layout.dragmode is False


def spread() -> pd.DataFrame:
    """Ages of two races and genders, as `aggregates.age_spread` gives them."""
    pairs = [("White", "male"), ("White", "female"), ("Asian", "male")]
    columns = ["n", "p10", "p25", "median", "p75", "p90"]
    rows = [[50, 5, 20, 30, 45, 60], [40, 4, 10, 25, 40, 70], [30, 1, 2, 3, 4, 5]]
    index = pd.MultiIndex.from_tuples(pairs, names=["race", "gender"])
    return pd.DataFrame(rows, index, columns)


def test_spread_has_a_bar_of_the_middle_half_for_every_pair() -> None:
    figure = figure_spread(spread(), ("Asian",), ())
    male, female, male_80, _ = figure.data
    assert (male.name, female.name) == ("male", "female")
    assert male.y == ("White", "Asian")
    assert male.base == (20, 2)
    assert male.x == (25, 2)  # 45 less 20, 4 less 2
    assert male.text == ("30", "3")
    assert male.marker.opacity == (FAINT, 1)
    assert (male_80.base, male_80.x) == ((5, 1), (55, 4))
    assert {bars.legendgroup for bars in figure.data} == {"male", "female"}
    assert figure.layout.yaxis.categoryarray == ("White", "Asian")
    assert figure.layout.xaxis.title.text == "Age in years"


def test_spread_of_a_gender_that_is_not_chosen_is_faint() -> None:
    male, female, *_ = figure_spread(spread(), (), ("female",)).data
    assert male.marker.opacity == FAINT
    assert female.marker.opacity == (1,)


def test_histogram_of_shares_says_so() -> None:
    figure = figure_age_histogram(ages_by_gender() / 104, (1, 116))
    assert figure.layout.yaxis.title.text == "Share of faces"
    assert figure.layout.yaxis.tickformat == ".0%"
    assert sum(sum(bars.y) for bars in figure.data) == pytest.approx(1, abs=1e-3)


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


def picture_of(figure: go.Figure) -> np.ndarray:
    """The map's picture, shape (h, w, 4)."""
    content = figure.layout.images[0].source.partition(",")[2]
    with Image.open(BytesIO(base64.b64decode(content))) as picture:
        return np.asarray(picture.convert("RGBA"))


def colour_at(figure: go.Figure, x: float, y: float) -> np.ndarray:
    """The colour and opacity of the map at a point of the unit square."""
    picture = picture_of(figure)
    scale = len(picture) / (1 + 2 * MARGIN)
    return picture[int((1 + MARGIN - y) * scale), int((x + MARGIN) * scale)]


def test_map_is_one_picture_with_a_dot_where_each_face_lies() -> None:
    x, y = np.array([0.1, 0.9]), np.array([0.2, 0.7])
    figure = figure_map(x, y, pd.Series([1, 90], name="age"))
    for place in zip(x, y, strict=True):
        assert colour_at(figure, *place)[3] > 150
    assert colour_at(figure, 0.1, 0.7)[3] == 0
    red, _, blue, _ = colour_at(figure, 0.1, 0.2).astype(int)
    assert blue > red  # the young are blue, the old red
    red, _, blue, _ = colour_at(figure, 0.9, 0.7).astype(int)
    assert red > blue
    assert len(figure.to_json()) < 30_000


def test_a_million_faces_are_sent_as_quickly_as_a_thousand() -> None:
    x, y = np.random.default_rng(0).random((2, 1_000_000), np.float32)
    figure = figure_map(x, y, pd.Series(90 * x, name="age"))
    assert len(figure.to_json()) < 500_000


def test_map_has_a_colour_a_label_or_a_scale_of_years() -> None:
    x, y = np.array([0.1, 0.2, 0.9]), np.array([0.5, 0.6, 0.7])
    gender = pd.Series(["male", "female", "male"], dtype="category", name="gender")
    by_gender = figure_map(x, y, gender)
    shown = {key.name: key.marker.color for key in by_gender.data}
    assert list(shown) == ["female", "male"]
    for place, name in ((0, "male"), (1, "female")):
        red, green, blue = (int(shown[name][at : at + 2], 16) for at in (1, 3, 5))
        drawn = colour_at(by_gender, x[place], y[place])[:3].astype(int)
        assert np.abs(drawn - (red, green, blue)).max() < 40
    assert by_gender.layout.showlegend
    (scale,) = figure_map(x, y, pd.Series([1, 50, 116], name="age")).data
    assert scale.marker.colorbar.title.text == "Age in years"
    (scale,) = figure_map(x, y, pd.Series([1.0, 5, np.nan], name="abs_error")).data
    assert scale.marker.colorbar.title.text == "Error in years"


def test_map_outlines_the_region_and_takes_a_lasso() -> None:
    triangle = ((0.1, 0.1), (0.5, 0.1), (0.3, 0.4))
    ages = pd.Series([30.0], name="age")
    x, y = np.array([0.3]), np.array([0.2])
    figure = figure_map(x, y, ages, triangle)
    (outline,) = figure.layout.shapes
    assert outline.path == "M 0.100,0.100 L 0.500,0.100 L 0.300,0.400 Z"
    assert figure.layout.dragmode == "lasso"
    assert figure_map(x, y, ages, drag=False).layout.dragmode is False
