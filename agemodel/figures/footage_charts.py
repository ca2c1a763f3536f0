"""Figures of who came: visits over time, ages by gender, time in view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from agemodel.figures import layout
from agemodel.figures.layout import axis, compact
from agemodel.footage.slots import PartShare, Slot

HEIGHT = 300
ROW_PX = 44
_UNKNOWN = "hidden, or no age"
_HIDDEN = "too few to be shown"
_SHARE = "Share of the visits with an age"


def figure_visits(slots: Sequence[Slot]) -> go.Figure:
    """Draw the visits of each stretch of time, stacked by age band.

    Where a count is hidden its visits are in a grey part with those without an age; a
    stretch with too few visits is marked.

    Args:
        slots: in order; at least one.
    """
    names = slot_names(slots)
    bands = [part.part for part in slots[0].bands]
    counts = np.array(
        [[part.count or 0.0 for part in slot.bands] for slot in slots]
    )  # (slots, bands)
    totals = np.array([slot.visits or 0 for slot in slots], float)
    figure = go.Figure()
    for column, band in enumerate(bands):
        figure.add_bar(
            x=names,
            y=counts[:, column],
            name=band,
            hovertemplate=f"%{{x}}: {band} years, about %{{y:.0f}}<extra></extra>",
        )
    figure.add_bar(
        x=names,
        y=np.maximum(totals - counts.sum(1), 0).round(1),
        name=_UNKNOWN,
        marker={"color": layout.GREY, **layout.NO_EDGE},
        hovertemplate=f"%{{x}}: {_UNKNOWN}, about %{{y:.0f}}<extra></extra>",
    )
    few = [name for name, slot in zip(names, slots, strict=True) if slot.visits is None]
    if few:
        figure.add_scatter(
            x=few,
            y=[0] * len(few),
            mode="markers",
            name=_HIDDEN,
            marker={"symbol": "x-thin-open", "size": 9, "color": layout.LINE},
            hovertemplate=f"%{{x}}: {_HIDDEN}<extra></extra>",
        )
    return compact(
        figure.update_layout(barmode="stack"),
        height=HEIGHT,
        xaxis=axis("Time", type="category", showgrid=False),
        yaxis=axis("Visits", rangemode="tozero"),
        legend=True,
    )


def figure_pyramid(bands_by_gender: Sequence[PartShare]) -> go.Figure:
    """Draw the share of each age band of males and females, with 95 % intervals.

    Args:
        bands_by_gender: of all of the time: the bands of males, then those of females.
            Hidden ones have no bar.
    """
    half = len(bands_by_gender) // 2
    names = [part.part.partition(" ")[2] for part in bands_by_gender[:half]]
    males, females = bands_by_gender[:half], bands_by_gender[half:]
    figure = go.Figure([_side("male", -1, males), _side("female", 1, females)])
    most = max([part.high or part.share or 0.1 for part in bands_by_gender], default=1)
    last = np.ceil(most * 10) / 10
    ticks, end = np.linspace(-last, last, 5), 1.05 * max(most, last)
    return compact(
        figure.update_layout(barmode="overlay"),
        height=80 + ROW_PX * max(half, 1),
        xaxis=axis(
            _SHARE,
            tickvals=ticks,
            ticktext=[f"{abs(value):.0%}" for value in ticks],
            range=[-end, end],
        ),
        yaxis=layout.rows_axis(names),
        legend=True,
    )


def _side(gender: str, sign: int, parts: Sequence[PartShare]) -> go.Bar:
    share = np.array([np.nan if part.share is None else part.share for part in parts])
    low, high = (
        np.array([np.nan if end is None else end for end in ends])
        for ends in ([part.low for part in parts], [part.high for part in parts])
    )
    bars = layout.error_bars(share, low, high, width=5)
    if sign < 0:
        bars |= {"array": share - low, "arrayminus": high - share}
    words = np.array([_in_words(part) for part in parts], dtype=object)
    return go.Bar(
        y=np.arange(len(parts)),
        x=sign * share,
        orientation="h",
        name=gender,
        error_x=bars | {"color": layout.LINE},
        customdata=words[:, None],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _in_words(part: PartShare) -> str:
    if part.share is None:
        return f"{part.part}: {_HIDDEN}"
    if part.low is None or part.high is None:
        return f"{part.part}: {part.share:.1%}"
    return f"{part.part}: {part.share:.1%} ({part.low:.1%} to {part.high:.1%})"


def figure_shares(parts: Sequence[PartShare], title: str = _SHARE) -> go.Figure:
    """Draw shares as dots with their 95 % intervals; hidden ones are left out.

    Args:
        parts: bands or genders.
        title: of the axis of the shares.
    """
    shown = [row for row, part in enumerate(parts) if part.share is not None]
    share = np.array([parts[row].share for row in shown], float)
    low, high = (
        np.array([share[n] if end is None else end for n, end in enumerate(ends)])
        for ends in ([parts[r].low for r in shown], [parts[r].high for r in shown])
    )
    dots = go.Scatter(
        x=share,
        y=shown,
        mode="markers",
        marker={"size": 10},
        error_x=layout.error_bars(share, low, high, width=5),
        customdata=[[_in_words(parts[row])] for row in shown],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )
    names = [
        part.part if part.share is not None else f"{part.part} (hidden)"
        for part in parts
    ]
    return compact(
        go.Figure(dots),
        height=70 + 32 * len(parts),
        xaxis=axis(title, range=[-0.02, 1.02], **layout.PERCENT),
        yaxis=layout.rows_axis(names),
    )


def figure_seconds(seconds: np.ndarray) -> go.Figure:
    """Draw how long visits were in view.

    Args:
        seconds: shape (n,), n at least 1.
    """
    top = max(float(np.quantile(seconds, 0.98)), 1.0)
    edges = np.linspace(0, top, 16)
    counts, _ = np.histogram(np.minimum(seconds, top - 1e-9), edges)
    bars = go.Bar(
        x=((edges[:-1] + edges[1:]) / 2).round(2),
        y=counts,
        width=np.diff(edges),
        customdata=np.stack([edges[:-1], edges[1:]], axis=1).round(1),
        hovertemplate="%{customdata[0]} to %{customdata[1]} s: %{y}<extra></extra>",
    )
    return compact(
        go.Figure(bars),
        height=HEIGHT - 60,
        xaxis=axis("Seconds in view", range=[0, top]),
        yaxis=axis("Visits", rangemode="tozero"),
    )


def slot_names(slots: Sequence[Slot]) -> list[str]:
    """Slots in words: the day and the hour, or minutes of footage."""
    if not slots[0].start:
        return [f"from {slot.start_s / 60:.0f} min" for slot in slots]
    one_day = len({slot.start[:10] for slot in slots}) == 1
    first = 11 if one_day else 5
    return [slot.start[first:16].replace("T", " ") for slot in slots]
