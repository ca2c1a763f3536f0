from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.runs.architecture import FILE, Layer, blocks, places, read_network
from agemodel.runs.run_folder import Run

RECORD: dict[str, Any] = {
    "network": "tiny",
    "model_sha256": "0" * 64,
    "outputs": {"age": "age"},
    "parameters": 30,
    "trainable_parameters": 10,
    "layers": [
        {
            "name": "rgb",
            "class": "InputLayer",
            "part": "",
            "inputs": [],
            "output_shape": [8, 8, 3],
            "parameters": 0,
            "trainable_parameters": 0,
            "settings": {},
        },
        {
            "name": "age",
            "class": "Conv2D",
            "part": "trunk",
            "inputs": ["rgb"],
            "output_shape": [4, 4, 2],
            "parameters": 30,
            "trainable_parameters": 10,
            "settings": {
                "kernel_size": [3, 3],
                "strides": [2, 2],
                "activation": "relu",
            },
        },
    ],
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / FILE).write_text(json.dumps(RECORD), "utf-8")
    return Run(tmp_path)


def layer(name: str, *inputs: str, kind: str = "Conv2D", part: str = "") -> Layer:
    return Layer(name, kind, part, inputs, (1,), 2, 1, {})


def test_network_is_read_as_it_was_written(run: Run) -> None:
    network = read_network(run)
    assert (network.name, network.outputs) == ("tiny", {"age": "age"})
    assert (network.parameters, network.trainable_parameters) == (30, 10)
    conv = network.layers[1]
    assert (conv.kind, conv.part, conv.inputs) == ("Conv2D", "trunk", ("rgb",))
    assert conv.output_shape == (4, 4, 2)
    assert conv.words == "Conv2D 3\u00d73, stride 2, relu"


def test_network_that_is_not_written_down_says_what_does_it(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="python -m agemodel evaluate"):
        read_network(Run(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((text, "damaged") for text in ("", "{", "[]", '{"layers": 3}')),
        *(
            (json.dumps(RECORD | {entry: None}), f"damaged.*{entry}")
            for entry in ("outputs", "parameters")
        ),
    ],
)
def test_file_that_is_no_network_is_damaged(run: Run, text: str, said: str) -> None:
    (run.folder / FILE).write_text(text, "utf-8")
    with pytest.raises(RunError, match=said):
        read_network(run)


# --------------------------------------------------------------------------- blocks


def test_layers_of_one_number_in_a_row_are_a_block() -> None:
    row = [layer("conv1"), layer("pool1", "conv1"), layer("conv2", "pool1")]
    found = blocks(row, folded=True)
    assert [block.name for block in found] == ["conv1 … pool1", "conv2"]
    assert [block.inputs for block in found] == [(), (0,)]
    assert found[0].parameters == 4
    assert len(blocks(row, folded=False)) == 3


def test_layers_of_two_branches_or_parts_are_no_block() -> None:
    fork = [layer("conv1"), layer("pool1", "conv1"), layer("norm1", "conv1")]
    assert len(blocks(fork, folded=True)) == 3
    parts = [layer("conv1"), layer("pool1", "conv1", part="trunk")]
    assert len(blocks(parts, folded=True)) == 2
    without = [layer("dense"), layer("drop", "dense")]
    assert len(blocks(without, folded=True)) == 2


def test_block_is_frozen_when_no_number_of_it_is_trained() -> None:
    frozen = Layer("a1", "Conv2D", "", (), (1,), 5, 0, {})
    empty = Layer("b1", "ReLU", "", ("a1",), (1,), 0, 0, {})
    (block,) = blocks([frozen, empty], folded=True)
    assert block.is_frozen and frozen.is_frozen and not empty.is_frozen
    assert block.words == "Conv2D"


def test_trunk_of_mobile_folds_into_its_thirteen_blocks() -> None:
    network = read_network(Run(paths.SHIPPED_RUNS / "mobile-3"))
    trunk = [layer for layer in network.layers if layer.part == "trunk"]
    pointwise = [
        block
        for block in blocks(network.layers, folded=True)
        if block.layers[0].part == "trunk" and "_" in block.name.split(" ")[0]
    ]
    assert len(pointwise) == 13
    assert sum(len(block.layers) for block in pointwise) == len(trunk) - 3


# --------------------------------------------------------------------------- places


def test_branches_stand_a_lane_apart_and_join_above() -> None:
    fork = blocks(
        [layer("a"), layer("b", "a"), layer("c", "a"), layer("d", "b")], folded=False
    )
    assert [(p.x, p.row, p.lanes) for p in places(fork)] == [
        (0.5, 0, 2),  # above both ends, c and d
        (1.0, 1, 1),
        (0.0, 1, 1),  # c is the first end
        (1.0, 2, 1),
    ]


def test_branches_that_meet_again_are_drawn_apart() -> None:
    diamond = blocks(
        [layer("a"), layer("b", "a"), layer("c", "a"), layer("d", "b", "c")],
        folded=False,
    )
    a, b, c, d = places(diamond)
    assert (a.row, b.row, c.row, d.row) == (0, 1, 1, 2)
    assert c.x - b.x == 1
    assert a.x == d.x == (b.x + c.x) / 2


def test_skipped_row_is_kept_free() -> None:
    skip = blocks([layer("a"), layer("b", "a"), layer("c", "a", "b")], folded=False)
    assert [place.row for place in places(skip)] == [0, 1, 2]
