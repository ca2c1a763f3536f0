"""Evaluate a run: predictions of every face, a calibration from val, and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from agemodel.core.callbacks import OnProgress
from agemodel.core.checksums import sha256_of
from agemodel.core.json_records import values_of
from agemodel.core.labels import group_probabilities
from agemodel.dataset.crops import read_crops
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.dataset.labelled_sets import read_about, set_dir
from agemodel.learning.conditions import (
    Estimates,
    measure_conditions,
    tilted_detector,
    val_faces,
)
from agemodel.learning.explanation import fit_projection
from agemodel.learning.face_outputs import (
    Outputs,
    as_age_years,
    is_distribution,
    load_best,
    predict_all,
    predictor,
)
from agemodel.learning.network_record import write_network
from agemodel.learning.stability import measure_stability
from agemodel.metrics import measures
from agemodel.metrics.calibration import Calibration, calibrate
from agemodel.metrics.distributions import distribution_around
from agemodel.metrics.evaluation_results import Conditions
from agemodel.metrics.restricted_range import restrict_to_range
from agemodel.metrics.set_measures import SetMetrics, measure_set
from agemodel.runs.checkpoints import BEST
from agemodel.runs.config import TrainConfig
from agemodel.runs.predictions import SET_PREDICTION_SCHEMA, SET_PREDICTIONS
from agemodel.runs.run_folder import EMBEDDINGS, Run

CONDITION_FACES = 1_000
"""Val faces, at most, that are made worse: each is estimated some thirty times."""


def evaluate(
    run: Run,
    data_dir: Path,
    progress: OnProgress | None = None,
    *,
    replace_shipped: bool = False,
) -> dict[str, Any]:
    """Predict every face of the run's split and measure the errors.

    Writes `network.json`, `predictions.parquet`, `calibration.json`,
    `conditions.json` and `metrics.json` into the run's folder, and, where the network
    has such features, `embeddings.parquet` and `projection.npz`, once all is measured.
    The predictions and their figures are of the recipe's first data set; of the others
    the faces of val and test are measured, too, and are in `set_predictions.parquet`.
    The calibration is chosen on val of all; test is only reported.

    Args:
        run: a run with a best model.
        data_dir: an imported dataset.
        progress: called with (done, total, what is being done).
        replace_shipped: write into a run that ships, too.

    Returns:
        What `metrics.json` holds.

    Raises:
        RunError: the run has no model yet, or ships with the project.
        DatasetError: the dataset is missing.
    """
    if not replace_shipped:
        run.check_may_change()
    found = _measured(run, data_dir, progress)
    write_network(run, found.model)
    run.write_json("calibration.json", values_of(found.calibration))
    run.write_predictions(found.table)
    if len(found.set_table):
        run.write_table(SET_PREDICTIONS, found.set_table, SET_PREDICTION_SCHEMA)
    if found.features is not None:
        _write_embeddings(run, found.table, found.features)
    run.write_json("conditions.json", values_of(found.conditions))
    run.write_json("metrics.json", found.metrics)
    return found.metrics


@dataclass(frozen=True)
class _Measured:
    """A run's model and what was measured of it.

    Attributes:
        table: predictions of the recipe's first data set, n rows.
        set_table: those of the others' val and test faces.
        features: of the first set's faces, shape (n, c); None where there are none.
        metrics: what `metrics.json` holds.
    """

    model: keras.Model
    calibration: Calibration
    table: pd.DataFrame
    set_table: pd.DataFrame
    features: np.ndarray | None
    conditions: Conditions
    metrics: dict[str, Any]


def _measured(run: Run, data_dir: Path, progress: OnProgress | None) -> _Measured:
    config = run.read_config()
    faces = recipe_faces(config, data_dir, progress)
    counts = _counts(faces)
    in_first = faces["set"] == config.data[0]
    others = faces[~in_first & (faces["part"] != "train")].reset_index(drop=True)
    faces = faces[in_first].reset_index(drop=True)
    model = load_best(run)
    predict = predictor(model, config)
    outputs = predict_all(predict, faces, config, progress)
    of_others = predict_all(predict, others, config, progress)
    calibration = _calibrate(
        pd.concat([faces, others], ignore_index=True), outputs.joined(of_others)
    )
    table = prediction_table(faces, outputs.ages, outputs.p_female, calibration)
    set_table = set_prediction_table(others, of_others, calibration)
    conditions = measure_conditions(
        val_faces(config, data_dir, CONDITION_FACES),
        config.input_px,
        lambda crops: _with_bounds(predict(crops).ages, calibration),
        tilted_detector(config),
        progress,
    )
    if progress:
        progress(0, None, "measuring how steady the estimates are")
    test = faces[faces["part"] == "test"]
    stability = measure_stability(
        test, config.input_px, lambda crops: predict(crops).age_years
    )
    metrics = {
        "run": run.id,
        "model_sha256": sha256_of((run.folder / BEST).read_bytes()),
        "faces": counts | _found(faces, config, data_dir),
        **measure(table),
        "sets": values_of(measure_sets(set_table, data_dir)),
        "stability": values_of(stability),
    }
    return _Measured(
        model, calibration, table, set_table, outputs.features, conditions, metrics
    )


def _calibrate(faces: pd.DataFrame, outputs: Outputs) -> Calibration:
    """A calibration on val, for which each data set counts alike."""
    rows = (faces["part"] == "val").to_numpy()
    val, ages = faces[rows], outputs.ages[rows]
    has_age = val["age_low"] == val["age_high"]
    per_set = has_age.groupby(val["set"]).transform("sum")
    return calibrate(
        val["age"].where(has_age).to_numpy(np.float64),
        val["gender"].to_numpy(),
        as_age_years(ages),
        ages if is_distribution(ages) else None,
        outputs.p_female[rows],
        (has_age / per_set.clip(lower=1)).to_numpy(np.float64),
    )


def _write_embeddings(run: Run, table: pd.DataFrame, features: np.ndarray) -> None:
    projection = fit_projection(features[(table["split"] == "train").to_numpy()])
    run.write_projection(projection.mean, projection.components)
    embeddings = table[["file", "split", "age", "gender", "race", "age_years"]].copy()
    embeddings["embedding"] = [row.tobytes() for row in projection.embed(features)]
    run.write_table(EMBEDDINGS, embeddings)


def prediction_table(
    faces: pd.DataFrame,
    ages: np.ndarray,
    p_female: np.ndarray,
    calibration: Calibration,
) -> pd.DataFrame:
    """One row a face, with the columns of `PREDICTION_SCHEMA`.

    Args:
        faces: as `recipe_faces` gives them, n rows.
        ages: the network's ages, shape (n, 116) or (n, 1).
        p_female: its raw probabilities, shape (n,).
        calibration: from val.
    """
    age_years, low, high = _with_bounds(ages, calibration)
    distribution = ages
    if not is_distribution(ages):
        half = calibration.half_width_years or 0.0
        distribution = np.stack([distribution_around(age, half) for age in age_years])
    calibrated = calibration.probability(p_female)
    table = faces[["file", "part", "coral", "age", "gender", "race"]].assign(
        age_years=age_years.astype(np.float32),
        age_low=low.astype(np.float32),
        age_high=high.astype(np.float32),
        age_group=group_probabilities(distribution).argmax(1).astype(np.int8),
        p_female=calibrated.astype(np.float32),
        decided=[calibration.gender(p) != "uncertain" for p in calibrated],
        age_probabilities=list(np.round(distribution, 4).astype(np.float32)),
    )
    return table.rename(columns={"part": "split"})


def set_prediction_table(
    faces: pd.DataFrame, outputs: Outputs, calibration: Calibration
) -> pd.DataFrame:
    """One row a face of the other sets, with the columns of `SET_PREDICTION_SCHEMA`."""
    ages, low, high = _with_bounds(outputs.ages, calibration)
    names = {"part": "split", "age_low": "label_low", "age_high": "label_high"}
    labels = faces[["set", "file", *names, "gender"]].rename(columns=names)
    return labels.assign(
        age_years=ages.astype(np.float32),
        age_low=low.astype(np.float32),
        age_high=high.astype(np.float32),
        p_female=calibration.probability(outputs.p_female).astype(np.float32),
    )


def _with_bounds(ages: np.ndarray, calibration: Calibration) -> Estimates:
    """Point estimates of a network's ages, and their intervals."""
    years = as_age_years(ages)
    return years, *calibration.interval(years, ages if is_distribution(ages) else None)


