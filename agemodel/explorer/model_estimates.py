"""What an exported model's run estimated of every face, and how it sees the faces.

Of the model's card only two entries are read, so a card of another version will do.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from agemodel.core.checksums import unseal_if_sealed
from agemodel.core.columns import category
from agemodel.core.errors import ModelError, RunError
from agemodel.core.labels import AGE_GROUPS, AGES, EMBEDDING_SIZE
from agemodel.core.tables import read_parquet
from agemodel.models import app_model
from agemodel.runs.run_folder import Run, find_run

_REPAIR = (
    "Restore it (git checkout -- assets/models) or export the model again: "
    "python -m agemodel export RUN NAME"
)
_COLUMNS = {
    "age_years": np.float32,
    "age_low": np.float32,
    "age_high": np.float32,
    "p_female": np.float32,
    "decided": np.bool_,
}


def run_of(model_folder: Path | None = None) -> Run:
    """The run that an exported model, the app's by default, was made from.

    Raises:
        ModelError: there is no such model, or its card cannot be read.
        RunError: the run is not here.
    """
    folder = _folder(model_folder)
    try:
        return find_run(str(_card_entry(folder, "run")))
    except RunError as error:
        raise RunError(
            f"{error} The estimates of the model {folder.name} are that run's: restore "
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
    try:
        found = table[["file", *_COLUMNS]].astype(_COLUMNS)
        groups = category(table["age_group"].to_numpy(), AGE_GROUPS)
    except (KeyError, TypeError, ValueError) as error:
        raise _other_predictions(run) from error
    return found.assign(estimated_group=groups)


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
    try:
        known = np.stack(table["age_probabilities"].tolist()).astype(np.float32)
        rows = pd.Index(table["file"]).get_indexer(faces["file"])
    except (KeyError, TypeError, ValueError) as error:
        raise _other_predictions(run) from error
    if known.shape[1:] != AGES.shape:
        raise _other_predictions(run)
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
    folder = _folder(model_folder)
    table = _read_model_faces(folder)
    content = table["embedding"].to_pylist()
    size = EMBEDDING_SIZE * np.dtype("<f2").itemsize
    if any(len(row or b"") != size for row in content) or not content:
        raise ModelError(
            f"The faces of the model {folder.name} have embeddings of another length "
            f"than {size} bytes, or there are none. {_REPAIR}"
        )
    flat = np.frombuffer(b"".join(content), dtype="<f2").astype(np.float32)
    embeddings = flat.reshape(-1, EMBEDDING_SIZE)
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    embeddings /= np.maximum(lengths, np.finfo(np.float32).tiny)
    rows = pd.Index(table["file"].to_pandas()).get_indexer(faces["file"])
    return np.where((rows >= 0)[:, None], embeddings[rows], np.float32(0))


def _folder(model_folder: Path | None) -> Path:
    return model_folder or app_model.model_folder()


def _card_entry(folder: Path, name: str) -> Any:
    """An entry of the card of the model in a folder."""
    try:
        card = unseal_if_sealed((folder / "card.json").read_bytes())
    except FileNotFoundError as error:
        raise ModelError(
            f"There is no model {folder.name!r}. Make one from a run: "
            "python -m agemodel export RUN NAME"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The card of the model {folder.name!r} cannot be read "
            f"({type(error).__name__}). {_REPAIR}"
        ) from error
    if name not in card:
        raise ModelError(
            f"The card of the model {folder.name!r} has no entry {name!r}: it was "
            "exported without, or is damaged. Export the model again: "
            "python -m agemodel export RUN NAME"
        )
    return card[name]


def _read_model_faces(folder: Path) -> pa.Table:
    """The files and embeddings of the table that the card names, by its checksum."""
    entry = _card_entry(folder, "faces_file")
    try:
        content = (folder / entry["file"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise ModelError(
                f"The faces of the model {folder.name} differ from the checksum in its "
                f"card: the file is damaged or was replaced. {_REPAIR}"
            )
        return read_parquet(content, ["file", "embedding"])
    except (OSError, KeyError, TypeError, pa.ArrowException) as error:
        raise ModelError(
            f"The faces of the model {folder.name} cannot be read "
            f"({type(error).__name__}). {_REPAIR}"
        ) from error


def _other_predictions(run: Run) -> RunError:
    return RunError(
        f"predictions.parquet of run {run.id} has other columns than expected. Make "
        f"it again: python -m agemodel evaluate {run.id}"
    )
