from __future__ import annotations

import re
from itertools import pairwise

import pytest

from agemodel.core import paths
from agemodel.figures.network_diagram import KINDS, figure_network
from agemodel.runs.architecture import Layer, blocks, read_network
from agemodel.runs.run_folder import Run


def layer(name: str, kind: str, *inputs: str, frozen: bool = False) -> Layer:
    weights = 0 if kind in ("InputLayer", "Flatten", "MaxPooling2D") else 1234
    return Layer(
        name, kind, "", inputs, (4, 4, 2), weights, 0 if frozen else weights, {}
    )


FORK = (
    layer("rgb", "InputLayer"),
    layer("first", "Conv2D", "rgb", frozen=True),
    layer("age", "Dense", "first"),
    layer("gender", "Dense", "first"),
)


def boxes(figure: object) -> list[tuple[float, float, int]]:
    """Left and right edge and row of each box."""
    bars = figure.data[0]
    return [
        (left, left + width, row)
        for left, width, row in zip(bars.base, bars.x, bars.y, strict=True)
    ]


def written(figure: object) -> list[str]:
    texts = (note.text for note in figure.layout.annotations)
    return [re.sub("<[^>]+>", "", text) for text in texts if text]


def test_boxes_are_named_with_their_shapes_and_parameters() -> None:
    texts = written(figure_network(blocks(FORK, folded=False)))
    assert {"rgb", "first", "age", "gender"} <= set(texts)
    assert texts.count("4\u00d74\u00d72") == 4
    assert "Conv2D · 1,234 frozen" in texts
    assert "Dense · 1,234" in texts
    assert "InputLayer" in texts


def test_branches_lie_side_by_side_below_what_they_come_from() -> None:
    rgb, first, age, gender = boxes(figure_network(blocks(FORK, folded=False)))
    assert [box[2] for box in (rgb, first, age, gender)] == [0, 1, 2, 2]
    assert age[1] < gender[0]
    assert first[0] == pytest.approx(age[0]) and first[1] == pytest.approx(gender[1])


def test_an_arrow_leads_from_every_input() -> None:
    figure = figure_network(blocks(FORK, folded=False))
    arrows = [note for note in figure.layout.annotations if note.showarrow]
    assert len(arrows) == sum(len(one.inputs) for one in FORK) == 3
    for arrow in arrows:
        assert arrow.ay < arrow.y  # the axis points down


def test_kinds_keep_their_colours_and_only_those_there_are_named() -> None:
    edges = figure_network(blocks(FORK, folded=False)).data[1:]
    assert tuple(trace.name for trace in edges) == KINDS
    assert [trace.name for trace in edges if trace.showlegend] == [
        "Convolution",
        "Dense",
        "Other",
    ]


def test_box_of_several_layers_tells_each_of_them() -> None:
    row = (layer("conv1", "Conv2D"), layer("pool1", "MaxPooling2D", "conv1"))
    figure = figure_network(blocks(row, folded=True))
    (told,) = figure.data[0].text
    assert "conv1" in told and "1,234 parameters" in told and "pool1" in told


@pytest.mark.parametrize("folded", [True, False])
def test_shipped_networks_overlap_nowhere(folded: bool) -> None:
    for name in ("mobile-3", "group_cnn-1"):
        network = read_network(Run(paths.SHIPPED_RUNS / name))
        drawn = boxes(figure_network(blocks(network.layers, folded=folded)))
        for row in {box[2] for box in drawn}:
            ends = sorted(box[:2] for box in drawn if box[2] == row)
            assert all(a[1] < b[0] for a, b in pairwise(ends))
