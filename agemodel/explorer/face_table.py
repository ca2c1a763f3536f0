"""All faces of UTKFace as one table: labels, split, measures and estimates.

What ships is enough, so the table is there before any image is. The other modules of
this package take the table as it comes from here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from agemodel.core import paths
from agemodel.core.checksums import MANIFEST, read_verified
from agemodel.core.columns import category
from agemodel.core.errors import AgeModelError, DatasetError
from agemodel.core.labels import (
    AGE_GROUPS,
    GENDERS,
    RACES,
    SPLIT_NAMES,
    age_group_index,
)
from agemodel.core.tables import read_parquet
from agemodel.dataset.index import read_index
from agemodel.dataset.names import parse_name
from agemodel.dataset.record import RECORD_NAME
from agemodel.dataset.splits import read_splits
from agemodel.explorer.face_measures import FILE, SCHEMA
from agemodel.explorer.flags import add_flags
from agemodel.explorer.model_estimates import read_estimates, run_of
from agemodel.models import app_model
from agemodel.models.model_folder import CARD
from agemodel.runs.predictions import PREDICTIONS

_UNKNOWN: dict[str, Any] = {
    "found": True,
    "greyscale": False,
    "duplicate_group": -1,
    "exact_group": -1,
    "decided": True,
}
"""What stands beside a face that a table lacks; elsewhere nan."""


def read_faces(
    model_folder: Path | None = None, data_dir: Path | None = None
) -> pd.DataFrame:
    """Read the table of all faces, a row each, sorted by file.

    The faces are those of the shipped splits and, where a dataset is imported, those of
    its index: what is in no split has no description and no estimate.

    Args:
        model_folder: of the exported model whose run made the estimates; the app's
            by default.
        data_dir: the data folder; `paths.data_dir()` by default.

    Returns:
        Always: `file` (str), `age` (int16, years), `gender`, `race`, `split`, `coral`
        and `age_group` (categories, see `labels`; all as labelled), `date` (timestamp
        or NaT). A face in no split has no `split` and no `coral`.

        Where the faces are described: `sharpness`, `brightness`, `face_px`, `yaw_deg`
        (float32, see `faces.quality`), `found`, `greyscale` (bool), `duplicate_group`,
        `exact_group` (int32, -1 for none), `map_x`, `map_y` (float32, 0..1).

        Where the model's run is there: `age_years`, `age_low`, `age_high`, `p_female`
        (float32), `decided` (bool: the gender is not left open), `estimated_group`
        (category).

        And what `prepare` adds. What is missing or damaged has no columns;
        `attrs["left_out"]` says why, a sentence or two each, with what to do.

    Raises:
        DatasetError: the splits, which ship with the project, are missing or damaged.
    """
    rows, left_out = _in_splits(), []
    try:
        imported = _only_imported(data_dir or paths.data_dir(), rows["file"])
    except DatasetError as error:
        left_out.append(str(error))
    else:
        rows = pd.concat([rows, imported])
    faces = label_columns(rows)
    parts: tuple[Callable[[], pd.DataFrame], ...] = (
        _read_description,
        lambda: read_estimates(model_folder),
    )
    for read in parts:
        try:
            part = beside(read(), faces["file"])
        except AgeModelError as error:
            left_out.append(str(error))
        else:
            faces = pd.concat([faces, part], axis=1)
    faces = prepare(faces)
    faces.attrs["left_out"] = left_out
    return faces


def faces_files() -> list[Path]:
    """The files that `read_faces` reads for the app's model, there or not."""
    folder = paths.SPLITS.parent
    files = [paths.SPLITS, folder / FILE, folder / MANIFEST]
    files.append(paths.data_dir() / RECORD_NAME)
    files.append(paths.runs_dir() / app_model.FILE)
    with contextlib.suppress(AgeModelError):
        files.append(app_model.model_folder() / CARD)
        files.append(run_of().folder / PREDICTIONS)
    return files


