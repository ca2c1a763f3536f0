"""Figures of the Dataset page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agemodel.core.labels import AGE_GROUPS, SPLIT_WORDS
from agemodel.explorer.aggregates import QUANTILES
from agemodel.figures.dots import MARGIN, as_url, draw_labels, draw_values
from agemodel.figures.layout import FAINT, GREY, LINE, NO_EDGE, axis, compact

_CLICKABLE_TEXT: dict[str, Any] = {
    "selected": {"textfont": {"color": LINE}},
    "unselected": {"textfont": {"color": LINE}},
}
"""Plotly 7.1 fails at a click on bars with text where these are not set."""

MAX_SHOWN_AGE = 90.0
MAX_SHOWN_ERROR = 20.0
"""Years; on the map what is larger has the colour of these."""

# Blue to red by way of green: each stands out from a light and from a dark page.
_SCALE = ["#3f6fd0", "#249f95", "#cf9428", "#d04a5c"]
_COLOURS = ["#3f6fd0", "#cf9428", "#d04a5c", "#249f95"]


def figure_age_histogram(
    counts: pd.DataFrame, ages: tuple[int, int], drag: bool = True
) -> go.Figure:
    """Draw how many faces have each age, stacked by a label.

    Args:
        counts: indexed by age, a column a label; shares, 0..1, are drawn as such.
        ages: the youngest and oldest that are chosen; the others are faint.
        drag: whether a drag chooses ages; else it scrolls the page on a touch screen.
    """
    years = counts.index.to_numpy()
    is_chosen = (years >= ages[0]) & (years <= ages[1])
    shares = _are_shares(counts)
    value = "%{y:.2%}" if shares else "%{y:,}"
    bars = [
        go.Bar(
            x=years.tolist(),
            y=_rounded(counts[name]),
            name=str(name),
            width=1,
            marker={"opacity": _opacity(is_chosen), **NO_EDGE},
            hovertemplate=f"%{{x}} years, {name}: {value}<extra></extra>",
        )
        for name in counts
    ]
    figure = compact(
        go.Figure(bars, layout={"barmode": "stack", "selectdirection": "h"}),
        height=240,
        xaxis=axis("Age in years", range=[0, 117], dtick=10),
        yaxis=_value_axis(shares),
        legend=True,
    )
    return figure.update_layout(dragmode="select" if drag else False)


def figure_values(counts: pd.Series, chosen: Collection[str]) -> go.Figure:
    """Draw how many faces have each label, the first on top.

    Args:
        counts: indexed by label; shares, 0..1, are drawn as such.
        chosen: the selected labels, none for all; the others are faint.
    """
    shares = _are_shares(counts)
    value = "%{x:.1%}" if shares else "%{x:,}"
    bars = go.Bar(
        x=_rounded(counts),
        y=counts.index.tolist(),
        orientation="h",
        texttemplate=value,
        textposition="outside",
        cliponaxis=False,
        marker={"opacity": _opacity_of(counts.index, chosen), **NO_EDGE},
        **_CLICKABLE_TEXT,
        hovertemplate=f"%{{y}}: {value}<extra></extra>",
    )
    widest = max(float(counts.max()), 1e-9)
    return compact(
        go.Figure(bars),
        height=28 * len(counts) + 32,
        xaxis={"visible": False, "range": [0, 1.2 * widest]},
        yaxis={
            "autorange": "reversed",
            "type": "category",
            "tickvals": counts.index.tolist(),
            "ticktext": [_word(name) for name in counts.index],
            "ticksuffix": "  ",
        },
    )


def figure_spread(
    table: pd.DataFrame, down: Collection[str], across: Collection[str]
) -> go.Figure:
    """Draw the spread of the ages for every pair of labels, a bar a pair.

    A bar holds the middle half of the faces and the grey one behind it the middle 80 %;
    the number is their median.

    Args:
        table: as returned by `aggregates.age_spread`.
        down: the labels of its first level that are chosen, none for all; bars of
            others are faint.
        across: those of its second level, likewise.
    """
    parts = {
        str(name): part.droplevel(1)
        for name, part in table.groupby(level=1, observed=True, sort=False)
    }
    bars = [
        _middle_half(part, name, down, not across or name in across)
        for name, part in parts.items()
    ]
    behind = [
        go.Bar(
            **_span(part, name, "p10", "p90"),
            showlegend=False,
            marker={"color": GREY, **NO_EDGE},
        )
        for name, part in parts.items()
    ]
    rows = [str(name) for name in table.index.unique(0)]
    return compact(
        go.Figure([*bars, *behind], layout={"barmode": "group"}),
        height=46 * max(len(rows), 1) + 68,
        xaxis=axis("Age in years", range=[0, MAX_SHOWN_AGE], dtick=20),
        yaxis={
            "autorange": "reversed",
            "type": "category",
            "categoryorder": "array",
            "categoryarray": rows,
            "ticksuffix": "  ",
        },
        legend=True,
    )


def _middle_half(
    part: pd.DataFrame, name: str, down: Collection[str], is_chosen: bool
) -> go.Bar:
    opacity = _opacity_of(part.index, down) if is_chosen else FAINT
    return go.Bar(
        **_span(part, name, "p25", "p75"),
        name=name,
        zorder=1,
        text=part["median"].tolist(),
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        marker={"opacity": opacity, **NO_EDGE},
        **_CLICKABLE_TEXT,
    )


def _span(part: pd.DataFrame, name: str, low: str, high: str) -> dict[str, Any]:
    """Bars from one age to another, one for each row of part of a table."""
    return {
        "y": part.index.tolist(),
        "base": part[low].tolist(),
        "x": (part[high] - part[low]).tolist(),
        "orientation": "h",
        "offsetgroup": name,
        "legendgroup": name,
        "customdata": part[["n", *QUANTILES]].to_numpy().tolist(),
        "hovertemplate": f"%{{y}}, {name}: %{{customdata[0]:,}} faces"
        "<br>median %{customdata[3]} years, half of them %{customdata[2]} to "
        "%{customdata[4]},<br>80 % of them %{customdata[1]} to %{customdata[5]}"
        "<extra></extra>",
    }


def figure_errors(
    tables: Mapping[str, pd.DataFrame], chosen: Collection[str]
) -> go.Figure:
    """Draw the mean absolute error of every age group, a bar for each set of faces.

    Args:
        tables: as returned by `aggregates.error_by`, by age group; keyed by the set.
        chosen: the age groups that are chosen, none for all; the others are faint.
    """
    bars = [
        go.Bar(
            x=table.index.tolist(),
            y=table["mae_years"].round(3).tolist(),
            customdata=table["n"].tolist(),
            name=name,
            marker={"opacity": _opacity_of(table.index, chosen), **NO_EDGE},
            hovertemplate=f"{name}, %{{x}} years: %{{y:.2f}} years"
            " (%{customdata:,} faces)<extra></extra>",
        )
        for name, table in tables.items()
    ]
    return compact(
        go.Figure(bars),
        height=240,
        xaxis=axis(
            "Age group in years",
            type="category",
            categoryorder="array",
            categoryarray=list(AGE_GROUPS),
            tickangle=0,
            tickfont={"size": 11},
        ),
        yaxis=axis("MAE (years)", rangemode="tozero", nticks=5),
        legend=True,
    )


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
        y=_rounded(counts),
        marker={"opacity": _opacity(is_chosen), **NO_EDGE},
        hovertemplate=f"%{{x|%Y-%m-%d}}: {value}<extra></extra>",
    )
    return compact(
        go.Figure(bars),
        height=240,
        xaxis=axis("Day", type="date", tickformat="%-d %b\n%Y", nticks=6),
        yaxis=_value_axis(shares),
    )


def figure_map(
    x: np.ndarray,
    y: np.ndarray,
    values: pd.Series,
    region: Sequence[tuple[float, float]] = (),
    drag: bool = True,
    height: int = 700,
) -> go.Figure:
    """Draw faces on the map, coloured by a value.

    The faces are one picture, so that a million of them are sent and drawn as quickly
    as a thousand; the chart holds none of them.

    Args:
        x: shape (n,), 0..1.
        y: shape (n,), 0..1.
        values: as many, a category or numbers in years; what has none is not drawn.
        region: the corners of the region that is chosen, if any.
        drag: whether a drag draws a lasso; else it scrolls the page on a touch screen.
        height: of the chart, px.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = [_word(name) for name in values.cat.categories]
        picture = draw_labels(x, y, values.cat.codes.to_numpy(), _COLOURS[: len(names)])
        keys = [
            _key(name, {"color": colour, "size": 9, "symbol": "square"})
            for name, colour in zip(names, _COLOURS, strict=False)
        ]
    else:
        known = values.notna().to_numpy()
        is_age = values.name == "age"
        top = MAX_SHOWN_AGE if is_age else MAX_SHOWN_ERROR
        picture = draw_values(x[known], y[known], values.to_numpy()[known], _SCALE, top)
        title = "Age in years" if is_age else "Error in years"
        keys = [_key(title, _scale_of(title, top))]
    figure = go.Figure(keys, layout={"images": [_below(picture)]})
    if region:
        corners = " L ".join(f"{a:.3f},{b:.3f}" for a, b in region)
        figure.add_shape(type="path", path=f"M {corners} Z", line={"width": 1.5})
    hidden = {"visible": False, "range": [-MARGIN, 1 + MARGIN]}
    down = hidden | {"scaleanchor": "x"}
    compact(figure, height, xaxis=hidden, yaxis=down, legend=len(keys) > 1)
    return figure.update_layout(dragmode="lasso" if drag else False)


