"""What a run over footage left in its folder, read back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from agemodel.core.errors import FootageError
from agemodel.core.json_records import record_from
from agemodel.core.tables import read_parquet
from agemodel.footage.clip_results import ClipCounts
from agemodel.footage.footage_run import RUN, VISITS
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.footage_tables import VISIT_SCHEMA
from agemodel.footage.slots import Slot


@dataclass(frozen=True)
class SavedRun:
    """What `_run.json` holds.

    Attributes:
        written: when, in UTC, ISO 8601.
        settings: of the run.
        has_intervals: whether the model has a calibration of shares.
        clips: how many videos there are.
        clips_done: how many of them are done.
        counts: of each that is done.
        whole: all of the time.
        slots: its stretches.
    """

    written: str
    settings: FootageSettings
    has_intervals: bool
    clips: int
    clips_done: int
    counts: tuple[ClipCounts, ...]
    whole: Slot
    slots: tuple[Slot, ...]


def read_saved(folder: Path) -> SavedRun:
    """Read the summary of a run.

    Raises:
        FootageError: there is none, or it is damaged.
    """
    try:
        return record_from(SavedRun, json.loads((folder / RUN).read_bytes()))
    except FileNotFoundError as error:
        raise FootageError(
            f"{folder} holds no results yet: they are written when an hour of video is "
            "done, or the run ends or is stopped."
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(folder / RUN, error) from error


def read_visits_table(folder: Path) -> pd.DataFrame:
    """Read the visits of a run: the columns of `VISIT_SCHEMA`.

    Raises:
        FootageError: they are missing or damaged.
    """
    try:
        return VISIT_SCHEMA.of(read_parquet(folder / VISITS)).to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(folder / VISITS, error) from error


def read_file(folder: Path, name: str) -> bytes:
    """The content of one of the files of a run, for a download.

    Raises:
        FootageError: it cannot be read.
    """
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise _damaged(folder / name, error) from error


def list_saved(folder: Path) -> list[Path]:
    """The folders of runs in a folder, the newest first."""
    found = folder.glob(f"*/{RUN}")
    newest = sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [path.parent for path in newest]


def _damaged(path: Path, error: Exception) -> FootageError:
    return FootageError(
        f"{path} cannot be read ({type(error).__name__}). The same run writes it again "
        "from what is kept of each video."
    )
