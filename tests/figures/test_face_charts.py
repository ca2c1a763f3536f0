from __future__ import annotations

import numpy as np

from agemodel.core.labels import AGES
from agemodel.figures.face_charts import figure_labelled_distribution


def test_label_and_estimate_are_marked_over_the_distribution() -> None:
    chances = np.exp(-0.5 * ((AGES - 40) / 6) ** 2)
    figure = figure_labelled_distribution(chances, 40.2, 33, 47, [26], "label")
    (bars,) = figure.data
    assert list(bars.x) == list(AGES)
    estimate, label = [shape for shape in figure.layout.shapes if shape.type == "line"]
    assert (estimate.x0, label.x0) == (40.2, 26)
    assert [note.text for note in figure.layout.annotations] == ["label 26"]
    assert figure.layout.xaxis.title.text == "Age in years"
    assert figure.layout.annotations[0].xanchor == "auto"


def test_word_of_a_young_age_is_whole() -> None:
    figure = figure_labelled_distribution(np.full(116, 1 / 116), 3, 1, 5, [3], "label")
    assert figure.layout.annotations[0].xanchor == "left"
