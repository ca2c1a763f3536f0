"""Training a network: from a recipe and a dataset to a run folder."""

from __future__ import annotations

import gc
import json
import shutil
import time
import traceback
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
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.learning.device_split import devices_for_training, split_over, where_split
from agemodel.learning.face_reading import Readers
from agemodel.learning.trained_network import new_model, save_plain, starting_weights
from agemodel.learning.training_batches import EpochBatches
from agemodel.runs import checkpoints
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, open_run

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
    batches = EpochBatches(faces, config, readers)
    start = starting_weights(config, batches) if config.start_share else None
    if checkpoint:
        model = keras.saving.load_model(checkpoint.folder / checkpoints.LAST)
        # A kill may have come between the checkpoint and this.
        checkpoints.publish(run, history, config.epochs)
        run.log(f"goes on after epoch {checkpoint.epochs}{where_split()}")
    else:
        model = new_model(config, batches)
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


class _Steps(keras.callbacks.Callback):
    def __init__(self, start: int, total: int, call: Callable[[int, int], None]):
        super().__init__()
        self.start, self.total, self.call = start, total, call

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.call(self.start + batch + 1, self.total)


def _epoch(
    model: keras.Model,
    batches: EpochBatches,
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
