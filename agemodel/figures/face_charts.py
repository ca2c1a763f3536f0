"""The figure of one face of the dataset: what the model estimated beside the label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from agemodel.figures.estimate_charts import figure_age_distribution
from agemodel.figures.layout import LINE

EDGE_YEARS = 10
"""Below it a word in the middle of its mark would be cut off."""


def figure_labelled_distribution(
    age_probabilities: np.ndarray,
    age_years: float,
    age_low: float,
    age_high: float,
    known_years: Sequence[int],
    word: str,
) -> go.Figure:
    """Draw how probable each age is, with the estimate and what is known marked.

    Args:
        age_probabilities: shape (116,), over `labels.AGES`.
        age_years: the estimate.
        age_low: lower bound of the 80 % interval.
        age_high: upper bound.
        known_years: the ages that are marked: one, or two of which one is right.
        word: what they are, as `label`.
    """
    figure = figure_age_distribution(age_probabilities, age_years, age_low, age_high)
    for years in known_years:
        figure.add_vline(years, line={"color": LINE, "width": 2})
    figure.add_annotation(
        text=f"{word} {' or '.join(map(str, known_years))}",
        font={"size": 11},
        x=known_years[0],
        xanchor="left" if known_years[0] < EDGE_YEARS else "auto",
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
    )
    return figure.update_layout(height=170, margin={"t": 28})
