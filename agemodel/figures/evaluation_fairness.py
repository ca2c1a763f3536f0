"""Figures of groups of faces and of two runs, for the Evaluation page and reports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agemodel.analysis.fairness import amount
from agemodel.figures import layout
from agemodel.figures.layout import axis, compact
from agemodel.metrics.measures import MIN_FACES

HOW_TO_READ = (
    "A dot is a group, its line the 95 % bootstrap interval; the dotted line is all "
    f"faces. Grey: fewer than {MIN_FACES}, of which nothing is said."
)
AXIS_TITLES = {
    "mae_years": "MAE (years)",
    "bias_years": "Bias (years, estimate less label)",
    "gender_accuracy": "Gender accuracy",
}
RING = "#c9781e"
"""What was clicked, framed as a cell of the confusion matrix is."""
ROW_PX = 30
DODGE_PX = 11
"""Height of a row of dots, and of each further dot in it."""


def figure_groups(
    table: pd.DataFrame,
    factors: Sequence[str],
    measure: str,
    overall: pd.Series,
    picked: str = "",
) -> go.Figure:
    """Draw a measure of every group as a dot with its 95 % interval.

    Of two factors the one with more labels gives the rows, the other the colours. A
    point's `customdata` begins with the group's row number in the table.

    Args:
        table: as returned by `fairness.group_table`.
        factors: of that table.
        measure: of `fairness.GROUP_MEASURES`.
        overall: the measure of all these faces, with `_low` and `_high`.
        picked: the name of a group whose dot gets a ring.
    """
    down, *across = sorted(factors, key=lambda name: -table[name].nunique())
    names = [str(name) for name in table[down].unique()]
    labels = list(table[across[0]].unique()) if across else [None]
    place = _places(len(names), len(labels))
    lane = np.zeros(len(table), int)
    if across:
        lane = table[across[0]].map(labels.index).to_numpy(int)
    y = place[table[down].astype("str").map(names.index).to_numpy(int), lane]
    is_large = (table["n"] >= MIN_FACES).to_numpy()
    figure = go.Figure()
    for number, label in enumerate(labels):
        rows = is_large & (lane == number)
        figure.add_trace(_dots(table, rows, y, measure, str(label or "all")))
    if not is_large.all():
        few = _dots(table, ~is_large, y, measure, f"fewer than {MIN_FACES} faces")
        figure.add_trace(
            few.update(marker_color=layout.LINE, error_x_color=layout.LINE, opacity=0.5)
        )
    low, high = (float(overall[f"{measure}_{end}"]) for end in ("low", "high"))
    figure.add_vrect(low, high, fillcolor=layout.GREY, line_width=0, layer="below")
    figure.add_vline(float(overall[measure]), line=layout.DOTTED)
    ringed = np.flatnonzero(table["group"] == picked)
    if len(ringed):
        figure.add_trace(
            go.Scatter(
                x=table[measure].iloc[ringed],
                y=y[ringed],
                mode="markers",
                marker={
                    "size": 20,
                    "color": layout.CLEAR,
                    "line": {"color": RING, "width": 2.5},
                },
                showlegend=False,
                hoverinfo="skip",
            )
        )
    return _finish(figure, names, len(labels), _value_axis(measure))


def figure_two_runs(
    by_group: pd.DataFrame, by: str, names: tuple[str, str]
) -> go.Figure:
    """Draw the mean absolute error of two runs for every group, with intervals.

    Args:
        by_group: as returned by `paired_comparison.mae_by_group`.
        by: of that table.
        names: of the two runs.
    """
    measure = "mae_years"
    place = _places(len(by_group), 2)
    figure = go.Figure()
    for number, column in enumerate(("first", "second")):
        found = pd.DataFrame(
            {
                "group": [f"{names[number]}, {name}" for name in by_group[by]],
                "n": by_group["n"],
                measure: by_group[column],
                f"{measure}_low": by_group[f"{column}_low"],
                f"{measure}_high": by_group[f"{column}_high"],
            }
        )
        rows = np.ones(len(found), bool)
        figure.add_trace(_dots(found, rows, place[:, number], measure, names[number]))
    return _finish(figure, list(map(str, by_group[by])), 2, _value_axis(measure))


def figure_wins(wins: pd.DataFrame, names: tuple[str, str]) -> go.Figure:
    """Draw the share of faces that each of two runs errs less on, by age group.

    Args:
        wins: as returned by `paired_comparison.count_wins`.
        names: of the two runs.
    """
    titles = {"first": names[0], "even": "equal", "second": names[1]}
    figure = go.Figure()
    for column, title in titles.items():
        if column == "even" and not wins["even"].any():
            continue
        figure.add_trace(
            go.Bar(
                y=wins.index.tolist(),
                x=(wins[column] / wins["n"].clip(lower=1)).to_numpy(),
                customdata=wins[[column, "n"]].to_numpy(),
                orientation="h",
                name=title,
                marker=layout.NO_EDGE
                | ({"color": layout.LINE} if column == "even" else {}),
                hovertemplate=f"%{{y}}: {title} is nearer on %{{customdata[0]:,}} of "
                "%{customdata[1]:,} faces (%{x:.1%})<extra></extra>",
            )
        )
    figure.add_vline(0.5, line=layout.DOTTED)
    return compact(
        figure.update_layout(barmode="stack"),
        height=26 * len(wins) + 76,
        xaxis=axis(
            "Share of faces on which it is nearer",
            range=[0, 1],
            dtick=0.25,
            **layout.PERCENT,
        ),
        yaxis={"autorange": "reversed", "type": "category", "ticksuffix": "  "},
        legend=True,
    )


def _places(rows: int, lanes: int) -> np.ndarray:
    """The dots' y, shape (rows, lanes); rows are 1 apart, from 0."""
    step = DODGE_PX / (ROW_PX + DODGE_PX * (lanes - 1))
    offsets = (np.arange(lanes) - (lanes - 1) / 2) * step
    return np.arange(rows)[:, None] + offsets


def _dots(
    table: pd.DataFrame, rows: np.ndarray, y: np.ndarray, measure: str, name: str
) -> go.Scatter:
    part = table[rows]
    value, low, high = (
        part[f"{measure}{end}"].to_numpy(np.float64) for end in ("", "_low", "_high")
    )
    said = [
        f"{group}: {amount(measure, middle)} ({amount(measure, left)} to "
        f"{amount(measure, right)}), {n:,} faces"
        for group, n, middle, left, right in zip(
            part["group"], part["n"], value, low, high, strict=True
        )
    ]
    return go.Scatter(
        x=value,
        y=y[rows],
        mode="markers",
        name=name,
        marker={"size": 9},
        error_x=layout.error_bars(value, low, high, width=0),
        customdata=list(zip(np.flatnonzero(rows).tolist(), said, strict=True)),
        hovertemplate="%{customdata[1]}<extra></extra>",
    )


def _value_axis(measure: str) -> dict:
    return axis(
        AXIS_TITLES[measure],
        tickformat=".0%" if measure == "gender_accuracy" else "",
        zeroline=measure == "bias_years",
        showgrid=True,
        nticks=7,
    )


def _finish(
    figure: go.Figure, names: Sequence[str], lanes: int, xaxis: dict
) -> go.Figure:
    row_px = ROW_PX + DODGE_PX * (lanes - 1)
    return compact(
        figure,
        height=row_px * len(names) + 76,
        xaxis=xaxis,
        yaxis=layout.rows_axis(names) | {"showgrid": False},
        legend=len(figure.data) > 1,
    )