def _key(name: str, marker: dict) -> go.Scatter:
    """A legend entry or a colour scale that has no point of its own."""
    return go.Scatter(x=[None], y=[None], mode="markers", name=name, marker=marker)


def _scale_of(title: str, top: float) -> dict:
    return {
        "color": [0],
        "colorscale": _SCALE,
        "cmin": 0,
        "cmax": top,
        "showscale": True,
        "colorbar": {"title": {"text": title, "side": "right"}, "thickness": 10},
    }


def _below(picture: np.ndarray) -> dict:
    """A picture of the unit square and its margin, drawn below everything else."""
    side = 1 + 2 * MARGIN
    return {
        "source": as_url(picture),
        "xref": "x",
        "yref": "y",
        "x": -MARGIN,
        "y": 1 + MARGIN,
        "sizex": side,
        "sizey": side,
        "sizing": "stretch",
        "layer": "below",
    }


def _word(label: Any) -> str:
    return SPLIT_WORDS.get(label, str(label))


def _rounded(values: pd.Series) -> list[float]:
    """Values rounded to few digits, because they are sent at every click."""
    return values.to_numpy().round(5).tolist()


def _are_shares(counts: pd.DataFrame | pd.Series) -> bool:
    return bool(np.issubdtype(np.asarray(counts).dtype, np.floating))


def _value_axis(shares: bool) -> dict:
    title, form = ("Share of faces", ".0%") if shares else ("Faces", ",")
    return axis(title, tickformat=form, rangemode="tozero", nticks=5)


def _opacity(is_chosen: np.ndarray) -> list[float]:
    return np.where(is_chosen, 1.0, FAINT).tolist()


def _opacity_of(names: pd.Index, chosen: Collection[str]) -> list[float]:
    return _opacity(np.array([not chosen or name in chosen for name in names], bool))
