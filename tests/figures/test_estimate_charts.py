from __future__ import annotations

import numpy as np
import pytest

from agemodel.core.labels import AGE_GROUPS, AGES
from agemodel.figures.estimate_charts import figure_age_distribution, figure_age_groups
from agemodel.figures.layout import FAINT


def spread() -> np.ndarray:
    """Ages 20 to 39 alike, 1/20 each."""
    probabilities = np.zeros(len(AGES), np.float32)
    probabilities[19:39] = 0.05
    return probabilities


def test_distribution_shows_every_age_with_its_probability() -> None:
    bars = figure_age_distribution(spread(), 29.5, 22.4, 37.6).data[0]
    assert list(bars.x) == list(AGES)
    assert sum(bars.y) == pytest.approx(1)
    assert bars.y[19] == pytest.approx(0.05)  # age 20 is the 20th bin


def test_distribution_makes_the_interval_stand_out() -> None:
    figure = figure_age_distribution(spread(), 29.5, 22.4, 37.6)
    opacity = dict(zip(AGES, figure.data[0].marker.opacity, strict=True))
    # the years that the interval touches: 22 to 38
    assert (opacity[21], opacity[22], opacity[38], opacity[39]) == (FAINT, 1, 1, FAINT)
    band, line = figure.layout.shapes
    assert (band.x0, band.x1) == (22.4, 37.6)
    assert line.x0 == line.x1 == 29.5


def test_distribution_names_its_axis_and_covers_all_ages() -> None:
    axis = figure_age_distribution(spread(), 29.5, 22.4, 37.6).layout.xaxis
    assert axis.title.text == "Age in years"
    assert axis.range == (0, 116)


def test_label_and_estimate_are_marked_over_the_distribution() -> None:
    figure = figure_age_distribution(spread(), 29.5, 22.4, 37.6, [26], "label")
    estimate, label = [shape for shape in figure.layout.shapes if shape.type == "line"]
    assert (estimate.x0, label.x0) == (29.5, 26)
    (note,) = figure.layout.annotations
    assert (note.text, note.xanchor) == ("label 26", "auto")
    young = figure_age_distribution(spread(), 3, 1, 5, [3], "label")
    assert young.layout.annotations[0].xanchor == "left"  # else the word is cut off


def test_groups_are_drawn_in_their_order() -> None:
    probabilities = np.linspace(0, 0.2, 9)
    figure = figure_age_groups(probabilities)
    assert tuple(figure.data[0].x) == AGE_GROUPS
    assert figure.data[0].y == pytest.approx(probabilities, abs=1e-4)
    assert figure.layout.xaxis.title.text == "Age group in years"
    assert figure.layout.yaxis.title.text == "Probability"
