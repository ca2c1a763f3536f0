"""Training a network: from a recipe and a dataset to a run folder."""

from __future__ import annotations

import gc
import json
import math
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import ops

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import RunError
from agemodel.core.files import check_room, runs_place, write_whole, writing
from agemodel.core.labels import AGES
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.learning import compression, networks, pretrained
from agemodel.learning.device_split import devices_for_training, split_over, where_split
from agemodel.learning.face_reading import Readers
from agemodel.learning.networks import AGE_OUTPUT, GENDER_OUTPUT
from agemodel.learning.objectives import (
    AgeDistributionLoss,
    AgeGroupLoss,
    AgeSquaredError,
    WarmupCosine,
    label_accuracy,
    mae_years,
)
from agemodel.learning.training_batches import FaceBatches
from agemodel.runs import checkpoints
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, find_run, open_run

UNFOLD_FACES = 512
"""Faces from which the pretrained batch norms take their statistics."""

_REMOVED = ".checkpoints-removed"
_PARAMETER_BYTES = 16
"""Bytes a parameter takes on disk at most: value, Adam's two moments, an average."""
_FIRST_COPIES, _MORE_COPIES = 4, 2
"""Of the model that a training has on the disk at once: three checkpoints, one of them
being written, with the best models beside the last; and what it adds to two of them."""


def train(
    config: TrainConfig,
    data_dir: Path,
    run_id: str | None = None,
    progress: OnProgress | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
    readers: int = 1,
    devices: int | None = None,
) -> Run:
    """Train a new run, or resume one that stopped.

    Args:
        config: the recipe.
        data_dir: an imported dataset.
        run_id: the run's folder in `paths.runs_dir()`; made up unless given.
        progress: for the search for faces, with (done, total, what).
        on_epoch: called with the history's row after each epoch.
        on_step: called with (step, steps) of the whole run.
        readers: processes that read and vary the faces; 1: this one does. The run is
            the same for any number; with JAX, Keras 3.15 takes the first batch of an
            epoch last where there are several.
        devices: over how many to split every batch; over all that JAX sees unless
            given. The run is the same for any number, but for rounding.

    Returns:
        The finished run.

    Raises:
        ConfigError: there is no such network, or it cannot learn what the recipe says,
            or there are fewer devices.
        DatasetError: the dataset is missing, or has no face to train on.
        RunError: the run exists and follows another recipe, or
            the disk does not take what is written. What was finished is kept.
    """
    what = f"The training of {run_id or config.name}"
    with (
        writing(what, runs_place(), RunError),
        Readers(readers) as reading,
        split_over(devices_for_training(devices)),
    ):
        return _train(config, data_dir, run_id, progress, on_epoch, on_step, reading)


def _train(
    config: TrainConfig,
    data_dir: Path,
    run_id: str | None,
    progress: OnProgress | None,
    on_epoch: Callable[[dict[str, Any]], None] | None,
    on_step: Callable[[int, int], None] | None,
    readers: Readers,
) -> Run:
    run = open_run(config, run_id)
    parent = run.folder / "checkpoints"
    shutil.rmtree(run.folder / _REMOVED, ignore_errors=True)
    if _is_finished(run, parent):
        return run
    faces = recipe_faces(config, data_dir, progress)
    _write_split(run, faces)
    keras.utils.set_random_seed(config.seed)
    checkpoint = checkpoints.latest_checkpoint(parent)
    history = list(checkpoint.history) if checkpoint else []
    batches = _Batches(faces, config, readers)
    start = _starting_weights(config, batches) if config.start_share else None
    if checkpoint:
        model = keras.saving.load_model(checkpoint.folder / checkpoints.LAST)
        # A kill may have come between the checkpoint and this.
        checkpoints.publish(run, history, config.epochs)
        run.log(f"goes on after epoch {checkpoint.epochs}{where_split()}")
    else:
        model = _new_model(config, batches)
        run.log(f"begins: {json.dumps(batches.sizes())} faces{where_split()}")
    if len(history) < config.epochs:
        _check_room(run, model, _MORE_COPIES if checkpoint else _FIRST_COPIES)
    while len(history) < config.epochs:
        row = _epoch(model, batches, config, len(history), on_step)
        is_best = _is_best(row, history)
        history.append(row)
        checkpoint = checkpoints.write_checkpoint(
            parent,
            history,
            model.save,
            (lambda path: save_plain(model, config, path, start)) if is_best else None,
        )
        checkpoints.publish(run, history, config.epochs)
        run.log(f"epoch done: {json.dumps(row)}")
        if on_epoch:
            on_epoch(row)
    _finish(run, checkpoint)
    run.log("finished")
    return run