def prepare(faces: pd.DataFrame) -> pd.DataFrame:
    """Add the columns that follow from others.

    Args:
        faces: the columns of `read_faces` as far as they are known, `age` at least.

    Returns:
        The same with `age_group`; with estimates also `error_years` (estimate less
        label, or less the nearest end of a labelled range), `abs_error`, `width_years`
        (of the interval) and `suspicion` (the absolute error in widths of the
        interval), all float32; and a bool column for every flag that can be told (see
        `flags`).
    """
    groups = age_group_index(faces["age"].to_numpy())
    added: dict[str, Any] = {"age_group": category(groups, AGE_GROUPS)}
    if "age_years" in faces:
        nearest = faces["age"]
        if "label_low" in faces:  # inside a labelled range there is no error
            nearest = faces["age_years"].clip(faces["label_low"], faces["label_high"])
        error = (faces["age_years"] - nearest).to_numpy(np.float32)
        width = (faces["age_high"] - faces["age_low"]).to_numpy(np.float32)
        added |= {
            "error_years": error,
            "abs_error": np.abs(error),
            "width_years": width,
            "suspicion": np.abs(error) / np.maximum(width, np.float32(1)),
        }
    return add_flags(faces.assign(**added))


def label_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns of labels of rows that are like those of an index, by file."""
    rows = rows.sort_values("file", ignore_index=True)
    named = {name: rows[name].where(rows[name] != "") for name in ("split", "coral")}
    return pd.DataFrame(
        {
            "file": rows["file"],
            "age": rows["age"].astype(np.int16),
            "gender": category(rows["gender"].to_numpy(), GENDERS),
            "race": category(rows["race"].to_numpy(), RACES),
            "date": rows["collected"].astype("datetime64[ms]"),
            "split": pd.Categorical(named["split"], SPLIT_NAMES),
            "coral": pd.Categorical(named["coral"], ["train", "test"]),
        }
    )


def _in_splits() -> pd.DataFrame:
    """What the shipped splits, and the names in them, say: rows as in the index."""
    splits = read_splits()
    labels = [parse_name(file) for file in splits["file"]]
    columns = ("age", "gender", "race", "collected")
    values = {name: [getattr(label, name) for label in labels] for name in columns}
    return splits.assign(**values)


def _only_imported(data_dir: Path, known: pd.Series) -> pd.DataFrame:
    """The rows of the index, if there is one, whose files are not in `known`."""
    if not (data_dir / RECORD_NAME).exists():
        return pd.DataFrame()
    index = read_index(data_dir)
    return index[~index["file"].isin(known)]


def _read_description() -> pd.DataFrame:
    """The measures of every face that ship beside the splits."""
    folder = paths.SPLITS.parent
    if not (folder / FILE).exists():
        raise DatasetError(
            "The faces are not described yet (quality, duplicates, map). With the "
            "images imported: python -m agemodel data describe"
        )
    content = read_verified(folder, FILE)
    try:
        table = SCHEMA.of(read_parquet(content)).to_pandas()
        return table.drop(columns="hash")
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DatasetError(
            f"The description of the faces cannot be read ({error}). Restore it (git "
            "checkout -- assets) or make it again: python -m agemodel data describe"
        ) from error


def beside(table: pd.DataFrame, files: pd.Series) -> pd.DataFrame:
    """A table's other columns, a row for each of `files`, unknown where it lacks one.

    Raises:
        DatasetError: the table names no file, or one twice.
    """
    index = pd.Index(table["file"])
    if index.empty or not index.is_unique:
        raise DatasetError(
            "A table of faces names none, or one of them twice. Restore it: "
            "git checkout -- assets"
        )
    rows = index.get_indexer(files)
    part = table.drop(columns="file").iloc[rows].reset_index(drop=True)
    if (rows < 0).any():
        for column in part:
            part.loc[rows < 0, column] = _UNKNOWN.get(str(column), np.nan)
    return part
