"""Figures of the Dataset page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agemodel.figures.layout import FAINT, LINE, compact, with_legend
from agemodel.labels import AGE_GROUPS

MAX_SHOWN_AGE = 90.0
MAX_SHOWN_ERROR = 20.0
"""Years; on the map what is larger has the colour of these."""

# Blue to red by way of green: each stands out from a light and from a dark page.
_SCALE = ["#3f6fd0", "#249f95", "#cf9428", "#d04a5c"]


def figure_age_histogram(counts: pd.DataFrame, ages: tuple[int, int]) -> go.Figure:
    """Draw how many faces have each age, stacked by a label.

    Args:
        counts: indexed by age, a column a label; shares, 0..1, are drawn as such.
        ages: the youngest and oldest that are chosen; the others are faint.
    """
    years = counts.index.to_numpy()
    is_chosen = (years >= ages[0]) & (years <= ages[1])
    shares = _are_shares(counts)
    value = "%{y:.2%}" if shares else "%{y:,}"
    bars = [
        go.Bar(
            x=years,
            y=counts[name].to_numpy(),
            name=str(name),
            width=1,
            marker={"opacity": _opacity(is_chosen), "line": {"width": 0}},
            hovertemplate=f"%{{x}} years, {name}: {value}<extra></extra>",
        )
        for name in counts
    ]
    figure = compact(
        go.Figure(bars),
        height=240,
        xaxis={"title": {"text": "Age in years"}, "range": [0, 117], "dtick": 10},
        yaxis=_value_axis(shares),
    )
    return with_legend(figure).update_layout(
        barmode="stack", bargap=0, dragmode="select", selectdirection="h"
    )


def figure_values(counts: pd.Series, chosen: Collection[str]) -> go.Figure:
    """Draw how many faces have each label, the first on top.

    Args:
        counts: indexed by label; shares, 0..1, are drawn as such.
        chosen: the labels that are chosen, none for all; the others are faint.
    """
    shares = _are_shares(counts)
    value = "%{x:.1%}" if shares else "%{x:,}"
    bars = go.Bar(
        x=counts.to_numpy(),
        y=counts.index.tolist(),
        orientation="h",
        texttemplate=value,
        textposition="outside",
        cliponaxis=False,
        marker={"opacity": _opacity_of(counts.index, chosen), "line": {"width": 0}},
        # Plotly 7.1 fails at a click on bars with text where these are not set.
        selected={"textfont": {"color": LINE}},
        unselected={"textfont": {"color": LINE}},
        hovertemplate=f"%{{y}}: {value}<extra></extra>",
    )
    widest = max(float(counts.max()), 1e-9)
    return compact(
        go.Figure(bars),
        height=28 * len(counts) + 32,
        xaxis={"visible": False, "range": [0, 1.2 * widest]},
        yaxis={"autorange": "reversed", "type": "category", "ticksuffix": "  "},
    )


def figure_errors(
    tables: Mapping[str, pd.DataFrame], chosen: Collection[str]
) -> go.Figure:
    """Draw the mean absolute error of every age group, a bar for each set of faces.

    Args:
        tables: by the name of the set, as of `aggregates.error_by`, by age group.
        chosen: the age groups that are chosen, none for all; the others are faint.
    """
    bars = [
        go.Bar(
            x=table.index.tolist(),
            y=table["mae_years"].round(3).to_numpy(),
            customdata=table["n"].to_numpy(),
            name=name,
            marker={"opacity": _opacity_of(table.index, chosen), "line": {"width": 0}},
            hovertemplate=f"{name}, %{{x}} years: %{{y:.2f}} years"
            " (%{customdata:,} faces)<extra></extra>",
        )
        for name, table in tables.items()
    ]
    figure = compact(
        go.Figure(bars),
        height=240,
        xaxis={
            "title": {"text": "Age group in years"},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": list(AGE_GROUPS),
            "tickangle": 0,
            "tickfont": {"size": 11},
        },
        yaxis={"title": {"text": "MAE (years)"}, "rangemode": "tozero", "nticks": 5},
    )
    return with_legend(figure)


def figure_days(counts: pd.Series, chosen: tuple[date, date] | None) -> go.Figure:
    """Draw how many faces were collected on each day.

    Args:
        counts: indexed by day, `2017-01-09`; shares, 0..1, are drawn as such.
        chosen: first and last day that are chosen, None for all; others are faint.
    """
    shares = _are_shares(counts)
    first, last = (str(day) for day in chosen or ("", "9"))
    is_chosen = np.array([first <= day <= last for day in counts.index], bool)
    value = "%{y:.1%}" if shares else "%{y:,}"
    bars = go.Bar(
        x=counts.index.tolist(),
        y=counts.to_numpy(),
        marker={"opacity": _opacity(is_chosen), "line": {"width": 0}},
        hovertemplate=f"%{{x|%Y-%m-%d}}: {value}<extra></extra>",
    )
    return compact(
        go.Figure(bars),
        height=240,
        xaxis={
            "title": {"text": "Day"},
            "type": "date",
            "tickformat": "%-d %b\n%Y",
            "nticks": 6,
        },
        yaxis=_value_axis(shares),
    )


def figure_map(
    x: np.ndarray,
    y: np.ndarray,
    values: pd.Series,
    region: Sequence[tuple[float, float]] = (),
) -> go.Figure:
    """Draw faces on the map, coloured by a value.

    Args:
        x: shape (n,), 0..1.
        y: shape (n,), 0..1.
        values: as many, a category or numbers in years.
        region: the corners of the region that is chosen, if any.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        points = [
            _points(x[rows], y[rows], str(name), {})
            for name in values.cat.categories
            if (rows := (values == name).to_numpy()).any()
        ]
    else:
        is_age = values.name == "age"
        title = "Age in years" if is_age else "Error in years"
        top = MAX_SHOWN_AGE if is_age else MAX_SHOWN_ERROR
        bar = {"title": {"text": title, "side": "right"}, "thickness": 10}
        colour = {
            "color": values.to_numpy(np.float32),
            "colorscale": _SCALE,
            "cmin": 0,
            "cmax": top,
            "colorbar": bar,
        }
        points = [_points(x, y, title, colour)]
    figure = go.Figure(points)
    if region:
        corners = " L ".join(f"{a:.3f},{b:.3f}" for a, b in region)
        figure.add_shape(type="path", path=f"M {corners} Z", line={"width": 1.5})
    hidden = {"visible": False, "range": [-0.02, 1.02]}
    figure = compact(
        figure, height=560, xaxis=hidden, yaxis=hidden | {"scaleanchor": "x"}
    )
    is_several = len(points) > 1
    figure = with_legend(figure) if is_several else figure
    return figure.update_layout(dragmode="lasso", legend={"itemsizing": "constant"})


def _points(x: np.ndarray, y: np.ndarray, name: str, colour: dict) -> go.Scattergl:
    return go.Scattergl(
        x=x,
        y=y,
        mode="markers",
        name=name,
        marker={"size": 3.5, "opacity": 0.75} | colour,
        hoverinfo="skip",
    )


def _are_shares(counts: pd.DataFrame | pd.Series) -> bool:
    return bool(np.issubdtype(np.asarray(counts).dtype, np.floating))


def _value_axis(shares: bool) -> dict:
    return {
        "title": {"text": "Share of faces" if shares else "Faces"},
        "tickformat": ".0%" if shares else ",",
        "rangemode": "tozero",
        "nticks": 5,
    }


def _opacity(is_chosen: np.ndarray) -> np.ndarray:
    return np.where(is_chosen, 1.0, FAINT)


def _opacity_of(names: pd.Index, chosen: Collection[str]) -> np.ndarray:
    return _opacity(np.array([not chosen or name in chosen for name in names], bool))
