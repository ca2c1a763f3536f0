"""The layers of a run's network, read from its network.json without Keras.

`agemodel.learning.network_record` writes that file. For a diagram, `blocks` folds
layers that belong together, such as a convolution with its activation, into one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from agemodel.core.errors import RunError
from agemodel.core.json_records import record_from
from agemodel.runs.run_folder import Run

FILE = "network.json"

_TIMES = "\u00d7"
_STRIDING = ("Conv2D", "DepthwiseConv2D")
_ASIDE = ("Normalization", "ReLU", "Activation", "Softmax", "Padding")

_BLOCK = re.compile(r"[a-z]+(?:_[a-z]+)?(_?\d+)")
"""The number in a layer's name: the 1 of conv1 and pool1, the _2 of conv_dw_2."""


@dataclass(frozen=True)
class Layer:
    """A layer of a network.

    Attributes:
        kind: its class in Keras.
        part: the nested model that it belongs to; empty for none.
        inputs: names of its input layers.
        output_shape: the shape of its output for one face.
        trainable_parameters: how many of them training may change.
        settings: settings of its class, such as filters and kernel_size.
    """

    name: str
    kind: str
    part: str
    inputs: tuple[str, ...]
    output_shape: tuple[int, ...]
    parameters: int
    trainable_parameters: int
    settings: dict[str, Any]

    @property
    def is_frozen(self) -> bool:
        """Whether it has parameters and none of them is trainable."""
        return bool(self.parameters) and not self.trainable_parameters

    @property
    def words(self) -> str:
        """Its class and main settings, such as `Conv2D 3x3, relu`."""
        size = self.settings.get("kernel_size") or self.settings.get("pool_size")
        words = [f"{self.kind} {sizes(size)}" if size else self.kind]
        if self.kind in _STRIDING and set(self.settings.get("strides", ())) - {1}:
            words.append(f"stride {self.settings['strides'][0]}")
        if "rate" in self.settings:
            words.append(f"{self.settings['rate']:.0%}")
        if self.settings.get("activation", "linear") != "linear":
            words.append(self.settings["activation"])
        return ", ".join(words)


def sizes(shape: Sequence[int]) -> str:
    """A shape as text, such as 14, 14 and 64 with multiplication signs between."""
    return _TIMES.join(f"{size:,}" if len(shape) == 1 else str(size) for size in shape)


@dataclass(frozen=True)
class Network:
    """A network.

    Attributes:
        name: its name in `networks.NETWORKS`.
        layers: the layers of all parts, each after its input layers.
        outputs: the layer of each output, by the output's name.
        model_sha256: the checksum of the saved model that was described.
    """

    name: str
    layers: tuple[Layer, ...]
    outputs: dict[str, str]
    parameters: int
    trainable_parameters: int
    model_sha256: str


@dataclass(frozen=True)
class Block:
    """Consecutive layers, drawn as one.

    Attributes:
        layers: the layers; the only input of each is the one before.
        inputs: indices, among all blocks, of the input blocks.
    """

    layers: tuple[Layer, ...]
    inputs: tuple[int, ...]

    @property
    def name(self) -> str:
        """The names of its first and last layer."""
        names = [layer.name for layer in self.layers]
        return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"

    @property
    def words(self) -> str:
        """Its main layers, such as `Conv2D 3x3, relu + MaxPooling2D 2x2`."""
        main = [
            layer
            for layer in self.layers
            if not any(word in layer.kind for word in _ASIDE)
        ]
        return " + ".join(layer.words for layer in main or self.layers)

    @property
    def is_frozen(self) -> bool:
        """Whether it has parameters and none of them is trainable."""
        trainable = any(layer.trainable_parameters for layer in self.layers)
        return bool(self.parameters) and not trainable

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of its output for one face."""
        return self.layers[-1].output_shape

    @property
    def parameters(self) -> int:
        """The number of parameters of all its layers."""
        return sum(layer.parameters for layer in self.layers)


@dataclass(frozen=True)
class Place:
    """The position of a block in the diagram.

    Attributes:
        x: its centre, in lanes from the centre of the first lane.
        row: its row, counted from 0 at the top.
        lanes: the number of lanes that it spans.
    """

    x: float
    row: int
    lanes: int


def read_network(run: Run) -> Network:
    """Read the network of a run.

    Raises:
        RunError: the file was not written yet, or the file is damaged.
    """
    if not (run.folder / FILE).exists():
        raise RunError(
            f"The network of run {run.id} is not written down yet ({FILE}). Once an "
            f"epoch is done: {run.evaluate_command}"
        )
    values = run.read_json(FILE)
    try:
        layers = [{**layer, "kind": layer["class"]} for layer in values["layers"]]
        named = {"name": values["network"], "layers": layers}
        return record_from(Network, values | named)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{FILE} of run {run.id} is damaged ({type(error).__name__}: {error}). "
            f"Make it again: {run.evaluate_command}"
        ) from error


def blocks(layers: Sequence[Layer], *, folded: bool) -> list[Block]:
    """Group layers into blocks.

    Args:
        layers: the layers, each after its input layers.
        folded: join consecutive layers whose names share their number; else each
            layer is a block.
    """
    used = [name for layer in layers for name in layer.inputs]
    found: list[list[Layer]] = []
    for layer in layers:
        last = found[-1][-1] if found else None
        if (
            folded
            and last is not None
            and layer.inputs == (last.name,)
            and used.count(last.name) == 1
            and _number(layer)
            and (layer.part, _number(layer)) == (last.part, _number(last))
        ):
            found[-1].append(layer)
        else:
            found.append([layer])
    place = {layer.name: i for i, block in enumerate(found) for layer in block}
    return [
        Block(tuple(block), tuple(place[name] for name in block[0].inputs))
        for block in found
    ]


def _number(layer: Layer) -> str:
    match = _BLOCK.match(layer.name)
    return match[1] if match else ""


def places(found: Sequence[Block]) -> list[Place]:
    """The position of each block.

    A block is one row below its lowest input. Branches lie side by side, one lane each,
    in the order of the blocks; the block they come from spans all their lanes.
    """
    rows: list[int] = []
    after: list[list[int]] = [[] for _ in found]
    for i, block in enumerate(found):
        rows.append(1 + max((rows[before] for before in block.inputs), default=-1))
        for before in block.inputs:
            after[before].append(i)
    ends = [i for i, followers in enumerate(after) if not followers]
    above: list[set[int]] = [set() for _ in found]
    for i in reversed(range(len(found))):
        lanes = {ends.index(i)} if i in ends else set()
        above[i] = lanes.union(*(above[follower] for follower in after[i]))
    x = _apart([sum(lanes) / len(lanes) for lanes in above], rows)
    return [
        Place(x[i], row, len(lanes) if rows.count(row) == 1 else 1)
        for i, (row, lanes) in enumerate(zip(rows, above, strict=True))
    ]


def _apart(x: list[float], rows: list[int]) -> list[float]:
    """Move overlapping blocks of a row apart, to one lane between neighbours."""
    for row in set(rows):
        members = sorted((i for i, r in enumerate(rows) if r == row), key=x.__getitem__)
        gaps = [x[b] - x[a] for a, b in pairwise(members)]
        if any(gap < 1 for gap in gaps):
            middle = sum(x[i] for i in members) / len(members)
            for place, i in enumerate(members):
                x[i] = middle + place - (len(members) - 1) / 2
    return x
