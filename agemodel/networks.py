"""The networks, by name.

Every network takes RGB faces of its own size as float32 in 0..255, shape
(n, h, w, 3), and scales them inside, so that a saved model needs no preprocessing
that could be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from agemodel.errors import ConfigError
from agemodel.labels import AGES
from agemodel.pretrained import MEAN_RGB

AGE_OUTPUT = "age"
GENDER_OUTPUT = "gender"


def build_network(name: str, input_px: int, dropout: float) -> keras.Model:
    """Build an untrained network with outputs `age` and `gender`.

    Args:
        name: one of `NETWORKS`.
        input_px: side of the input.
        dropout: share dropped before the heads.
    """
    return NETWORKS[name](input_px, dropout)


def build_seed_cnn(input_px: int = 128, dropout: float = 0.25) -> keras.Model:
    """The two-branch network of the project's first write-up.

    `age` is linear, shape (n, 1), in years; `gender` a sigmoid, shape (n, 1),
    p(female). At 128 px each branch flattens 14 x 14 x 64 = 12,544 features.
    """
    inputs = keras.Input((input_px, input_px, 3), name="rgb")
    x = layers.Rescaling(1 / 255, name="scale")(inputs)
    x = layers.Conv2D(32, 3, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(32, 3, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    age = _seed_branch(x, AGE_OUTPUT, dropout, "linear")
    gender = _seed_branch(x, GENDER_OUTPUT, dropout, "sigmoid")
    return keras.Model(
        inputs, {AGE_OUTPUT: age, GENDER_OUTPUT: gender}, name="seed_cnn"
    )


def _seed_branch(
    x: keras.KerasTensor, name: str, dropout: float, activation: str
) -> keras.KerasTensor:
    x = layers.Conv2D(64, 3, activation="relu", name=f"{name}_conv")(x)
    x = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    x = layers.Flatten(name=f"{name}_flatten")(x)
    x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    x = layers.Dense(512, activation="relu", name=f"{name}_dense")(x)
    return layers.Dense(1, activation=activation, dtype="float32", name=name)(x)


def build_mobile(input_px: int = 128, dropout: float = 0.2) -> keras.Model:
    """MobileNet v1 with a distribution over ages as its head.

    `age` is a softmax over `AGES`, shape (n, 116): its expected value is the
    estimate, its sums over bands are the age groups, so that regression and
    classification come out of one head. `gender` is a sigmoid, shape (n, 1),
    p(female).
    """
    inputs = keras.Input((input_px, input_px, 3), name="rgb")
    offset = [-mean for mean in MEAN_RGB]
    x = layers.Rescaling(1.0, offset=offset, dtype="float32", name="centre")(inputs)
    trunk = build_trunk(input_px)
    x = layers.GlobalAveragePooling2D(name="pool")(trunk(x))
    x = layers.Dropout(dropout, name="dropout")(x)
    age = layers.Dense(len(AGES), name="age_logits")(x)
    age = layers.Softmax(dtype="float32", name=AGE_OUTPUT)(age)
    gender = layers.Dense(1, name="gender_logit")(x)
    gender = layers.Activation("sigmoid", dtype="float32", name=GENDER_OUTPUT)(gender)
    return keras.Model(inputs, {AGE_OUTPUT: age, GENDER_OUTPUT: gender}, name="mobile")


def build_trunk(input_px: int) -> keras.Model:
    """MobileNet v1, alpha 1, without its top; input RGB with `MEAN_RGB` subtracted."""
    trunk = keras.applications.MobileNet(
        input_shape=(input_px, input_px, 3), include_top=False, weights=None
    )
    trunk.name = "trunk"
    return trunk


def freeze_blocks(model: keras.Model, blocks: int) -> None:
    """Keep the first layers of a `mobile` network's trunk as they are.

    Args:
        model: a network with a `trunk`, or any if `blocks` is 0.
        blocks: of MobileNet's 13 pairs of convolutions, and the convolution before.
    """
    if not blocks:
        return
    for layer in model.get_layer("trunk").layers:
        layer.trainable = False
        if layer.name == f"conv_pw_{blocks}_relu":
            return
    raise ConfigError(f"frozen_blocks is {blocks}; expected 0 to 13.")


NETWORKS: dict[str, Callable[[int, float], keras.Model]] = {
    "mobile": build_mobile,
    "seed_cnn": build_seed_cnn,
}


def as_age_years(age_output: np.ndarray) -> np.ndarray:
    """Point estimates from a network's `age` output, whichever form it has.

    Args:
        age_output: shape (n, 116), a distribution over `AGES`, or (n, 1), years.

    Returns:
        Shape (n,), float64, in years.
    """
    if age_output.shape[1] == len(AGES):
        return age_output.astype(np.float64) @ AGES
    return age_output[:, 0].astype(np.float64)
