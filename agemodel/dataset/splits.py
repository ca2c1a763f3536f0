"""Which file is for training, for choosing and for testing: the fixed splits."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd

from agemodel.core import paths
from agemodel.core.checksums import read_verified
from agemodel.core.errors import DatasetError, ModelError
from agemodel.core.labels import SPLIT_NAMES

COLUMNS = ("file", "split", "coral", "seed")
_ALLOWED = {
    "split": SPLIT_NAMES,
    "coral": ("", "train", "test"),
    "seed": ("", "train", "test"),
}


def read_splits(path: Path | None = None) -> pd.DataFrame:
    """Read and check a table of splits.

    Args:
        path: a CSV file; without it the one that ships, `paths.SPLITS`, which is held
            to its checksum.

    Returns:
        One row a file with the columns of `COLUMNS`, all strings: `split` is the
        project's own (train, val or test); `coral` and `seed` mark the two published
        protocols (train, test, or empty for a file that is not in them).

    Raises:
        DatasetError: the file is missing or does not hold together.
    """
    try:
        content = _shipped() if path is None else path.read_bytes()
        splits = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    except FileNotFoundError as error:
        raise DatasetError(
            f"The splits file {path} is missing. It ships with the project: "
            "restore it from the repository."
        ) from error
    except (OSError, ValueError) as error:
        raise DatasetError(f"The splits file {path} cannot be read: {error}") from error
    check_splits(splits, paths.SPLITS.name if path is None else path.name)
    return splits


def _shipped() -> bytes:
    try:
        return read_verified(paths.SPLITS.parent, paths.SPLITS.name)
    except ModelError as error:
        raise DatasetError(str(error)) from error


def check_splits(splits: pd.DataFrame, name: str = "the table of splits") -> None:
    """Refuse splits with a wrong column, a name twice or a value out of place."""
    repair = "Restore it from the repository."
    if tuple(splits.columns) != COLUMNS:
        raise DatasetError(
            f"In {name} the columns {', '.join(COLUMNS)} were expected, but "
            f"{', '.join(map(str, splits.columns))} came. {repair}"
        )
    twice = splits.loc[splits["file"].duplicated(), "file"]
    if len(twice):
        raise DatasetError(f"In {name} the file {twice.iloc[0]} stands twice. {repair}")
    for column, allowed in _ALLOWED.items():
        wrong = splits.loc[~splits[column].isin(allowed), column]
        if len(wrong):
            raise DatasetError(
                f"In {name} the column {column} holds {wrong.iloc[0]!r}, where one of "
                f"{', '.join(map(repr, allowed))} was expected. {repair}"
            )
