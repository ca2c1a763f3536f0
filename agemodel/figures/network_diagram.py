"""The diagram of a network: its layers as boxes, input above, outputs below."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from agemodel.figures.layout import GREY, LINE, NO_EDGE, compact
from agemodel.runs.architecture import Block, Place, places, sizes

ROW_PX = 48
KINDS = ("Convolution", "Pooling", "Dense", "Other")
"""Kinds of layers, each with its colour at the edge of a box."""

_HALF_HEIGHT = 0.37
_GAP = 0.06
"""Between lanes, of one's width."""
_EDGE = 0.03
_TEXT_PX = 11
_INK = '<span style="fill: currentColor">{}</span>'
"""Text in the page's own colour: that of a theme's notes is too pale on a box."""


def kind_of(block: Block) -> str:
    """The kind of a block, of `KINDS`: that of its first layer that has one."""
    for layer in block.layers:
        if layer.kind.endswith("Conv2D"):
            return KINDS[0]
        if "Pooling" in layer.kind:
            return KINDS[1]
        if layer.kind == "Dense":
            return KINDS[2]
    return KINDS[3]


def figure_network(blocks: Sequence[Block]) -> go.Figure:
    """Draw a network from its input, above, to its outputs.

    Each box names its layers, at the right the shape that leaves it, and below what
    they do and how many parameters they hold.

    Args:
        blocks: as returned by `architecture.blocks`.
    """
    placed = places(blocks)
    rows = [place.row for place in placed]
    widths = [place.lanes - _GAP for place in placed]
    lefts = [place.x - width / 2 for place, width in zip(placed, widths, strict=True)]
    rights = [left + width for left, width in zip(lefts, widths, strict=True)]
    figure = go.Figure(
        go.Bar(
            base=lefts,
            x=widths,
            y=rows,
            orientation="h",
            width=2 * _HALF_HEIGHT,
            marker={"color": GREY, **NO_EDGE},
            text=[_told(block) for block in blocks],
            textposition="none",
            hovertemplate="%{text}<extra></extra>",
            hoverlabel={"align": "left"},
            showlegend=False,
        )
    )
    for kind in KINDS:
        mine = [i for i, block in enumerate(blocks) if kind_of(block) == kind]
        figure.add_trace(  # an empty one, too, so that kinds keep their colours
            go.Bar(
                base=[lefts[i] for i in mine],
                x=[_EDGE] * len(mine),
                y=[rows[i] for i in mine],
                orientation="h",
                width=2 * _HALF_HEIGHT,
                name=kind,
                marker=NO_EDGE,
                hoverinfo="skip",
                showlegend=bool(mine),
            )
        )
    notes = []
    for i, block in enumerate(blocks):
        notes += _writing(block, lefts[i] + _EDGE, rights[i], rows[i])
        notes += [_arrow(placed[before], placed[i]) for before in block.inputs]
    return compact(
        figure.update_layout(barmode="overlay", annotations=notes),
        height=ROW_PX * (max(rows) + 1) + 32,
        xaxis={"visible": False, "range": [min(lefts), max(rights)]},
        yaxis={"visible": False, "range": [max(rows) + 0.5, -0.5]},
        legend=True,
    )


def _writing(block: Block, left: float, right: float, row: int) -> list[dict]:
    held = f" · {block.parameters:,}" if block.parameters else ""
    if block.is_frozen:
        held += " frozen"
    text = {"showarrow": False, "font": {"size": _TEXT_PX}, "yanchor": "middle"}
    return [
        text
        | {"x": left, "y": row - 0.17, "xanchor": "left", "xshift": 4}
        | {"text": _INK.format(f"<b>{block.name}</b>")},
        text
        | {"x": right, "y": row - 0.17, "xanchor": "right", "xshift": -4}
        | {"text": _INK.format(sizes(block.output_shape))},
        text
        | {"x": left, "y": row + 0.17, "xanchor": "left", "xshift": 4}
        | {"text": _INK.format(f"{block.words}{held}")},
    ]


def _arrow(tail: Place, head: Place) -> dict:
    # Straight down where a branch begins below a box that lies above all of them.
    start = head.x if tail.lanes > head.lanes else tail.x
    return {
        "x": head.x,
        "y": head.row - _HALF_HEIGHT,
        "ax": start,
        "ay": tail.row + _HALF_HEIGHT,
        "xref": "x",
        "yref": "y",
        "axref": "x",
        "ayref": "y",
        "text": "",
        "showarrow": True,
        "arrowhead": 2,
        "arrowwidth": 1.2,
        "arrowcolor": LINE,
    }


def _told(block: Block) -> str:
    return "<br>".join(
        f"<b>{layer.name}</b> {sizes(layer.output_shape)}"
        + (f", {layer.parameters:,} parameters" if layer.parameters else "")
        + (" frozen" if layer.is_frozen else "")
        for layer in block.layers
    )
