"""What is written of a network, against what Keras says of the model itself."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import keras
import pytest

from agemodel.core import paths
from agemodel.learning.network_record import describe_network, write_network
from agemodel.runs.architecture import read_network
from agemodel.runs.checkpoints import BEST
from agemodel.runs.run_folder import Run

SHIPPED = sorted(path.parent for path in paths.SHIPPED_RUNS.glob(f"*/{BEST}"))


def plain_layers(model: keras.Model) -> list[keras.Layer]:
    """All layers but models within and their inputs, by Keras's own flattening."""
    within = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    inputs = {id(layer.layers[0]) for layer in within}
    return [
        layer
        for layer in model._flatten_layers(include_self=False)
        if not isinstance(layer, keras.Model) and id(layer) not in inputs
    ]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_record_is_what_keras_says_of_the_shipped_model(folder: Path) -> None:
    model = keras.saving.load_model(folder / BEST, compile=False)
    network = read_network(Run(folder))
    layers = plain_layers(model)
    by_name = {layer.name: layer for layer in network.layers}
    # An operation such as RGBToGrayscale is no layer to Keras, but is in the graph.
    operations = {
        one.name for one in model.operations if not isinstance(one, keras.Layer)
    }
    assert {layer.name for layer in layers} == set(by_name) - operations
    assert len(by_name) == len(network.layers) == len(layers) + len(operations)
    for layer in layers:
        told = by_name[layer.name]
        assert told.kind == type(layer).__name__
        assert told.output_shape == tuple(layer.output.shape[1:])
        assert told.parameters == layer.count_params()
    assert network.parameters == model.count_params()
    assert network.trainable_parameters == sum(
        math.prod(weight.shape) for weight in model.trainable_weights
    )
    assert set(network.outputs) == set(model.output)
    digest = hashlib.sha256((folder / BEST).read_bytes()).hexdigest()
    assert network.model_sha256 == digest


def nested() -> keras.Model:
    """A model with a model within, a frozen layer and two outputs."""
    given = keras.Input((8, 8, 3), name="given")
    x = keras.layers.Conv2D(4, 3, name="conv1")(given)
    x = keras.layers.BatchNormalization(name="norm1")(x)
    trunk = keras.Model(given, x, name="trunk")
    trunk.get_layer("conv1").trainable = False
    inputs = keras.Input((8, 8, 3), name="rgb")
    x = keras.layers.Flatten(name="flat")(trunk(inputs))
    age = keras.layers.Dense(2, name="age")(x)
    gender = keras.layers.Dense(1, activation="sigmoid", name="gender")(x)
    return keras.Model(inputs, {"age": age, "gender": gender}, name="nested")


def test_model_within_stands_as_its_own_layers() -> None:
    record = describe_network(nested())
    told = {layer["name"]: layer for layer in record["layers"]}
    assert list(told) == ["rgb", "conv1", "norm1", "flat", "age", "gender"]
    assert [told[name]["part"] for name in ("rgb", "conv1", "flat")] == [
        "",
        "trunk",
        "",
    ]
    assert told["conv1"]["inputs"] == ["rgb"]
    assert told["norm1"]["inputs"] == ["conv1"]
    assert told["flat"]["inputs"] == ["norm1"]
    assert told["age"]["inputs"] == told["gender"]["inputs"] == ["flat"]
    assert record["outputs"] == {"age": "age", "gender": "gender"}


def test_parameters_are_counted_and_frozen_ones_are_told_apart() -> None:
    record = describe_network(nested())
    told = {layer["name"]: layer for layer in record["layers"]}
    # 3 x 3 x 3 x 4 weights and 4 biases; a norm has 4 numbers a channel, 2 trained;
    # 6 x 6 x 4 = 144 features into 2 and into 1.
    expected = {"conv1": (112, 0), "norm1": (16, 8), "age": (290, 290)}
    for name, counts in expected.items():
        layer = told[name]
        assert (layer["parameters"], layer["trainable_parameters"]) == counts
    assert record["parameters"] == 112 + 16 + 290 + 145
    assert record["trainable_parameters"] == 8 + 290 + 145


def test_settings_are_those_a_reader_wants() -> None:
    told = {layer["name"]: layer for layer in describe_network(nested())["layers"]}
    assert told["conv1"]["settings"]["kernel_size"] == (3, 3)
    assert told["conv1"]["settings"]["filters"] == 4
    assert "scale" not in told["norm1"]["settings"]
    assert told["gender"]["settings"] == {"units": 1, "activation": "sigmoid"}


def test_record_of_a_run_is_written_and_read_back(tmp_path: Path) -> None:
    run = Run(tmp_path)
    nested().save(run.folder / BEST)
    write_network(run, nested())
    network = read_network(run)
    assert (network.name, network.parameters) == ("nested", 563)
    assert network.layers[1].output_shape == (6, 6, 4)
