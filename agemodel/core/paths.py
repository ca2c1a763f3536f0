"""The folders of the project and of its data. Nothing here touches the disk.

In the variables that name other folders a leading `~` is the user's home.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"
SAMPLES = ASSETS / "samples"
DETECTORS = ASSETS / "detectors"
SHIPPED_RUNS = ASSETS / "runs"
RECIPES = ASSETS / "recipes"
SPLITS = ASSETS / "utkface" / "splits.csv"


def data_dir() -> Path:
    """The dataset's folder: `AGEMODEL_DATA`, else `data/` beside the package."""
    return _folder("AGEMODEL_DATA", ROOT / "data")


def runs_dir() -> Path:
    """The local runs' folder: `AGEMODEL_RUNS`, else `runs/` beside the package."""
    return _folder("AGEMODEL_RUNS", ROOT / "runs")


def footage_dir() -> Path:
    """The folder of what was found in footage from the page, one a run."""
    return runs_dir() / "footage"


def footage_jobs_dir() -> Path:
    """The folder of the records of the processes that look at footage."""
    return footage_dir() / ".jobs"


def models_dir() -> Path:
    """The exported models' folder: `AGEMODEL_MODELS`, else `assets/models/`."""
    return _folder("AGEMODEL_MODELS", ASSETS / "models")


def _folder(setting: str, default: Path) -> Path:
    named = os.environ.get(setting)
    return Path(os.path.expanduser(named)) if named else default
