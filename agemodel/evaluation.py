"""Evaluate a run: predictions of every face, a calibration from val, and metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from agemodel import metrics
from agemodel.calibration import Calibration, calibrate
from agemodel.checkpoints import BEST
from agemodel.conditions import measure_conditions
from agemodel.config import TrainConfig
from agemodel.dataset.crops import Progress, read_crops
from agemodel.dataset.faces import crops_of, faces_of
from agemodel.errors import RunError
from agemodel.estimator import distribution_around
from agemodel.labels import AGES, group_probabilities
from agemodel.networks import AGE_OUTPUT, GENDER_OUTPUT, as_age_years
from agemodel.runs import Run

_BATCH = 64


def evaluate(
    run: Run, data_dir: Path, progress: Progress | None = None
) -> dict[str, Any]:
    """Predict every face of the run's split and measure the errors.

    Writes `predictions.parquet`, `calibration.json`, `conditions.json` and
    `metrics.json` into the run's folder. The calibration is chosen on val; test is
    only reported.

    Args:
        run: a run with a best model.
        data_dir: an imported dataset.
        progress: called with (done, total, what is being done).

    Returns:
        What `metrics.json` holds.

    Raises:
        RunError: the run has no model yet.
        DatasetError: the dataset is missing.
    """
    config = run.read_config()
    model = load_best(run)
    faces = faces_of(config, data_dir, progress)
    predict = predictor(model, config)
    ages, p_female = _predict_all(predict, faces, config, data_dir, progress)
    calibration = _calibrate(faces, ages, p_female)
    run.write_json("calibration.json", calibration.as_dict())
    table = prediction_table(faces, ages, p_female, calibration)
    run.write_table("predictions.parquet", table)
    run.write_json(
        "conditions.json", _conditions(model, config, faces, data_dir, progress)
    )
    result = {
        "run": run.id,
        "model_sha256": hashlib.sha256((run.folder / BEST).read_bytes()).hexdigest(),
        "faces": _found(faces, config, data_dir),
        **measure(table),
    }
    run.write_json("metrics.json", result)
    return result


def load_best(run: Run) -> keras.Model:
    """The run's best model.

    Raises:
        RunError: there is none yet, or it is damaged.
    """
    path = run.folder / BEST
    if not path.exists():
        raise RunError(
            f"Run {run.id} has no finished model here. Train it to its end: "
            f"python -m agemodel train CONFIG --run {run.id}"
        )
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise RunError(f"{BEST} of run {run.id} is damaged: {error}.") from error


Predict = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def predictor(model: keras.Model, config: TrainConfig) -> Predict:
    """A function from crops, shape (n, s, s, 3), uint8, to the network's outputs.

    It returns ages, shape (n, 116) or (n, 1), and p(female), shape (n,), averaged with
    the mirror images' where the recipe says so.
    """

    def outputs(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = model.predict(crops.astype(np.float32), batch_size=_BATCH, verbose=0)
        return found[AGE_OUTPUT], found[GENDER_OUTPUT][:, 0]

    def averaged(crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ages, p_female = outputs(crops)
        if not config.flip_average:
            return ages, p_female
        mirrored_ages, mirrored_p = outputs(crops[:, :, ::-1])
        return (ages + mirrored_ages) / 2, (p_female + mirrored_p) / 2

    return averaged


def _predict_all(
    predict: Predict,
    faces: pd.DataFrame,
    config: TrainConfig,
    data_dir: Path,
    progress: Progress | None,
) -> tuple[np.ndarray, np.ndarray]:
    ages, p_female = [], []
    step = 8 * _BATCH
    for start in range(0, len(faces), step):
        part = faces.iloc[start : start + step]
        found = predict(crops_of(part, config, data_dir))
        ages.append(found[0])
        p_female.append(found[1])
        if progress:
            progress(start + len(part), len(faces), "estimating faces")
    return np.concatenate(ages), np.concatenate(p_female)


def _calibrate(
    faces: pd.DataFrame, ages: np.ndarray, p_female: np.ndarray
) -> Calibration:
    rows = (faces["part"] == "val").to_numpy()
    return calibrate(
        faces["age"].to_numpy()[rows],
        faces["gender"].to_numpy()[rows],
        as_age_years(ages[rows]),
        ages[rows] if _is_distribution(ages) else None,
        p_female[rows],
    )


def prediction_table(
    faces: pd.DataFrame,
    ages: np.ndarray,
    p_female: np.ndarray,
    calibration: Calibration,
) -> pd.DataFrame:
    """One row a face: labels, estimate, interval, gender and distribution.

    Args:
        faces: as `faces_of` gives them, n rows.
        ages: the network's ages, shape (n, 116) or (n, 1).
        p_female: its raw probabilities, shape (n,).
        calibration: from val.
    """
    age_years = as_age_years(ages)
    distribution = ages if _is_distribution(ages) else None
    low, high = calibration.interval(age_years, distribution)
    if distribution is None:
        half = calibration.half_width_years or 0.0
        distribution = np.stack([distribution_around(age, half) for age in age_years])
    calibrated = calibration.probability(p_female)
    table = faces[["file", "part", "coral", "age", "gender", "race"]].copy()
    table["age_years"] = age_years.astype(np.float32)
    table["age_low"] = low.astype(np.float32)
    table["age_high"] = high.astype(np.float32)
    table["age_group"] = group_probabilities(distribution).argmax(1).astype(np.int8)
    table["p_female"] = calibrated.astype(np.float32)
    table["decided"] = [calibration.gender(p) != "uncertain" for p in calibrated]
    table["age_probabilities"] = list(np.round(distribution, 4).astype(np.float32))
    return table.rename(columns={"part": "split"})


def measure(table: pd.DataFrame) -> dict[str, Any]:
    """Metrics of val, test and, where it is marked, the CORAL test split."""
    parts = {name: table[table["split"] == name] for name in ("val", "test")}
    parts["coral_test"] = table[(table["split"] == "test") & (table["coral"] == "test")]
    columns = {name: _columns(part) for name, part in parts.items() if len(part)}
    return {
        "splits": {name: metrics.summarise(part) for name, part in columns.items()},
        "groups": {
            name: metrics.summarise_groups(part) for name, part in columns.items()
        },
    }


def _columns(part: pd.DataFrame) -> dict[str, np.ndarray]:
    names = "age gender race age_years age_low age_high age_group p_female decided"
    return {name: part[name].to_numpy() for name in names.split()}


def _conditions(
    model: keras.Model,
    config: TrainConfig,
    faces: pd.DataFrame,
    data_dir: Path,
    progress: Progress | None,
) -> dict[str, object]:
    val = faces[faces["part"] == "val"]
    if progress:
        progress(0, None, "measuring what poor quality costs")
    yaw = np.zeros(len(val))
    if config.framing == "detector":
        yaw = read_crops(data_dir, val["file"].tolist())["yaw_deg"].to_numpy()
    predict = predictor(model, config)
    return measure_conditions(
        crops_of(val, config, data_dir),
        val["age"].to_numpy(),
        yaw,
        lambda crops: as_age_years(predict(crops)[0]),
    )


def _found(faces: pd.DataFrame, config: TrainConfig, data_dir: Path) -> dict[str, int]:
    """In how many images no face was found, so that they kept their own framing."""
    if config.framing == "chip":
        return {"total": len(faces), "not_searched": len(faces)}
    crops = read_crops(data_dir, faces["file"].tolist())
    return {"total": len(faces), "not_found": int((~crops["found"]).sum())}


def _is_distribution(ages: np.ndarray) -> bool:
    return ages.shape[1] == len(AGES)
