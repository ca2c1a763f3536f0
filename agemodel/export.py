"""Export a run: the LiteRT model and its card, ready for the app."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from agemodel import __version__, paths
from agemodel.cards import CARD, card_markdown, write_card
from agemodel.dataset.faces import crops_of, faces_of
from agemodel.errors import ModelError
from agemodel.estimator import FORMAT
from agemodel.evaluation import load_best
from agemodel.networks import AGE_OUTPUT, GENDER_OUTPUT, as_age_years
from agemodel.runs import LICENCE, Run

MODEL = "model.tflite"
CHECKED_FACES = 200
MAX_AGE_DIFFERENCE_YEARS = 0.01
MAX_PROBABILITY_DIFFERENCE = 0.001


def export(run: Run, name: str, data_dir: Path) -> Path:
    """Write a run's best model as `assets/models/NAME/`, checked against Keras.

    Weights stay float32: as float16 they moved single faces by up to 0.37 years and
    0.035 in p(female) (docs/experiments.md).

    Args:
        run: an evaluated run.
        name: of the model's folder.
        data_dir: an imported dataset, for the check on real faces.

    Returns:
        The model's folder.

    Raises:
        RunError: the run is not evaluated.
        DatasetError: the dataset is missing.
        ModelError: LiteRT's answers differ from Keras' by more than the limits.
    """
    if Path(name).name != name or name.startswith("."):
        raise ModelError(f"{name!r} cannot name a model: use letters, digits, _ and -.")
    config = run.read_config()
    calibration = run.read_json("calibration.json")
    figures = run.read_json("metrics.json")
    model = load_best(run)
    content = convert(model)
    faces = faces_of(config, data_dir)
    faces = faces[faces["part"] == "val"].head(CHECKED_FACES)
    difference = compare(model, content, crops_of(faces, config, data_dir))
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
        "sha256": hashlib.sha256(content).hexdigest(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "agemodel": __version__,
        "difference_from_keras": difference,
        "calibration": calibration,
        "conditions": run.read_json("conditions.json"),
        "metrics": figures["splits"],
        "groups": figures["groups"],
        "faces": figures["faces"],
        "recipe": config.as_dict(),
        "training": run.read_json("status.json"),
        "licence": LICENCE,
    }
    return _publish(paths.models_dir() / name, content, card)


def convert(model: keras.Model) -> bytes:
    """A LiteRT model with input `rgb` and outputs `age` and `gender`, one face a time.

    `rgb` has shape (1, s, s, 3), float32, 0..255.
    """

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        lambda rgb: model(rgb, training=False),
        [tf.TensorSpec((1, *model.input.shape[1:]), name="rgb")],
    )
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=["serve"]
        )
        return converter.convert()


def compare(model: keras.Model, content: bytes, crops: np.ndarray) -> dict[str, Any]:
    """The largest differences between LiteRT's and Keras' answers.

    Args:
        model: in Keras.
        content: the same as a LiteRT model.
        crops: real faces, shape (n, s, s, 3), uint8.

    Raises:
        ModelError: they differ by more than the limits.
    """
    expected = model.predict(crops.astype(np.float32), verbose=0)
    interpreter = Interpreter(model_content=content, num_threads=1)
    run = interpreter.get_signature_runner()
    answers = [run(rgb=crop[None].astype(np.float32)) for crop in crops]
    age = np.concatenate([answer[AGE_OUTPUT] for answer in answers])
    gender = np.concatenate([answer[GENDER_OUTPUT] for answer in answers])
    years = np.abs(as_age_years(age) - as_age_years(expected[AGE_OUTPUT]))
    chance = np.abs(gender - expected[GENDER_OUTPUT])
    result = {
        "faces": len(crops),
        "age_years": float(years.max()),
        "p_female": float(chance.max()),
    }
    if not years.max() <= MAX_AGE_DIFFERENCE_YEARS:  # so that nan is refused too
        raise ModelError(f"The exported model's ages differ too much: {result}.")
    if not chance.max() <= MAX_PROBABILITY_DIFFERENCE:
        raise ModelError(f"The exported model's genders differ too much: {result}.")
    return result


def _publish(folder: Path, content: bytes, card: dict[str, Any]) -> Path:
    """Put the model's folder in place whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".export-", dir=folder.parent))
    staging.chmod(0o755)
    (staging / MODEL).write_bytes(content)
    write_card(staging / CARD, card)
    (staging / "card.md").write_text(card_markdown(card), "utf-8")
    if folder.exists():
        old = staging.with_name(staging.name + "-old")
        os.rename(folder, old)
        os.rename(staging, folder)
        shutil.rmtree(old)
    else:
        os.rename(staging, folder)
    return folder
