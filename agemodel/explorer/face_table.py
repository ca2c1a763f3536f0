"""All faces of UTKFace as one table: labels, split, measures and estimates.

Only what ships is read, so the table is there before any image is. The modules that
work on it take it as it comes from here:

columns     its columns of labels
estimates   what a model's run estimated, and how alike it finds two faces
flags       what is remarkable about a face
selection   which faces are wanted, as a query of a URL and in words
filters     the rows that a selection names, and counts beside each filter
aggregates  the small tables that charts are drawn from
ordering    sorted and paged rows, and faces that look alike
issues      what may be wrong with the data, and what it does to the error
exports     a selection to take away
marks       what a person thinks of a label
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
from agemodel.core.assets import MANIFEST, read_verified
from agemodel.core.columns import category
from agemodel.core.errors import AgeModelError, DatasetError
from agemodel.core.labels import (
    AGE_GROUPS,
    GENDERS,
    MAX_AGE,
    MIN_AGE,
    RACES,
    SPLIT_NAMES,
    age_group_index,
)
from agemodel.core.tables import read_parquet
from agemodel.dataset.names import parse_name
from agemodel.dataset.splits import read_splits
from agemodel.explorer.flags import add_flags
from agemodel.explorer.model_estimates import read_estimates, run_of
from agemodel.models import app_model
from agemodel.models.cards import CARD
from agemodel.runs.run_folder import PREDICTIONS

DESCRIPTION = "faces.parquet"

# What `names.parse_name` accepts, for all names at once.
_NAME = (
    r"^(?P<age>[0-9]{1,3})_(?P<gender>[01])_(?P<race>[0-4])_"
    r"(?P<stamp>[0-9A-Za-z-]{1,40}) ?\.?jpg\.chip\.jpg$"
)
_MEASURES: dict[str, type[np.generic]] = {
    "sharpness": np.float32,
    "brightness": np.float32,
    "face_px": np.float32,
    "yaw_deg": np.float32,
    "found": np.bool_,
    "greyscale": np.bool_,
    "duplicate_group": np.int32,
    "exact_group": np.int32,
    "map_x": np.float32,
    "map_y": np.float32,
}
_UNKNOWN: dict[str, Any] = {
    "found": True,
    "greyscale": False,
    "duplicate_group": -1,
    "exact_group": -1,
    "decided": True,
}
"""What stands beside a face that a table lacks; elsewhere nan."""


def read_faces(model_folder: Path | None = None) -> pd.DataFrame:
    """Read the table of all faces, a row each, sorted by file.

    Args:
        model_folder: of the exported model whose run made the estimates; the app's
            by default.

    Returns:
        Always: `file` (str), `age` (int16, years), `gender`, `race`, `split`, `coral`
        and `age_group` (categories, see `labels`; all as labelled), `date` (timestamp
        or NaT).

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
    faces, left_out = _read_labels(), []
    parts: tuple[Callable[[], pd.DataFrame], ...] = (
        _read_description,
        lambda: read_estimates(model_folder),
    )
    for read in parts:
        try:
            part = _beside(read(), faces["file"])
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
    files = [paths.SPLITS, folder / DESCRIPTION, folder / MANIFEST]
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
        label), `abs_error`, `width_years` (of the interval) and `suspicion` (the
        absolute error in widths of the interval), all float32; and a bool column for
        every flag that can be told (see `flags`).
    """
    groups = age_group_index(faces["age"].to_numpy())
    added: dict[str, Any] = {"age_group": category(groups, AGE_GROUPS)}
    if "age_years" in faces:
        error = (faces["age_years"] - faces["age"]).to_numpy(np.float32)
        width = (faces["age_high"] - faces["age_low"]).to_numpy(np.float32)
        added |= {
            "error_years": error,
            "abs_error": np.abs(error),
            "width_years": width,
            "suspicion": np.abs(error) / np.maximum(width, np.float32(1)),
        }
    return add_flags(faces.assign(**added))


def _read_labels() -> pd.DataFrame:
    """What the shipped splits, and the names in them, say of the faces."""
    splits = read_splits().sort_values("file", ignore_index=True)
    fields = splits["file"].str.extract(_NAME)
    ages = pd.to_numeric(fields["age"])  # nan where the name cannot be read
    wrong = splits.loc[~ages.between(MIN_AGE, MAX_AGE), "file"]
    if len(wrong):
        raise _name_error(wrong.iloc[0])
    stamps = fields["stamp"].where(fields["stamp"].str.fullmatch("[0-9]{17}"))
    dates = pd.to_datetime(stamps, format="%Y%m%d%H%M%S%f", errors="coerce")
    coral = splits["coral"].where(splits["coral"] != "")
    return pd.DataFrame(
        {
            "file": splits["file"],
            "age": ages.astype(np.int16),
            "gender": category(fields["gender"].astype(np.int8).to_numpy(), GENDERS),
            "race": category(fields["race"].astype(np.int8).to_numpy(), RACES),
            "date": dates.astype("datetime64[ms]"),
            "split": pd.Categorical(splits["split"], SPLIT_NAMES),
            "coral": pd.Categorical(coral, ["train", "test"]),
        }
    )


def _name_error(file: str) -> DatasetError:
    try:
        parse_name(file)
        reason = "It cannot be read."
    except DatasetError as error:
        reason = str(error)
    return DatasetError(
        f"The splits name {file!r}. {reason} Restore them: git checkout -- assets"
    )


def _read_description() -> pd.DataFrame:
    """The measures of every face that ship beside the splits."""
    folder = paths.SPLITS.parent
    if not (folder / DESCRIPTION).exists():
        raise DatasetError(
            "The faces are not described yet (quality, duplicates, map). With the "
            "images imported: python -m agemodel data describe"
        )
    content = read_verified(folder, DESCRIPTION)
    try:
        table = read_parquet(content, ["file", *_MEASURES])
        return table.to_pandas().astype(_MEASURES)
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise DatasetError(
            f"The description of the faces cannot be read ({error}). Restore it (git "
            "checkout -- assets) or make it again: python -m agemodel data describe"
        ) from error


def _beside(table: pd.DataFrame, files: pd.Series) -> pd.DataFrame:
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
