from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from agemodel.analysis.age_errors import count_ages, cumulative_scores, running_errors
from agemodel.figures.evaluation_errors import (
    dots,
    figure_cumulative,
    figure_density,
    figure_flags,
    figure_measure,
    figure_running,
)
from agemodel.figures.layout import FAINT, LINE
from tests.harness.made_tables import everything, random_table, table


def made(n: int = 40) -> pd.DataFrame:
    """So many faces of 30 years, 2 years off, and one of 50, estimated 60."""
    return table(age=[30] * n + [50], age_years=[32.0] * n + [60.0])


def density(faces: pd.DataFrame) -> go.Figure:
    rows = everything(faces)
    return figure_density(count_ages(faces, rows), running_errors(faces, rows))


def by_name(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.name: trace for trace in figure.data}


def parts(n: list[int]) -> pd.DataFrame:
    values = np.arange(1.0, len(n) + 1)
    return pd.DataFrame(
        {
            "low": values / 10,
            "high": values / 10 + 0.05,
            "n": n,
            "mae_years": values,
            "mae_low": values - 0.5,
            "mae_high": values + 0.25,
        }
    )


def test_density_is_a_heatmap_with_points_that_take_the_click() -> None:
    figure = density(made())
    surface, points = figure.data[0], figure.data[-1]
    assert isinstance(surface, go.Heatmap)
    assert surface.hoverinfo == "skip"
    # 30 is in the cell about 29, 32 in the one about 32; 50 about 50, 60 about 59.
    row, column = list(surface.y).index(32), list(surface.x).index(29)
    assert surface.z[row][column] == pytest.approx(np.log10(40))
    assert np.isfinite(np.array(surface.z)).sum() == 2
    assert sorted(zip(points.x, points.y, strict=True)) == [(29, 32), (50, 59)]
    assert points.marker.color == "rgba(0, 0, 0, 0)"
    # Labelled 28 to 30, estimated 30.5 to 33.5, 40 faces.
    assert points.customdata[0] == [28, 30, 30.5, 33.5, 40]
    assert figure.layout.xaxis.title.text == "Labelled age in years"
    assert figure.layout.yaxis.title.text == "Estimated age in years"


def test_density_draws_the_identity_and_the_running_median() -> None:
    traces = by_name(density(made()))
    line = traces["as labelled"]
    assert list(line.x) == list(line.y)
    assert line.x[1] == 60.5  # the upper end of the cell about 59
    median = traces["running median"]
    at = dict(zip(median.x, median.y, strict=True))
    assert [at[age] for age in (28, 30, 32)] == [30, 32, 34]
    assert np.isnan(at[50])


def test_colours_of_the_counts_have_ticks_up_to_the_most() -> None:
    bar = density(made()).data[0].colorbar
    assert list(bar.ticktext) == ["1", "3", "10", "30"]
    assert list(bar.tickvals) == pytest.approx(np.log10([1, 3, 10, 30]).tolist())


def test_running_errors_have_a_band_for_every_stretch_of_ages() -> None:
    faces = table(age=[30] * 40 + [60] * 40, age_years=[31.0] * 40 + [55.0] * 40)
    figure = figure_running(running_errors(faces, everything(faces)))
    band = by_name(figure)["10 to 90 %"]
    ages = [*range(28, 33), *reversed(range(28, 33)), None]
    assert list(band.x[:11]) == ages
    assert band.x.count(None) == 2
    assert band.fill == "toself"
    median = by_name(figure)["median"]
    at = dict(zip(median.x, median.y, strict=True))
    assert (at[30], at[60]) == (1, -5)
    assert np.isnan(at[40])
    assert "markers" in median.mode  # a line alone takes no click
    assert figure.layout.xaxis.title.text == "Labelled age in years"
    assert figure.layout.yaxis.title.text == "Error in years"


def test_curves_of_faces_too_few_for_a_median_are_drawn() -> None:
    faces = table(age=[30], age_years=[31.0])
    band, median, _ = figure_running(running_errors(faces, everything(faces))).data
    assert not any(band.x)
    assert np.isnan(np.array(median.y)).all()
    assert len(density(faces).data[-1].x) == 1


def test_dots_carry_their_row_and_their_interval() -> None:
    (trace,) = dots(parts([40, 50]), ["a", "b"], "mae_years", "mae_", "%{y}")
    assert list(trace.x) == ["a", "b"]
    assert list(trace.y) == [1, 2]
    assert list(trace.customdata) == [[0, 40, 0.5, 1.25], [1, 50, 1.5, 2.25]]
    assert list(trace.error_y.array) == [0.25, 0.25]
    assert list(trace.error_y.arrayminus) == [0.5, 0.5]


def test_dots_of_fewer_than_thirty_faces_are_grey() -> None:
    many, few = dots(parts([30, 29, 40]), ["a", "b", "c"], "mae_years", "mae_", "")
    assert list(many.x) == ["a", "c"]
    assert many.opacity == 1
    assert list(few.x) == ["b"]
    assert few.customdata[0][0] == 1  # still the second row of the table
    assert (few.marker.color, few.error_y.color, few.opacity) == (LINE, LINE, FAINT)


def test_parts_by_a_measure_are_named_by_their_bounds() -> None:
    figure = figure_measure(parts([40, 50]), "Sharpness", 1.7)
    assert list(figure.layout.xaxis.ticktext) == ["0.10 to<br>0.15", "0.20 to<br>0.25"]
    assert figure.layout.xaxis.title.text == "Sharpness"
    assert figure.layout.yaxis.title.text == "MAE (years)"
    (line,) = figure.layout.shapes
    assert line.y0 == line.y1 == 1.7
    assert figure_measure(parts([])[:0], "Sharpness", 1.7).data == ()


def test_flags_are_named_in_words() -> None:
    figure = figure_flags(parts([40, 3]), ["no remark", "dark"], 2.0)
    assert list(figure.layout.xaxis.ticktext) == ["no<br>remark", "dark"]
    assert [list(trace.x) for trace in figure.data] == [[0], [1]]
    assert figure.layout.xaxis.title.text == "Remark on the picture"


def test_cumulative_scores_are_drawn_beside_the_guess() -> None:
    faces = random_table(500).dropna(subset=["age_years"])
    scores = cumulative_scores(faces, everything(faces))
    figure = figure_cumulative(scores)
    traces = by_name(figure)
    assert list(traces["this run"].y) == scores["cs"].tolist()
    assert list(traces["guessing the mean age"].y) == scores["guess"].tolist()
    assert figure.layout.xaxis.title.text == "At most so many years off"
    assert figure.layout.yaxis.title.text == "Share of faces"
