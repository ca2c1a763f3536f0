"""network.json: the layers of a run's network, as described by Keras.

::

    {
      "network": "seed_cnn",
      "model_sha256": "...",          of best.keras, which it describes
      "outputs": {"age": "age"},      by output, the layer it comes from
      "parameters": 9876,             of all layers
      "trainable_parameters": 9876,
      "layers": [                     each after those it takes its input from
        {"name": "conv1", "class": "Conv2D", "part": "", "inputs": ["scale"],
         "output_shape": [126, 126, 32], "parameters": 896,
         "trainable_parameters": 896, "settings": {"filters": 32, ...}}
      ]
    }

A model within the model, such as the trunk of `mobile`, stands as its own layers, each
with the model's name as its `part`. Shapes leave the number of faces out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras

from agemodel.core.checksums import sha256_of
from agemodel.runs.architecture import FILE
from agemodel.runs.checkpoints import BEST
from agemodel.runs.run_folder import Run

_SETTINGS = (
    *("filters", "units", "kernel_size", "strides", "padding", "pool_size"),
    *("activation", "rate", "scale"),
)
"""Settings of a layer's configuration that are worth showing."""


def write_network(run: Run, model: keras.Model) -> None:
    """Describe a run's best model, and write that as its network.json."""
    record = {
        "network": model.name,
        "model_sha256": sha256_of((run.folder / BEST).read_bytes()),
        **describe_network(model),
    }
    run.write_json(FILE, record)


def describe_network(model: keras.Model) -> dict[str, Any]:
    """A functional model's outputs, totals and layers, as network.json holds them."""
    layers = list(_layers(model, "", {}))
    outputs = model.get_config()["output_layers"]
    return {
        "outputs": {name: source[0] for name, source in outputs.items()},
        "parameters": sum(layer["parameters"] for layer in layers),
        "trainable_parameters": sum(layer["trainable_parameters"] for layer in layers),
        "layers": layers,
    }


def _layers(
    model: keras.Model, part: str, fed_by: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """The layers of a model in the order of its graph.

    Args:
        model: the whole, or a model within it.
        part: the name of the model within; empty for the whole.
        fed_by: the layer that stands for each other one: what comes before a model
            within for its input, what is last in it for the model. It is added to.
    """
    inputs = _inputs(model)
    for operation in model.operations:
        before = [fed_by.get(name, name) for name in inputs[operation.name]]
        if part and isinstance(operation, keras.layers.InputLayer):
            continue
        if isinstance(operation, keras.Model):
            config = operation.get_config()  # of one input and one output
            within = {config["input_layers"][0]: before[0]}
            yield from _layers(operation, operation.name, within)
            fed_by[operation.name] = config["output_layers"][0]
        else:
            yield _layer(operation, part, before)


def _inputs(model: keras.Model) -> dict[str, list[str]]:
    """The names of the operations that feed each operation."""
    return {
        layer["name"]: list(dict.fromkeys(_tensors(layer["inbound_nodes"])))
        for layer in model.get_config()["layers"]
    }


def _tensors(values: Any) -> Iterator[str]:
    """The names of the operations whose tensors occur in a configuration."""
    if isinstance(values, dict):
        if values.get("class_name") == "__keras_tensor__":
            yield values["config"]["keras_history"][0]
        else:
            for value in values.values():
                yield from _tensors(value)
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from _tensors(value)


def _layer(operation: Any, part: str, before: list[str]) -> dict[str, Any]:
    config = operation.get_config() if isinstance(operation, keras.Layer) else {}
    weights = getattr(operation, "weights", [])
    trainable = getattr(operation, "trainable_weights", [])
    return {
        "name": operation.name,
        "class": type(operation).__name__,
        "part": part,
        "inputs": before,
        "output_shape": [int(size) for size in operation.output.shape[1:]],
        "parameters": _count(weights),
        "trainable_parameters": _count(trainable),
        "settings": {
            name: config[name]
            for name in _SETTINGS
            if isinstance(config.get(name), (float, str, tuple, list))
            or type(config.get(name)) is int  # a norm's `scale` is True or False
        },
    }


def _count(weights: list[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)
