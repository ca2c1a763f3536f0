"""The figure of one face of the dataset: what the model estimated beside the label."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from agemodel.figures.estimate_charts import figure_age_distribution
from agemodel.figures.layout import LINE


def figure_labelled_distribution(
    age_probabilities: np.ndarray,
    age_years: float,
    age_low: float,
    age_high: float,
    label_years: int,
) -> go.Figure:
    """Draw how probable each age is, with the estimate and the label marked.

    Args:
        age_probabilities: shape (116,), over `labels.AGES`.
        age_years: the estimate.
        age_low: lower bound of the 80 % interval.
        age_high: upper bound.
        label_years: the age as labelled.
    """
    figure = figure_age_distribution(age_probabilities, age_years, age_low, age_high)
    figure.add_vline(
        label_years,
        line={"color": LINE, "width": 2},
        annotation={"text": f"label {label_years}", "font": {"size": 11}},
        annotation_position="top",
    )
    return figure.update_layout(height=170, margin={"t": 28})
