"""What an exported model's run estimated of every face, and how it sees the faces.

Of the model's card only two entries are read, so a card of another version will do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from agemodel.core.columns import category
from agemodel.core.errors import RunError
from agemodel.core.labels import AGE_GROUPS, AGES, age_group_index
from agemodel.models import app_model
from agemodel.models.model_folder import ModelFolder
from agemodel.models.neighbours import directions_of, read_face_table
from agemodel.runs.run_folder import Run, find_run

_COLUMNS = ["file", "age_years", "age_low", "age_high", "p_female", "decided"]


def run_of(model_folder: Path | None = None) -> Run:
    """The run that an exported model, the app's by default, was made from.

    Raises:
        ModelError: there is no such model, or its card cannot be read.
        RunError: the run is not here.
    """
    model = _model(model_folder)
    try:
        return find_run(model.card.run)
    except RunError as error:
        raise RunError(
            f"{error} The estimates of the model {model.name} are that run's: restore "
            "it (git checkout -- assets/runs, where it ships), or choose another model."
        ) from error


def read_estimates(model_folder: Path | None = None) -> pd.DataFrame:
    """Read what the model's run estimated, a row a face that it knows.

    Returns:
        `file`, `age_years`, `age_low`, `age_high`, `p_female` (float32), `decided`
        (bool: the gender is not left open), `estimated_group` (category).

    Raises:
        ModelError: there is no such model.
        RunError: its run is missing, not evaluated or damaged.
    """
    run = run_of(model_folder)
    table = run.read_predictions()
    groups = category(table["age_group"].to_numpy(), AGE_GROUPS)
    return table[_COLUMNS].assign(estimated_group=groups)


def read_set_estimates(name: str) -> pd.DataFrame:
    """Read what the app's model's run estimated of a labelled set's val and test faces.

    Returns:
        As `read_estimates`; no row where the run does not know the set.

    Raises:
        ModelError: there is no such model.
        RunError: its run is missing or damaged, or knows no set but its first.
    """
    calibration = _model(None).card.calibration
    table = run_of().read_set_predictions()
    table = table[table["set"] == name]
    groups = age_group_index(np.rint(table["age_years"].to_numpy()))
    return table.assign(
        file=table["file"].str.removeprefix(f"{name}/"),
        decided=[calibration.gender(p) != "uncertain" for p in table["p_female"]],
        estimated_group=category(groups, AGE_GROUPS),
    )[[*_COLUMNS, "estimated_group"]]


def read_distributions(
    faces: pd.DataFrame, model_folder: Path | None = None
) -> np.ndarray:
    """Read how probable the model finds each age of each face.

    Returns:
        Shape (n, 116), float32, over `labels.AGES`, a row for each of `faces`; nan
        where the run did not estimate the face.

    Raises:
        ModelError: there is no such model.
        RunError: its run is missing, not evaluated or damaged.
    """
    run = run_of(model_folder)
    table = run.read_predictions()
    rows = pd.Index(table["file"]).get_indexer(faces["file"])
    found = table["age_probabilities"].tolist()
    if {len(row) for row in found} != {len(AGES)}:
        raise RunError(
            f"predictions.parquet of run {run.id} has distributions over other ages "
            f"than expected. Make it again: {run.evaluate_command}"
        )
    known = np.stack(found)
    return np.where((rows >= 0)[:, None], known[rows], np.float32(np.nan))


def read_embeddings(
    faces: pd.DataFrame, model_folder: Path | None = None
) -> np.ndarray:
    """Read the directions in which the model sees the faces.

    Returns:
        Shape (n, 64), float32, a row for each of `faces`, of length 1, so that the
        product of two is their cosine; zeros where the model's table lacks the face.

    Raises:
        ModelError: the model was exported without faces, or they are damaged.
    """
    model = _model(model_folder)
    table = read_face_table(model, ["file", "embedding"])
    embeddings = directions_of(model, table)
    rows = pd.Index(table["file"].to_pandas()).get_indexer(faces["file"])
    return np.where((rows >= 0)[:, None], embeddings[rows], np.float32(0))


def _model(folder: Path | None) -> ModelFolder:
    return ModelFolder(folder or app_model.model_folder())
