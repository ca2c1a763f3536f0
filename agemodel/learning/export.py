"""Export a run: the LiteRT model and its card, ready for the app."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from agemodel import __version__
from agemodel.core import paths
from agemodel.core.checksums import sha256_of
from agemodel.core.errors import ModelError, RunError
from agemodel.core.files import REFUSALS, models_place, writing
from agemodel.core.staging import staged
from agemodel.dataset.index import UNKNOWN
from agemodel.dataset.labelled_faces import crops_of, recipe_faces
from agemodel.jobs.best import is_evaluated
from agemodel.learning.explanation import Projection, can_explain, explained
from agemodel.learning.face_outputs import as_age_years, load_best
from agemodel.learning.networks import AGE_OUTPUT, GENDER_OUTPUT
from agemodel.models.app_model import check_name
from agemodel.models.card import card_from
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.licence import licence_of
from agemodel.runs.run_folder import Run
from agemodel.serving.estimator import FORMAT, Estimator

MODEL = "model.tflite"
FACES = "faces.parquet"
QUANTISING_FACES = 300
"""Training faces from which the ranges of the activations are taken."""
CHECKED_FACES = 2000
"""Val faces, at most, on which LiteRT is held against Keras: drawn from all, for the
first ones by name are mostly small children."""
MAX_MAE_CHANGE_YEARS = 0.05
MAX_GENDER_CHANGE = 0.005
MAX_AGE_DIFFERENCE_YEARS = 0.01
MAX_PROBABILITY_DIFFERENCE = 0.001

FLOAT_HEAD = ["ADD", "FULLY_CONNECTED", "LOGISTIC", "MEAN", "MUL", "SOFTMAX", "SUM"]
"""What stays in float32 when the convolutions are quantised: a softmax of 8 bits, in
steps of 1/256, is too coarse for 116 ages."""


def export(run: Run, name: str, data_dir: Path) -> Path:
    """Write a run's best model as `assets/models/NAME/`, checked against Keras.

    The convolutions are quantised to 8 bits where that keeps the error on val faces
    within `MAX_MAE_CHANGE_YEARS`, and the gender accuracy within `MAX_GENDER_CHANGE`;
    else all weights stay float32.

    Args:
        run: an evaluated run.
        name: of the model's folder.
        data_dir: an imported dataset, for the ranges and the check.

    Returns:
        The model's folder.

    Raises:
        RunError: the run is not evaluated, or was trained on since.
        DatasetError: the dataset is missing.
        ModelError: LiteRT's answers differ from Keras' by more than the limits, or the
            disk does not take the model. One of that name is then still there.
    """
    check_name(name)
    figures = run.read_json("metrics.json")
    if not is_evaluated(run):
        raise RunError(
            f"Run {run.id} was trained on since it was evaluated: its figures and its "
            "calibration are those of other weights. Evaluate it again: "
            f"{run.evaluate_command}"
        )
    what = f"The model {name} of run {run.id}"
    target = paths.models_dir() / name
    # Begun before the work: a folder that cannot be written is told at once.
    with writing(what, models_place(), ModelError), staged(target) as folder:
        _fill(ModelFolder(folder), run, name, figures, data_dir)
    return target


def _fill(
    target: ModelFolder, run: Run, name: str, figures: dict[str, Any], data_dir: Path
) -> None:
    """Write the model, its card and, where there are any, the faces it is told by."""
    config, folder = run.read_config(), target.path
    model, files = load_best(run), dict[str, bytes]()
    if can_explain(model):
        model = explained(model, Projection(*run.read_projection()))
        files[FACES] = run.read_embeddings()
    faces = recipe_faces(config, data_dir)
    labelled = (faces["age_low"] == faces["age_high"]) & (faces["gender"] != UNKNOWN)
    val, train = (
        part.sample(min(count, len(part)), random_state=0)
        for part, count in (
            (faces[labelled & (faces["part"] == "val")], CHECKED_FACES),
            (faces[faces["part"] == "train"], QUANTISING_FACES),
        )
    )
    train_crops, val_crops = (crops_of(part, config.input_px) for part in (train, val))
    found = _smallest(model, train_crops, val_crops, val, folder)
    content, weights, difference = found
    card = {
        "format": FORMAT,
        "name": name,
        "network": config.network,
        "run": run.id,
        "input_px": config.input_px,
        "framing": config.framing,
        "flip_average": config.flip_average,
        "parameters": int(model.count_params()),
        "file": MODEL,
        "bytes": len(content),
        "sha256": sha256_of(content),
        "weights": weights,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "agemodel": __version__,
        "difference_from_keras": difference,
        "calibration": run.read_json("calibration.json"),
        "conditions": run.read_json("conditions.json"),
        "metrics": figures["splits"],
        "groups": figures["groups"],
        "sets": figures.get("sets") or None,
        "stability": figures["stability"],
        "faces": figures["faces"],
        "recipe": config.as_dict(),
        "training": run.read_json("status.json"),
        "licence": licence_of(config),
    }
    if FACES in files:
        card["faces_file"] = {"file": FACES, "sha256": sha256_of(files[FACES])}
    for file, written in {MODEL: content, **files}.items():
        (folder / file).write_bytes(written)
    try:
        target.write_card(card_from(card))
    except ValueError as error:
        raise RunError(
            f"What was measured of run {run.id} is of another version: {error}. "
            f"Evaluate it again: {run.evaluate_command}"
        ) from error
    answer = Estimator(folder, workers=1).self_test_answer()
    target.write_card(replace(target.card, self_test=answer))


def _smallest(
    model: keras.Model,
    train: np.ndarray,
    val: np.ndarray,
    labels: pd.DataFrame,
    folder: Path,
) -> tuple[bytes, str, dict[str, Any]]:
    """The smallest LiteRT model that is good enough, its weights and differences."""
    content = convert(model, train, folder)
    difference = compare(model, content, val, labels)
    if (
        difference["mae_years"] <= difference["keras_mae_years"] + MAX_MAE_CHANGE_YEARS
        and difference["gender_accuracy"]
        >= difference["keras_gender_accuracy"] - MAX_GENDER_CHANGE
    ):
        return content, "int8", difference
    content = convert(model, None, folder)
    difference = compare(model, content, val, labels)
    # Not the other way round, so that nan is refused too.
    if not difference["age_years"] <= MAX_AGE_DIFFERENCE_YEARS:
        raise ModelError(f"The exported model's ages differ too much: {difference}.")
    if not difference["p_female"] <= MAX_PROBABILITY_DIFFERENCE:
        raise ModelError(f"The exported model's genders differ too much: {difference}.")
    return content, "float32", difference


def convert(
    model: keras.Model, faces: np.ndarray | None, folder: Path | None = None
) -> bytes:
    """A LiteRT model with input `rgb` and the network's outputs, one face a time.

    `rgb` has shape (1, s, s, 3), float32, 0..255.

    Args:
        model: in Keras.
        faces: real faces, shape (n, s, s, 3), uint8, to quantise the convolutions to 8
            bits by what they make of them; None keeps all in float32.
        folder: for what the converter reads, which is gone afterwards; the system's
            for temporary files unless given.

    Raises:
        OSError: the disk does not take that.
    """
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        lambda rgb: model(rgb, training=False),
        [tf.TensorSpec((1, *model.input.shape[1:]), name="rgb")],
    )
    with tempfile.TemporaryDirectory(dir=folder) as saved:
        _write_out(archive, saved)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            saved, signature_keys=["serve"]
        )
        if faces is None:
            return converter.convert()
        return _quantised(converter, faces)


def _write_out(archive: keras.export.ExportArchive, folder: str) -> None:
    """Write what the converter reads.

    Raises:
        OSError: the disk does not take it; TensorFlow's own error tells that in words.
    """
    try:
        archive.write_out(folder, verbose=False)
    except tf.errors.OpError as error:
        for number in REFUSALS:
            if os.strerror(number) in error.message:
                raise OSError(number, os.strerror(number)) from error
        raise


def _quantised(converter: tf.lite.TFLiteConverter, faces: np.ndarray) -> bytes:
    def samples(count: int | None) -> Iterator[dict[str, np.ndarray]]:
        return ({"rgb": face[None].astype(np.float32)} for face in faces[:count])

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: samples(None)
    with warnings.catch_warnings():
        # It warns of an interpreter of its own, which only its reports would use.
        warnings.simplefilter("ignore")
        quantiser = tf.lite.experimental.QuantizationDebugger(
            converter=converter,
            debug_dataset=lambda: samples(1),
            debug_options=tf.lite.experimental.QuantizationDebugOptions(
                denylisted_ops=FLOAT_HEAD
            ),
        )
    return quantiser.get_nondebug_quantized_model()


def compare(
    model: keras.Model, content: bytes, crops: np.ndarray, labels: pd.DataFrame
) -> dict[str, Any]:
    """How far LiteRT's answers are from Keras', and what that does to the errors.

    Args:
        model: in Keras.
        content: the same as a LiteRT model.
        crops: real faces, shape (n, s, s, 3), uint8.
        labels: their columns `age` and `gender`.

    Returns:
        The largest difference of an age and of p(female), the largest of the other
        outputs as a part of their largest value, and for both the MAE in years and the
        gender accuracy.
    """
    expected = model.predict(crops.astype(np.float32), verbose=0)
    interpreter = Interpreter(model_content=content, num_threads=1)
    run = interpreter.get_signature_runner()
    answers = [run(rgb=crop[None].astype(np.float32)) for crop in crops]
    found = {name: np.concatenate([a[name] for a in answers]) for name in expected}
    ages, keras_ages = (as_age_years(one[AGE_OUTPUT]) for one in (found, expected))
    years = np.abs(ages - keras_ages)
    result = {
        "faces": len(crops),
        "age_years": float(years.max()),
        "mean_age_years": float(years.mean()),
        "p_female": float(np.abs(found[GENDER_OUTPUT] - expected[GENDER_OUTPUT]).max()),
    }
    for name in found.keys() - {AGE_OUTPUT, GENDER_OUTPUT}:
        size = max(np.abs(expected[name]).max(), 1e-3)
        result[name] = float(np.abs(found[name] - expected[name]).max() / size)
    both = (("", found, ages), ("keras_", expected, keras_ages))
    for prefix, outputs, age_years in both:
        right = (outputs[GENDER_OUTPUT][:, 0] >= 0.5) == (labels["gender"] == 1)
        error = np.abs(age_years - labels["age"].to_numpy())
        result[f"{prefix}mae_years"] = float(error.mean())
        result[f"{prefix}gender_accuracy"] = float(right.mean())
    return result
