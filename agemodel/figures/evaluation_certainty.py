"""Figures of the calibration of intervals and probabilities, on the Evaluation page."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from agemodel.analysis.declining import Band
from agemodel.figures import layout
from agemodel.figures.evaluation_errors import HEIGHT, dots, named_axis
from agemodel.figures.layout import axis, compact

_BOUNDS = "(%{customdata[2]:.1%} to %{customdata[3]:.1%})"
_UPPER, _BELOW = [0.34, 1], {"domain": [0, 0.24], "fixedrange": True}
"""Of two charts with one x axis, in shares of the height."""


def figure_coverage(groups: pd.DataFrame, stated: float) -> go.Figure:
    """Draw the coverage of the interval by labelled age group.

    Args:
        groups: as returned by `certainty.coverage_by_age`.
        stated: the coverage it is made for, 0..1.
    """
    names = groups.index.tolist()
    words = f"%{{x}} years: holds %{{y:.1%}} {_BOUNDS}"
    figure = go.Figure(dots(groups, names, "coverage", "", words))
    figure.add_hline(stated, line=layout.DOTTED)
    ticks = [f"{name}<br>{n:,}" for name, n in zip(names, groups["n"], strict=True)]
    return compact(
        figure,
        height=HEIGHT,
        xaxis=named_axis("Age group in years, and its faces", names, ticks)
        | {"type": "category"},
        yaxis=axis(
            "80 % range holds the age",
            range=[min(0.5, float(groups["low"].min()) - 0.02), 1.01],
            **layout.PERCENT,
        ),
    )


def figure_reliability(bins: pd.DataFrame) -> go.Figure:
    """Draw a reliability diagram: the share labelled female over p(female).

    Args:
        bins: as returned by `certainty.reliability`.
    """
    words = f"stated %{{x:.1%}}: labelled so %{{y:.1%}} {_BOUNDS}"
    marks = dots(bins, bins["p_female"].to_numpy(), "female", "", words)
    identity = go.Scatter(
        x=[0, 1], y=[0, 1], mode="lines", line=layout.DOTTED, hoverinfo="skip"
    )
    counts = go.Bar(
        x=(bins.index.to_numpy() + 0.5) / 10,
        y=bins["n"].to_numpy(),
        width=0.08,
        yaxis="y2",
        marker={"color": layout.GREY, **layout.NO_EDGE},
        texttemplate="%{y:,}",
        textposition="outside",
        textfont={"size": 11},
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure = compact(
        go.Figure([*marks, identity, counts]),
        height=HEIGHT + 80,
        xaxis=axis(
            "Stated p(female)", range=[-0.03, 1.06], anchor="y2", **layout.PERCENT
        ),
        yaxis=axis(
            "Labelled female", range=[-0.03, 1.03], domain=_UPPER, **layout.PERCENT
        ),
    )
    return figure.update_layout(
        yaxis2=axis(
            "Faces",
            **_BELOW,
            showticklabels=False,
            showgrid=False,
            range=[0, 1.35 * float(bins["n"].max())],
        )
    )


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
        xaxis=axis(
            "Stated width of the interval in years", rangemode="tozero", anchor="y2"
        ),
        yaxis=axis("MAE (years)", rangemode="tozero", domain=_UPPER),
    )
    figure.add_hline(stated, line=layout.DOTTED, yref="y2")
    least = min(0.5, float(parts["coverage"].min()) - 0.05)
    return figure.update_layout(
        yaxis2=axis("Holds", **_BELOW, **layout.PERCENT, range=[least, 1.02])
    )


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
    figure.add_vline(band.kept, line=layout.DOTTED)
    return layout.with_legend(figure)


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
        xaxis=axis("Share of faces estimated", range=[0, 1.06], **layout.PERCENT),
        yaxis=axis(title, rangemode="tozero", **ticks),
    )