class _Batches:
    """Makes the batches of an epoch."""

    def __init__(
        self, faces: pd.DataFrame, config: TrainConfig, readers: Readers
    ) -> None:
        self.config, self.readers = config, readers
        self.parts = dict(tuple(faces.groupby("part")))

    def sizes(self) -> dict[str, int]:
        return {str(part): len(faces) for part, faces in self.parts.items()}

    def training(self, epoch: int) -> FaceBatches:
        train = self.parts["train"]
        return FaceBatches(train, self.config, True, epoch, self.readers)

    def validation(self) -> FaceBatches:
        val = self.parts["val"]
        return FaceBatches(val, self.config, augmented=False, readers=self.readers)


def _new_model(config: TrainConfig, batches: _Batches) -> keras.Model:
    policy = "mixed_bfloat16" if config.mixed_bfloat16 else "float32"
    model = _built(config, policy)
    if config.start_run or config.pretrained:
        model.set_weights(_starting_weights(config, batches))
    if networks.has_groups(model):
        networks.spread_groups(model, batches.parts["train"]["age"].to_numpy())
    _compile(model, config, steps_per_epoch=len(batches.training(0)))
    return model


def _starting_weights(config: TrainConfig, batches: _Batches) -> list[np.ndarray]:
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


class _Steps(keras.callbacks.Callback):
    def __init__(self, start: int, total: int, call: Callable[[int, int], None]):
        super().__init__()
        self.start, self.total, self.call = start, total, call

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.call(self.start + batch + 1, self.total)


def _epoch(
    model: keras.Model,
    batches: _Batches,
    config: TrainConfig,
    epoch: int,
    on_step: Callable[[int, int], None] | None,
) -> dict[str, Any]:
    """Train one epoch and return its row of the history."""
    started = time.monotonic()
    training = batches.training(epoch)
    callbacks = []
    if on_step:
        steps = len(training)
        callbacks = [_Steps(epoch * steps, config.epochs * steps, on_step)]
    rate = float(ops.convert_to_numpy(model.optimizer.learning_rate))
    _seed_dropout(model, config.seed, epoch)
    with _ending_its_threads():
        fitted = model.fit(
            training,
            epochs=1,
            shuffle=False,  # they come shuffled, by seed and epoch alone
            verbose=0,
            callbacks=callbacks,
        )
    # Keras lets averaged weights and their average be one array, which JAX gives away
    # twice at the next step.
    for variable in model.optimizer.variables:
        variable.assign(ops.copy(variable))
    row = {name: values[0] for name, values in fitted.history.items()}
    val = model.evaluate(batches.validation(), verbose=0, return_dict=True)
    row |= {f"val_{name}": value for name, value in val.items()}
    if config.choose_by == "loss":
        row[checkpoints.CHOSEN_BY] = row["val_loss"]
    return {
        "epoch": epoch + 1,
        "seconds": round(time.monotonic() - started, 1),
        "learning_rate": rate,
        **{name: float(value) for name, value in row.items()},
    }


def _seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Seed dropout by seed and epoch, so that a resumed run drops the same."""
    states = [one for one in model.variables if one.name == "seed_generator_state"]
    for place, state in enumerate(states):
        rng = np.random.default_rng([seed, epoch, place])
        state.assign(rng.integers(0, 2**31, state.shape))


@contextmanager
def _ending_its_threads() -> Iterator[None]:
    """End the threads that feed training when it is stopped or fails.

    They end with the iterator that they feed. Otherwise the process would wait for them
    at its end, and they for it.
    """
    try:
        yield
    except BaseException as error:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            # Keras takes its own frames out of the error, but they called the others.
            for caller, _ in traceback.walk_stack(frame):
                with suppress(RuntimeError):  # it is at work
                    caller.clear()
        gc.collect()
        raise


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


def _is_best(row: dict[str, Any], history: list[dict[str, Any]]) -> bool:
    before = [checkpoints.chosen_by(earlier) for earlier in history]
    return not before or checkpoints.chosen_by(row) < min(before)


def _write_split(run: Run, faces: pd.DataFrame) -> None:
    if not (run.folder / "split.parquet").exists():
        run.write_table("split.parquet", faces[["file", "part"]])


def _check_room(run: Run, model: keras.Model, copies: int) -> None:
    """Raise a RunError before training if the disk has no room for its files."""
    needed = copies * _PARAMETER_BYTES * model.count_params()
    check_room(f"the training of {run.id} needs", needed, runs_place(), RunError)


def _finish(run: Run, checkpoint: checkpoints.Checkpoint | None) -> None:
    if checkpoint is None:
        return
    for name in (checkpoints.LAST, checkpoints.BEST):
        write_whole(run.folder / name, (checkpoint.folder / name).read_bytes())
    # Renamed first: checkpoints half removed must not pass for those of a live run.
    doomed = run.folder / _REMOVED
    checkpoint.folder.parent.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def _is_finished(run: Run, parent: Path) -> bool:
    return (run.folder / checkpoints.LAST).exists() and not parent.exists()
