"""Figures of the errors of the age, on the Evaluation page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agemodel.analysis.age_errors import BAND, CELL_YEARS
from agemodel.figures import layout
from agemodel.figures.layout import axis, compact
from agemodel.metrics.measures import MIN_FACES

HEIGHT = 340
_SURFACE = "63, 111, 208"
"""A blue that stands out from a light and from a dark page."""
_COUNTS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)


def figure_density(cells: pd.DataFrame, running: pd.DataFrame) -> go.Figure:
    """Draw a heatmap of the estimated over the labelled age.

    A heatmap cannot be clicked, so invisible points lie on the middles of its cells.

    Args:
        cells: as returned by `age_errors.count_ages`.
        running: as returned by `age_errors.running_errors`.
    """
    counts = cells.to_numpy()
    rows, columns = np.nonzero(counts)
    n = counts[rows, columns]
    y, x = cells.index.to_numpy()[rows], cells.columns.to_numpy()[columns]
    top = float(max(x.max(initial=0), y.max(initial=0)) + CELL_YEARS / 2)
    half = CELL_YEARS / 2
    bounds = np.stack(
        [x - half + 0.5, x + half - 0.5, y - half, y + half, n], axis=1
    ).tolist()
    points = go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"color": layout.CLEAR, "size": 10, "symbol": "square"},
        customdata=bounds,
        showlegend=False,
        hovertemplate="%{customdata[0]:.0f} to %{customdata[1]:.0f} years, estimated "
        "%{customdata[2]} to %{customdata[3]}: %{customdata[4]:,} faces<extra></extra>",
    )
    figure = go.Figure([_surface(cells), _median(running), _identity(top), points])
    ages = {"range": [0, top], "dtick": 20 if top > 60 else 10, "zeroline": False}
    return compact(
        figure,
        height=HEIGHT + 60,
        xaxis=axis("Labelled age in years", **ages),
        yaxis=axis("Estimated age in years", **ages),
        legend=True,
    )


def figure_running(running: pd.DataFrame) -> go.Figure:
    """Draw the median, the mean and the spread of the errors over the labelled age.

    Args:
        running: as returned by `age_errors.running_errors`.
    """
    ages = running.index.to_numpy()
    band = go.Scatter(
        **_outline(running),
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=layout.GREY,
        name=f"{BAND[0]} to {BAND[1]} %",
        hoverinfo="skip",
    )
    spread = running[["low", "high", "n"]].to_numpy()
    median = go.Scatter(
        x=ages,
        y=running["median"].to_numpy(),
        customdata=spread,
        mode="lines+markers",
        marker={"size": 4},
        name="median",
        hovertemplate="%{x} years: median error %{y:+.1f}, most from "
        "%{customdata[0]:+.1f} to %{customdata[1]:+.1f} (%{customdata[2]:,} faces)"
        "<extra></extra>",
    )
    mean = go.Scatter(
        x=ages,
        y=running["mean"].to_numpy(),
        mode="lines",
        line={"dash": "dot", "width": 1.5},
        name="mean (bias)",
        hoverinfo="skip",
    )
    figure = go.Figure([band, median, mean])
    figure.add_hline(0, line={"color": layout.LINE, "width": 1})
    known = ages[running["median"].notna()]
    return compact(
        figure,
        height=HEIGHT + 60,
        xaxis=axis(
            "Labelled age in years",
            range=[0, (known.max() if len(known) else ages[-1]) + 1],
        ),
        yaxis=axis("Error in years", zeroline=False),
        legend=True,
    )


def figure_measure(table: pd.DataFrame, title: str, mae_years: float) -> go.Figure:
    """Draw the mean absolute error by a measure of picture quality, with intervals.

    Args:
        table: as returned by `picture_quality.error_by_measure`.
        title: of the measure.
        mae_years: of all the faces.
    """
    places = 2 if table["high"].max() < 10 else 0
    names = [
        f"{low:.{places}f} to<br>{high:.{places}f}"
        for low, high in zip(table["low"], table["high"], strict=True)
    ]
    return _errors_of(table, names, title, mae_years)


def figure_flags(
    table: pd.DataFrame, names: Sequence[str], mae_years: float
) -> go.Figure:
    """Draw the mean absolute error of the pictures with each remark.

    Args:
        table: as returned by `picture_quality.error_by_flag`.
        names: of its rows.
        mae_years: of all the faces.
    """
    words = [name.replace(" ", "<br>") for name in names]
    return _errors_of(table, words, "Remark on the picture", mae_years)


def figure_cumulative(scores: pd.DataFrame) -> go.Figure:
    """Draw the cumulative score: the share of faces within each error in years.

    Args:
        scores: as returned by `age_errors.cumulative_scores`.
    """
    years = scores.index.to_numpy()
    curve = go.Scatter(
        x=years,
        y=scores["cs"].to_numpy(),
        mode="lines+markers",
        name="this run",
        hovertemplate="within %{x} years: %{y:.1%}<extra></extra>",
    )
    guess = go.Scatter(
        x=years,
        y=scores["guess"].to_numpy(),
        mode="lines",
        line={"dash": "dot", "color": layout.LINE},
        name="guessing the mean age",
        hovertemplate="guessing the mean age, within %{x} years: %{y:.1%}"
        "<extra></extra>",
    )
    return compact(
        go.Figure([curve, guess]),
        height=HEIGHT,
        xaxis=axis("At most so many years off", dtick=5),
        yaxis=axis("Share of faces", range=[0, 1.02], **layout.PERCENT),
        legend=True,
    )


def dots(
    table: pd.DataFrame,
    x: Sequence[Any] | np.ndarray,
    value: str,
    bounds: str,
    hover: str,
) -> list[go.Scatter]:
    """Dots with error bars, grey where there are fewer than `MIN_FACES` faces.

    The first of a point's `customdata` is its row number in the table, then come `n`
    and the interval's bounds.

    Args:
        table: with `n`, the value, and its interval in columns that end in `low` and
            `high`.
        x: of the rows.
        value: the column that is drawn.
        bounds: what stands before `low` and `high` in the columns of the interval.
        hover: text for a point; the number of faces follows it.
    """
    low, high = table[f"{bounds}low"].to_numpy(), table[f"{bounds}high"].to_numpy()
    y, n = table[value].to_numpy(), table["n"].to_numpy()
    data = np.stack([np.arange(len(table)), n, low, high], axis=1)
    few = n < MIN_FACES
    found = []
    for rows, style in ((~few, {}), (few, {"color": layout.LINE})):
        bars = layout.error_bars(y[rows], low[rows], high[rows], width=4)
        found.append(
            go.Scatter(
                x=np.asarray(x)[rows],
                y=y[rows],
                customdata=data[rows].tolist(),  # of an array a click gives no list
                mode="markers",
                marker={"size": 9} | style,
                opacity=1.0 if rows is not few else layout.FAINT,
                error_y=bars | style,
                hovertemplate=hover + "; %{customdata[1]:,} faces<extra></extra>",
                showlegend=False,
            )
        )
    return [trace for trace in found if len(trace.x)]


def _errors_of(
    table: pd.DataFrame, names: Sequence[str], title: str, mae_years: float
) -> go.Figure:
    places = np.arange(len(table))
    figure = go.Figure(
        dots(
            table,
            places,
            "mae_years",
            "mae_",
            "%{y:.2f} years (%{customdata[2]:.2f} to %{customdata[3]:.2f})",
        )
    )
    figure.add_hline(mae_years, line=layout.DOTTED | {"width": 1})
    return compact(
        figure,
        height=HEIGHT - 60,
        xaxis=named_axis(title, places, names) | {"range": [-0.5, len(table) - 0.5]},
        yaxis=axis("MAE (years)", rangemode="tozero"),
    )


def named_axis(title: str, places: Any, names: Sequence[str]) -> dict:
    """An x axis with a name at each of some places."""
    return axis(
        title,
        tickmode="array",
        tickvals=places,
        ticktext=list(names),
        tickangle=0,
        tickfont={"size": 11},
        showgrid=False,
    )


def _surface(cells: pd.DataFrame) -> go.Heatmap:
    """The counts on a logarithmic scale; cells of few faces are see-through."""
    counts = cells.to_numpy().astype(np.float64)
    most = counts.max(initial=1)
    counts[counts == 0] = np.nan
    ticks = [count for count in _COUNTS if count <= most]
    return go.Heatmap(
        x=cells.columns.to_numpy(),
        y=cells.index.to_numpy(),
        z=np.log10(counts),
        zmin=0,
        zmax=max(np.log10(most), 1),
        colorscale=[[0, f"rgba({_SURFACE}, 0.12)"], [1, f"rgba({_SURFACE}, 1)"]],
        hoverinfo="skip",
        colorbar={
            "title": {"text": "Faces"},
            "thickness": 10,
            "tickvals": np.log10(ticks),
            "ticktext": [f"{count:,}" for count in ticks],
        },
    )


def _identity(top: float) -> go.Scatter:
    return go.Scatter(
        x=[0, top],
        y=[0, top],
        mode="lines",
        line=layout.DOTTED | {"width": 1},
        name="as labelled",
        hoverinfo="skip",
    )


def _median(running: pd.DataFrame) -> go.Scatter:
    ages = running.index.to_numpy()
    return go.Scatter(
        x=ages,
        y=ages + running["median"].to_numpy(),
        mode="lines",
        line={"width": 2.5},
        name="running median",
        hoverinfo="skip",
    )


def _outline(running: pd.DataFrame) -> dict[str, list[float | None]]:
    """The outline of the band, closed for every stretch of ages without a gap."""
    known = running.dropna()
    ages = known.index.to_numpy()
    x: list[float | None] = []
    y: list[float | None] = []
    for stretch in np.split(
        np.arange(len(ages)), np.flatnonzero(np.diff(ages) > 1) + 1
    ):
        part = known.iloc[stretch]
        x += [*part.index, *part.index[::-1], None]
        y += [*part["low"], *part["high"][::-1], None]
    return {"x": x, "y": y}
