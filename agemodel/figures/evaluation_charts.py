"""Figures of the Evaluation page: a comparison of systems, and confusion matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go

from agemodel.analysis.baselines import KINDS, System
from agemodel.figures.layout import CLEAR, axis, compact, error_bars, rows_axis
from agemodel.metrics.measures import MEASURES, SHARE, YEARS, Score

# Opaque, with a dark text that can be read on all of them, so that they fit any page.
_SHADES = ["rgba(47, 156, 146, 0.08)", "rgba(47, 156, 146, 0.65)"]
"""From almost the page's own colour, light or dark, to one on which its text shows."""
_TEXT = {"light": "#0f1514", "dark": "#e7ecea"}
_FRAME = "#c9781e"
_NAME_CHARACTERS = 24
_LEFT_PX = 76
"""Left margin of a confusion matrix, for its title and the names of the classes."""
NOTHING = "-"
"""Text of a measure that is not known."""
MANY_CLASSES = 7
"""From this many classes on, the names below are turned upright."""


def figure_systems(systems: Sequence[System], key: str) -> go.Figure:
    """Draw one measure of several systems as dots, with intervals where known.

    Args:
        systems: those that lack the measure are left out; the first is on top.
        key: of `measures.MEASURES`.
    """
    measure = MEASURES[key]
    known = [one for one in systems if key in one.scores]
    shown = [one for one in known if np.isfinite(one.scores[key].value)]
    names = ["<br>".join(wrap(one.name, _NAME_CHARACTERS)) for one in shown]
    figure = go.Figure()
    for own in (True, False):
        places = [y for y, one in enumerate(shown) if (one.kind == "run") == own]
        scores = [shown[y].scores[key] for y in places]
        value = np.array([score.value for score in scores])
        low, high = (  # of no length where there is no interval
            np.where(np.isfinite(bounds), bounds, value)
            for bounds in ([one.low for one in scores], [one.high for one in scores])
        )
        figure.add_scatter(
            x=value,
            y=places,
            error_x=error_bars(value, low, high, width=4),
            mode="markers",
            marker={"size": 11 if own else 8, "symbol": "diamond" if own else "circle"},
            customdata=[
                f"{shown[y].name}: {score_text(key, shown[y].scores[key])}"
                for y in places
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    return compact(
        figure,
        height=36 * len(shown) + 60,
        xaxis=axis(
            measure_title(key) + " (share)" * (measure.unit == SHARE),
            tickformat=".0%" if measure.unit == SHARE else "",
            nticks=5,
        ),
        yaxis=rows_axis(names),
    )


def measure_title(key: str) -> str:
    """A measure with its unit, where it has one that its values do not show."""
    measure = MEASURES[key]
    return f"{measure.title} (years)" if measure.unit == YEARS else measure.title


def system_rows(systems: Sequence[System], keys: Iterable[str]) -> list[dict[str, str]]:
    """Systems as rows of a table, with some of `MEASURES`."""
    unknown = Score(np.nan)
    return [
        {
            "System": one.name,
            "What": KINDS[one.kind],
            "n": NOTHING if one.n is None else f"{one.n:,}",
        }
        | {
            measure_title(key): score_text(key, one.scores.get(key, unknown))
            for key in keys
        }
        | {"Note": one.note}
        for one in systems
    ]


def score_text(key: str, score: Score) -> str:
    """A measure as `4.26 (4.14 to 4.41)` or `70.0 % (68.2 to 70.9)`; a dash for none.

    One without an interval was published by others and keeps its digits.
    """
    if not np.isfinite(score.value):
        return NOTHING
    unit = MEASURES[key].unit
    factor, sign = (100, " %") if unit == SHARE else (1, "")
    if not np.isfinite(score.low):
        return f"{score.value * factor:.6g}{sign}"
    digits = {SHARE: 1, YEARS: 2}.get(unit, 3)
    value, low, high = (
        f"{number * factor:.{digits}f}"
        for number in (score.value, score.low, score.high)
    )
    return f"{value}{sign} ({low} to {high})"


def figure_confusion(
    counts: np.ndarray,
    shares: np.ndarray,
    names: Sequence[str],
    words: tuple[str, str],
    picked: tuple[int, int] | None = None,
    scheme: str = "light",
) -> go.Figure:
    """Draw a confusion matrix with the count and the share in each cell.

    The cells answer a click by points whose x is the number of the estimated and y
    that of the true class: a heatmap itself gives no selection.

    Args:
        counts: shape (k, k), true down, estimated across.
        shares: shape (k, k), 0..1; they give the colour.
        names: of the classes.
        words: what a class is (such as `Age group`), and what the shares are of.
        picked: a cell (true, estimated) to frame.
        scheme: light or dark, as the page is that it is drawn on.
    """
    cells = _cells(counts, shares, names, words, _TEXT[scheme])
    figure = go.Figure([_heat(counts, shares), cells])
    if picked is not None:
        row, column = picked
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"width": 2.5, "color": _FRAME},
        )
    k, of = len(names), words[0].lower()
    ticks = {
        "tickvals": list(range(k)),
        "ticktext": list(names),
        "showgrid": False,
        "zeroline": False,
        "tickfont": {"size": 10 if k > MANY_CLASSES else 12},
    }
    angle = -90 if k > MANY_CLASSES else 0
    return compact(
        figure,
        height=max(38 * k, 150) + 70,
        xaxis=axis(f"Estimated {of}", range=[-0.5, k - 0.5], tickangle=angle, **ticks),
        yaxis=axis(f"True {of}", range=[k - 0.5, -0.5], automargin=False, **ticks),
    ).update_layout(hovermode="closest", hoverdistance=60, margin={"l": _LEFT_PX})


def _heat(counts: np.ndarray, shares: np.ndarray) -> go.Heatmap:
    """The heatmap below: deeper the larger the share, none where there is no face."""
    return go.Heatmap(
        z=np.where(counts > 0, shares, np.nan),
        zmin=0,
        zmax=max(float(shares.max()), 1e-9),
        colorscale=[[0, _SHADES[0]], [1, _SHADES[1]]],
        showscale=False,
        hoverinfo="skip",
        xgap=1,
        ygap=1,
    )


def _cells(
    counts: np.ndarray,
    shares: np.ndarray,
    names: Sequence[str],
    words: tuple[str, str],
    colour: str,
) -> go.Scatter:
    """The cells' text and hover, as points that a click can select."""
    k = len(names)
    estimated, true = (axis.ravel() for axis in np.meshgrid(range(k), range(k)))
    size = 12 if k <= MANY_CLASSES else 10 if k < 10 else 9  # px, to fit 390 px
    return go.Scatter(
        x=estimated,
        y=true,
        mode="markers+text",
        marker={"color": CLEAR, "size": 26, "symbol": "square"},
        text=[
            f"{count:,}<br>{_percent(share)}" if count else ""
            for count, share in zip(counts.ravel(), shares.ravel(), strict=True)
        ],
        textfont={"size": size, "color": colour},
        customdata=[
            f"{words[0]} {names[down]}, taken for {names[across]}: "
            f"{counts[down, across]:,} faces, {shares[down, across]:.1%} {words[1]}"
            for down, across in zip(true, estimated, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
        selected={"marker": {"color": CLEAR}},
        unselected={"marker": {"color": CLEAR}, "textfont": {"color": colour}},
    )


def _percent(share: float) -> str:
    if share and share < 0.005:
        return "<1%"
    return f"{share:.0%}"
