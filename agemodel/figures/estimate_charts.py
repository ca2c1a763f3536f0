"""Figures of one face's estimate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from agemodel.core.labels import AGE_GROUPS, AGES
from agemodel.figures import layout
from agemodel.figures.layout import axis, compact

EDGE_YEARS = 10
"""Below it a word in the middle of its mark would be cut off."""


def figure_age_distribution(
    age_probabilities: np.ndarray,
    age_years: float,
    age_low: float,
    age_high: float,
    known_years: Sequence[int] = (),
    word: str = "",
) -> go.Figure:
    """Draw how probable each age is, with the interval shaded and the estimate marked.

    Args:
        age_probabilities: shape (116,), over `labels.AGES`.
        age_years: the estimate.
        age_low: lower bound of the 80 % interval.
        age_high: upper bound.
        known_years: the ages that are marked, too: of two one is right.
        word: what they are, as `label`.
    """
    is_inside = (np.floor(age_low) <= AGES) & (np.ceil(age_high) >= AGES)
    bars = go.Bar(
        x=AGES,
        y=np.asarray(age_probabilities, dtype=np.float64).round(5),
        width=1,
        marker={"opacity": np.where(is_inside, 1.0, layout.FAINT), **layout.NO_EDGE},
        hovertemplate="%{x} years: %{y:.1%}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.add_vrect(
        age_low, age_high, fillcolor=layout.GREY, line_width=0, layer="below"
    )
    figure.add_vline(age_years, line=layout.DOTTED)
    compact(
        figure,
        height=132,
        xaxis=axis("Age in years", range=[0, 116], dtick=20),
        yaxis={"visible": False, "rangemode": "tozero"},
    )
    if not known_years:
        return figure
    for years in known_years:
        figure.add_vline(years, line={"color": layout.LINE, "width": 2})
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


def figure_age_groups(group_probabilities: np.ndarray) -> go.Figure:
    """Draw how probable each age group is.

    Args:
        group_probabilities: shape (9,), in the order of `labels.AGE_GROUPS`.
    """
    bars = go.Bar(
        x=list(AGE_GROUPS),
        y=np.asarray(group_probabilities, dtype=np.float64).round(4),
        texttemplate="%{y:.0%}",
        textposition="outside",
        textfont={"size": 11},
        cliponaxis=False,
        hovertemplate="%{x} years: %{y:.0%}<extra></extra>",
    )
    return compact(
        go.Figure(bars),
        height=132,
        xaxis=axis(
            "Age group in years", type="category", tickangle=0, tickfont={"size": 10}
        ),
        yaxis=axis("Probability", visible=False),
    )
