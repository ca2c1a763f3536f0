"""The networks that can be trained, by name.

Every network takes RGB faces of its own size as float32 in 0..255, shape
(n, h, w, 3), and scales them inside, so that a saved model needs no preprocessing.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from agemodel.core.errors import ConfigError
from agemodel.core.labels import AGE_GROUPS, AGES, age_group_index
from agemodel.learning.pretrained import MEAN_RGB
from agemodel.runs.recipes import TRUNK_BLOCKS

AGE_OUTPUT = "age"
GENDER_OUTPUT = "gender"
_GROUPS = "age_groups"


def build_network(name: str, input_px: int, dropout: float) -> keras.Model:
    """Build an untrained network with outputs `age` and `gender`.

    Args:
        name: one of `NETWORKS`.
        input_px: side of the input.
        dropout: share dropped before the heads.

    Raises:
        ConfigError: there is no network of that name.
    """
    if name not in NETWORKS:
        raise ConfigError(
            f"network is {name!r}; expected one of {', '.join(NETWORKS)}."
        )
    return NETWORKS[name](input_px, dropout)


def build_seed_cnn(input_px: int, dropout: float) -> keras.Model:
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


def build_group_cnn(input_px: int, dropout: float) -> keras.Model:
    """The age group classifier of the project's first write-up: grey faces, small CNN.

    Its answer is a softmax over `AGE_GROUPS`. As everything here handles ages in
    years, `age` spreads each group's probability over the group's ages, shape
    (n, 116), by weights that no training changes (`spread_groups`; evenly at first):
    `labels.group_probabilities` of it is the softmax again. `gender` is a sigmoid,
    shape (n, 1), p(female): every network here has one, the write-up's had age alone.
    """
    inputs = keras.Input((input_px, input_px, 3), name="rgb")
    x = ops.image.rgb_to_grayscale(inputs)
    x = layers.Rescaling(1 / 255, name="scale")(x)
    for block, filters in enumerate((16, 48, 96, 128), start=1):
        x = layers.Conv2D(
            filters, 3, padding="same", use_bias=False, name=f"conv{block}"
        )(x)
        # Pooled first, the other two have a quarter of the work.
        x = layers.MaxPooling2D(2, name=f"pool{block}")(x)
        x = layers.BatchNormalization(name=f"norm{block}")(x)
        x = layers.ReLU(name=f"relu{block}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Dense(128, activation="relu", name="dense")(x)
    groups = layers.Dense(len(AGE_GROUPS), name="group_logits")(x)
    groups = layers.Softmax(dtype="float32", name=_GROUPS)(groups)
    spread = layers.Dense(
        len(AGES), use_bias=False, trainable=False, dtype="float32", name=AGE_OUTPUT
    )
    gender = layers.Dense(1, name="gender_logit")(x)
    gender = layers.Activation("sigmoid", dtype="float32", name=GENDER_OUTPUT)(gender)
    model = keras.Model(
        inputs, {AGE_OUTPUT: spread(groups), GENDER_OUTPUT: gender}, name="group_cnn"
    )
    spread_groups(model, AGES)
    return model


def has_groups(model: keras.Model) -> bool:
    """Whether a network's answer is an age group, spread over the group's ages."""
    return any(layer.name == _GROUPS for layer in model.layers)


def spread_groups(model: keras.Model, ages: np.ndarray) -> None:
    """Spread each group's probability over its ages as these faces are spread.

    Args:
        model: a network that `has_groups`.
        ages: of the training faces, shape (n,), years.
    """
    model.get_layer(AGE_OUTPUT).set_weights([group_shares(ages)])


def group_shares(ages: np.ndarray) -> np.ndarray:
    """How the faces of each age group are spread over its ages.

    Args:
        ages: shape (n,), years within `AGES`.

    Returns:
        Shape (9, 116), float64, 0 outside the group; each row sums to 1. A group
        without a face is spread evenly.
    """
    inside = np.arange(len(AGE_GROUPS))[:, None] == age_group_index(AGES)  # (9, 116)
    faces = inside * (ages == AGES[:, None]).sum(1)
    faces = np.where(faces.any(1, keepdims=True), faces, inside)
    return faces / faces.sum(1, keepdims=True)


def build_mobile(input_px: int, dropout: float) -> keras.Model:
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
    """Keep the first layers of a trunk as they are, their norms' statistics included.

    Args:
        model: a network with a `trunk`, or any if `blocks` is 0.
        blocks: how many of the `TRUNK_BLOCKS`, with the convolution before the first.

    Raises:
        ConfigError: the network has no trunk, or its trunk fewer blocks.
    """
    if not blocks:
        return
    if not 0 < blocks <= TRUNK_BLOCKS:
        raise ConfigError(f"frozen_blocks is {blocks}; expected 0 to {TRUNK_BLOCKS}.")
    if not any(layer.name == "trunk" for layer in model.layers):
        raise ConfigError(
            f"frozen_blocks is {blocks}, but the network {model.name!r} has no trunk "
            "to freeze. Leave it at 0."
        )
    for layer in model.get_layer("trunk").layers:
        layer.trainable = False
        if layer.name == f"conv_pw_{blocks}_relu":
            return


NETWORKS: dict[str, Callable[[int, float], keras.Model]] = {
    "group_cnn": build_group_cnn,
    "mobile": build_mobile,
    "seed_cnn": build_seed_cnn,
}
