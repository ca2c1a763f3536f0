"""Starting weights for the `mobile` network, a MobileNet v1.

`faces-192` is what this project trained before: the mean of the weights of two runs, of
14 and 20 epochs of 36,000 faces, on the training faces of UTKFace, APPA-REAL,
All-Age-Faces and Images of Groups, themselves begun from `faceres-deep`.

`faceres-deep` is HSE-FaceRes. A. Savchenko's MobileNet was trained to tell VGGFace2's
identities apart, then on age and gender. It comes as a TensorFlow.js graph model in
which every batch norm is folded: pointwise convolutions carry the norm's scale in their
kernels, depthwise ones keep it as a factor, and only the shifts are left of the
statistics. Fine-tuned like
that, the trunk collapses; `unfold_batch_norms` gives the norms real statistics again
without changing the function.
"""

from __future__ import annotations

import io
import json

import keras
import numpy as np

from agemodel.core import paths
from agemodel.core.checksums import read_verified
from agemodel.core.errors import ConfigError

FACERES, FACES = "faceres-deep", "faces-192"
FOLDER = paths.ASSETS / "pretrained"
MEAN_RGB = (123.68, 116.779, 103.939)
"""Channel means that the trunk expects to be subtracted from its input."""

_HEADS = {"age_logits": "am", "gender_logit": "gm"}
"""In `faces-192`, the heads that learned from all sets."""
_PARTS = {True: ("gamma", "beta", "mean", "var"), False: ("kernel", "bias")}
"""The weights of a batch norm, and of another layer, in Keras' order."""
_BN_EPSILON = 1e-3  # of keras.applications.MobileNet


def load_network_weights(model: keras.Model, name: str) -> None:
    """Set a `mobile` network, heads included, to starting weights of this project.

    Args:
        model: as built by `networks.build_mobile`.
        name: of the weights.

    Raises:
        ConfigError: there are no such weights.
        ModelError: the file is missing or differs from its checksum.
    """
    if name not in (FACERES, FACES):
        raise ConfigError(f"pretrained is {name!r}; expected {FACERES} or {FACES}.")
    content = io.BytesIO(read_verified(FOLDER, f"{name}.npz"))
    with np.load(content, allow_pickle=False) as tensors:
        for layer in [*model.get_layer("trunk").layers, *model.layers]:
            parts = _PARTS[isinstance(layer, keras.layers.BatchNormalization)]
            stem = _HEADS.get(layer.name, layer.name)
            found = [f"{stem}/{part}" for part in parts]
            if found[0] in tensors:
                # The kernels of the trunk have no bias.
                layer.set_weights([tensors[key] for key in found if key in tensors])


def read_tensors() -> dict[str, np.ndarray]:
    """Read the graph model's weights by name.

    Raises:
        ModelError: a file is missing or differs from its checksum.
    """
    topology = json.loads(read_verified(FOLDER, "faceres-deep.json"))
    content = read_verified(FOLDER, "faceres-deep.bin")
    tensors, offset = {}, 0
    for weight in topology["weightsManifest"][0]["weights"]:
        dtype = np.dtype(weight["dtype"])
        count = int(np.prod(weight["shape"]))
        values = np.frombuffer(content, dtype, count, offset)
        tensors[weight["name"]] = values.reshape(weight["shape"])
        offset += count * dtype.itemsize
    return tensors


def load_trunk_weights(trunk: keras.Model) -> None:
    """Set a MobileNet trunk (alpha 1) to the starting weights, norms still folded.

    Args:
        trunk: `keras.applications.MobileNet` without its top; its input is RGB with
            `MEAN_RGB` subtracted (the source's is BGR: the first kernel is turned).
    """
    tensors = read_tensors()
    for layer in trunk.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            _set_folded_norm(layer, tensors)
        elif isinstance(layer, keras.layers.DepthwiseConv2D):
            kernel = _find(tensors, f"{layer.name}/depthwise_kernel")
            layer.set_weights([kernel.reshape(layer.kernel.shape)])
        elif isinstance(layer, keras.layers.Conv2D):
            kernel = _find(tensors, f"{layer.name}/convolution")
            layer.set_weights([kernel[:, :, ::-1] if layer.name == "conv1" else kernel])


def _set_folded_norm(
    layer: keras.layers.BatchNormalization, tensors: dict[str, np.ndarray]
) -> None:
    shift = _find(tensors, f"{layer.name}/batchnorm_1/sub").ravel()
    scale = np.ones_like(shift)
    if layer.name.startswith("conv_dw"):
        scale = _find(tensors, f"{layer.name}/batchnorm_1/mul").ravel()
    unit_variance = np.full_like(shift, 1 - _BN_EPSILON)
    layer.set_weights([scale, shift, np.zeros_like(shift), unit_variance])


def _find(tensors: dict[str, np.ndarray], part: str) -> np.ndarray:
    names = [name for name in tensors if part in name]
    if len(names) != 1:
        raise KeyError(f"{part} matches {names or 'no weight'}")
    return tensors[names[0]]


def unfold_batch_norms(trunk: keras.Model, inputs: np.ndarray) -> None:
    """Give folded batch norms the statistics of real inputs, at the same function.

    With the mean m and variance v of a norm's input, a norm that computes
    `scale * x + shift` is rewritten with gamma = scale * sqrt(v + eps) and
    beta = shift + scale * m.

    Args:
        trunk: the trunk after `load_trunk_weights`.
        inputs: some hundred preprocessed faces, shape (n, h, w, 3), float32.
    """
    for norm in trunk.layers:
        if not isinstance(norm, keras.layers.BatchNormalization):
            continue
        mean, variance = _input_moments(trunk, norm, inputs)
        scale, shift, _, _ = norm.get_weights()
        gamma = scale * np.sqrt(variance + norm.epsilon)
        norm.set_weights([gamma, shift + scale * mean, mean, variance])


def _input_moments(
    trunk: keras.Model, norm: keras.Layer, inputs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    probe = keras.Model(trunk.input, norm.input)
    parts = [probe(inputs[start : start + 64]) for start in range(0, len(inputs), 64)]
    features = np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
    return features.mean((0, 1, 2)), features.var((0, 1, 2))
