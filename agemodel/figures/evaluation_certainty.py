"""Figures of the calibration of intervals and probabilities, on the Evaluation page."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from agemodel.analysis.declining import Band
from agemodel.figures.evaluation_errors import HEIGHT, dots
from agemodel.figures.layout import GREY, LINE, compact, with_legend

_DOT = {"color": LINE, "width": 1.5, "dash": "dot"}
_SHARE = {"tickformat": ".0%"}
_BOUNDS = "(%{customdata[2]:.1%} to %{customdata[3]:.1%})"
_UPPER, _LOWER = [0.34, 1], [0, 0.24]
"""Shares of the height of two charts with one x axis."""


def figure_coverage(groups: pd.DataFrame, stated: float) -> go.Figure:
    """Draw the coverage of the interval by labelled age group.

    Args:
        groups: as returned by `certainty.coverage_by_age`.
        stated: the coverage it is made for, 0..1.
    """
    names = groups.index.tolist()
    words = f"%{{x}} years: holds %{{y:.1%}} {_BOUNDS}"
    figure = go.Figure(dots(groups, names, "coverage", "", words))
    figure.add_hline(stated, line=_DOT)
    ticks = [f"{name}<br>{n:,}" for name, n in zip(names, groups["n"], strict=True)]
    return compact(
        figure,
        height=HEIGHT,
        xaxis={
            "title": {"text": "Age group in years, and its faces"},
            "type": "category",
            "tickmode": "array",
            "tickvals": names,
            "ticktext": ticks,
            "tickangle": 0,
            "tickfont": {"size": 11},
            "showgrid": False,
        },
        yaxis=_SHARE
        | {
            "title": {"text": "80 % range holds the age"},
            "range": [min(0.5, float(groups["low"].min()) - 0.02), 1.01],
        },
    )


def figure_reliability(bins: pd.DataFrame) -> go.Figure:
    """Draw a reliability diagram: the share labelled female over p(female).

    Args:
        bins: as returned by `certainty.reliability`.
    """
    words = f"stated %{{x:.1%}}: labelled so %{{y:.1%}} {_BOUNDS}"
    marks = dots(bins, bins["p_female"].to_numpy(), "female", "", words)
    identity = go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=_DOT, hoverinfo="skip")
    counts = go.Bar(
        x=(bins.index.to_numpy() + 0.5) / 10,
        y=bins["n"].to_numpy(),
        width=0.08,
        yaxis="y2",
        marker={"color": GREY, "line": {"width": 0}},
        texttemplate="%{y:,}",
        textposition="outside",
        textfont={"size": 11},
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure = compact(
        go.Figure([*marks, identity, counts]),
        height=HEIGHT + 80,
        xaxis={"title": {"text": "Stated p(female)"}, "range": [-0.03, 1.06]}
        | _SHARE
        | {"anchor": "y2"},
        yaxis={"title": {"text": "Labelled female"}, "range": [-0.03, 1.03]}
        | _SHARE
        | {"domain": _UPPER},
    )
    below = {"title": {"text": "Faces"}, "domain": _LOWER, "fixedrange": True}
    hidden = {"showticklabels": False, "showgrid": False}
    room = {"range": [0, 1.35 * float(bins["n"].max())]}
    return figure.update_layout(yaxis2=below | hidden | room)


def figure_width(parts: pd.DataFrame, stated: float) -> go.Figure:
    """Draw the error, and below it the coverage, over the width of the interval.

    Args:
        parts: as returned by `certainty.error_by_width`.
        stated: the coverage that the interval is made for, 0..1.
    """
    errors = dots(
        parts,
        parts["width_years"].to_numpy(),
        "mae_years",
        "mae_",
        "%{x:.1f} years wide: MAE %{y:.2f} years (%{customdata[2]:.2f} to "
        "%{customdata[3]:.2f})",
    )
    held = go.Scatter(
        x=parts["width_years"].to_numpy(),
        y=parts["coverage"].to_numpy(),
        customdata=[[row] for row in range(len(parts))],
        yaxis="y2",
        mode="lines+markers",
        line={"width": 1},
        hovertemplate="%{x:.1f} years wide: holds %{y:.1%}<extra></extra>",
    )
    figure = compact(
        go.Figure([*errors, held]),
        height=HEIGHT + 80,
        xaxis={
            "title": {"text": "Stated width of the interval in years"},
            "rangemode": "tozero",
            "anchor": "y2",
        },
        yaxis={"title": {"text": "MAE (years)"}, "rangemode": "tozero"}
        | {"domain": _UPPER},
    )
    figure.add_hline(stated, line=_DOT, yref="y2")
    least = min(0.5, float(parts["coverage"].min()) - 0.05)
    below = {"title": {"text": "Holds"}, "domain": _LOWER, "fixedrange": True}
    return figure.update_layout(yaxis2=below | _SHARE | {"range": [least, 1.02]})


def figure_age_risk(risk: pd.Series) -> go.Figure:
    """Draw a risk-coverage curve: the error of the surest faces over their share.

    Args:
        risk: as returned by `declining.age_risk`.
    """
    return _risk(risk, "MAE (years)", {}, "MAE %{y:.2f} years")


def figure_gender_risk(risk: pd.Series, band: Band | None) -> go.Figure:
    """Draw a risk-coverage curve of the gender, and where it is left uncertain.

    Args:
        risk: as returned by `declining.gender_risk`.
        band: as returned by `declining.uncertain_band`.
    """
    figure = _risk(risk, "Wrong genders", {"tickformat": ".1%"}, "%{y:.2%} wrong")
    if band is None:
        return figure
    figure.data[0].name = "surest faces"
    mark = go.Scatter(
        x=[band.kept],
        y=[band.error],
        mode="markers",
        marker={"size": 11, "symbol": "diamond"},
        name="without those left open",
        hovertemplate="not left open: %{x:.1%} of the faces, %{y:.2%} wrong"
        "<extra></extra>",
    )
    figure.add_trace(mark)
    figure.add_vline(band.kept, line=_DOT)
    return with_legend(figure)


def _risk(risk: pd.Series, title: str, ticks: dict, value: str) -> go.Figure:
    curve = go.Scatter(
        x=risk.index.to_numpy(),
        y=risk.to_numpy(),
        mode="lines" if len(risk) > 1 else "markers",
        hovertemplate=f"%{{x:.0%}} of the faces estimated: {value}<extra></extra>",
    )
    return compact(
        go.Figure(curve),
        height=HEIGHT,
        xaxis={"title": {"text": "Share of faces estimated"}, "range": [0, 1.06]}
        | _SHARE,
        yaxis={"title": {"text": title}, "rangemode": "tozero"} | ticks,
    )