def measure_sets(table: pd.DataFrame, data_dir: Path) -> dict[str, SetMetrics]:
    """The measures of each other set, by its name: of its test faces, else of val."""
    measured = {}
    for name, faces in table.groupby("set", sort=False):
        split = "test" if (faces["split"] == "test").any() else "val"
        title = read_about(data_dir, str(name)).title
        part = faces[faces["split"] == split]
        measured[str(name)] = measure_set(part, title, split)
    return measured


def measure(table: pd.DataFrame) -> dict[str, Any]:
    """Metrics of val, test and, where it is marked, the CORAL test split.

    The latter both as they are and with the ages restricted to their range, as
    published networks know it from their training faces.
    """
    parts = {name: table[table["split"] == name] for name in ("val", "test")}
    coral = table[(table["split"] == "test") & (table["coral"] == "test")]
    parts["coral_test"] = coral
    columns = {name: _columns(part) for name, part in parts.items() if len(part)}
    splits = {name: measures.summarise(part) for name, part in columns.items()}
    if len(coral):
        restricted = _columns(restrict_to_range(coral, *measures.CORAL_RANGE))
        splits[measures.CORAL_RESTRICTED] = measures.summarise(restricted)
    groups = {name: measures.summarise_groups(part) for name, part in columns.items()}
    return {"splits": splits, "groups": groups}


def _columns(part: pd.DataFrame) -> dict[str, np.ndarray]:
    names = "age gender race age_years age_low age_high age_group p_female decided"
    return {name: part[name].to_numpy() for name in names.split()}


def _counts(faces: pd.DataFrame) -> dict[str, Any]:
    """How many faces each part has, of all the recipe's data sets together."""
    parts = {str(part): int(n) for part, n in faces["part"].value_counts().items()}
    return {"total": len(faces), "parts": parts}


def _found(faces: pd.DataFrame, config: TrainConfig, data_dir: Path) -> dict[str, Any]:
    """In how many images of the first data set no face was found.

    Those keep their own framing.
    """
    if config.framing == "chip":
        return {"not_searched": len(faces)}
    folder = set_dir(data_dir, config.data[0])
    crops = read_crops(folder, [path.name for path in faces["path"]])
    return {"not_found": int((~crops["found"]).sum())}
