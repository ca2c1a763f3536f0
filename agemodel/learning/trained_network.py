"""The network in training: how it is built, begins and is compiled; its plain copy."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from agemodel.core.labels import AGES
from agemodel.learning import compression, networks, pretrained
from agemodel.learning.device_split import split_over
from agemodel.learning.networks import AGE_OUTPUT, GENDER_OUTPUT
from agemodel.learning.objectives import (
    AgeDistributionLoss,
    AgeGroupLoss,
    AgeSquaredError,
    WarmupCosine,
    label_accuracy,
    mae_years,
)
from agemodel.learning.training_batches import EpochBatches, FaceBatches
from agemodel.runs import checkpoints
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import find_run

UNFOLD_FACES = 512
"""Faces from which the pretrained batch norms take their statistics."""


def new_model(config: TrainConfig, batches: EpochBatches) -> keras.Model:
    """A compiled network with the weights that training starts from.

    Raises:
        ConfigError: there is no such network, or it cannot learn what the recipe says.
        RunError: a run that it starts from is missing.
    """
    policy = "mixed_bfloat16" if config.mixed_bfloat16 else "float32"
    model = _built(config, policy)
    if config.start_run or config.pretrained:
        model.set_weights(starting_weights(config, batches))
    if networks.has_groups(model):
        networks.spread_groups(model, batches.parts["train"]["age"].to_numpy())
    _compile(model, config, steps_per_epoch=len(batches.training(0)))
    return model


def starting_weights(config: TrainConfig, batches: EpochBatches) -> list[np.ndarray]:
    """The weights of other runs or of those that ship, which training starts from."""
    with split_over([]):  # it computes with layers that are not compiled
        if config.start_run:
            return _mean_weights(config)
        start = _built(config, "float32")
        if config.pretrained:
            _load_pretrained(start, config.pretrained, batches.validation())
        return start.get_weights()


def _mean_weights(config: TrainConfig) -> list[np.ndarray]:
    """Starting weights: the mean of the weights of the named runs."""
    start = _built(config, "float32")
    named = Counter(run_id.strip() for run_id in config.start_run.split(","))
    mean = [np.zeros(weights.shape, np.float32) for weights in start.get_weights()]
    for run_id, times in named.items():
        start.load_weights(find_run(run_id).folder / checkpoints.BEST)
        for total, weights in zip(mean, start.get_weights(), strict=True):
            total += weights * (times / named.total())
    return mean


def _built(config: TrainConfig, policy: str) -> keras.Model:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = networks.build_network(config.network, config.input_px, config.dropout)
        networks.freeze_blocks(model, config.frozen_blocks)
        return model
    finally:
        keras.config.set_dtype_policy(before)


def _load_pretrained(model: keras.Model, name: str, batches: FaceBatches) -> None:
    trunk = model.get_layer("trunk")
    if name != pretrained.FACERES:
        pretrained.load_network_weights(model, name)
        return
    pretrained.load_trunk_weights(trunk)
    count = min(len(batches), math.ceil(UNFOLD_FACES / batches.config.batch_size))
    rgb = np.concatenate([batches[index][0] for index in range(count)])
    mean = np.array(pretrained.MEAN_RGB, np.float32)
    pretrained.unfold_batch_norms(trunk, rgb - mean)


def _compile(model: keras.Model, config: TrainConfig, steps_per_epoch: int) -> None:
    rate: Any = config.learning_rate
    if config.cosine or config.warmup_epochs:
        warmup = int(config.warmup_epochs * steps_per_epoch)
        rate = WarmupCosine(rate, warmup, config.epochs * steps_per_epoch)
    average: dict[str, Any] = {}
    if config.weight_average:
        average = {
            "use_ema": True,
            "ema_momentum": config.weight_average,
            "ema_overwrite_frequency": steps_per_epoch,
        }
    if config.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(
            rate, weight_decay=config.weight_decay, **average
        )
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    else:
        optimizer = keras.optimizers.Adam(rate, **average)
    model.compile(
        optimizer,
        loss={
            AGE_OUTPUT: _age_loss(model, config),
            GENDER_OUTPUT: "binary_crossentropy",
        },
        loss_weights={AGE_OUTPUT: 1.0, GENDER_OUTPUT: config.gender_weight},
        weighted_metrics={
            AGE_OUTPUT: keras.metrics.MeanMetricWrapper(mae_years, name="mae_years"),
            GENDER_OUTPUT: keras.metrics.MeanMetricWrapper(
                label_accuracy, name="accuracy"
            ),
        },
    )


def _age_loss(model: keras.Model, config: TrainConfig) -> keras.losses.Loss:
    """The loss for the age head of a network."""
    has_groups = networks.has_groups(model)
    if model.output[AGE_OUTPUT].shape[-1] == len(AGES) and not has_groups:
        return AgeDistributionLoss(config.age_target_sd_years, config.age_mae_weight)
    if has_groups:
        return AgeGroupLoss()
    return AgeSquaredError()


def plain_copy(model: keras.Model, config: TrainConfig) -> keras.Model:
    """The model in float32, without its optimizer."""
    copy = _built(config, "float32")
    copy.set_weights(model.get_weights())
    return copy


def save_plain(
    model: keras.Model,
    config: TrainConfig,
    path: Path,
    start: list[np.ndarray] | None = None,
) -> None:
    """Save the plain copy, small where the recipe says so.

    Args:
        model: in training.
        config: its recipe.
        path: the file.
        start: the weights it started from, to be mixed in by `start_share`.
    """
    copy = plain_copy(model, config)
    if start is not None:
        share = config.start_share
        pairs = zip(start, copy.get_weights(), strict=True)
        copy.set_weights([share * old + (1 - share) * new for old, new in pairs])
    if config.compact:
        for weight in copy.trainable_weights:
            weight.assign(compression.round_bits(ops.convert_to_numpy(weight)))
    copy.save(path)
    if config.compact:
        compression.compress(path)
