"""The folders of the project and of its data.

In a checkout `assets/`, `data/` and `runs/` lie beside the package. Where the package
is installed its assets are inside it, and `data/` and `runs/` in the current folder. In
the variables that name other folders a leading `~` is the user's home.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
IS_INSTALLED = (_PACKAGE / "assets").is_dir()
ROOT = _PACKAGE.parent
ASSETS = (_PACKAGE if IS_INSTALLED else ROOT) / "assets"
THEME = (ASSETS / "theme" if IS_INSTALLED else ROOT / ".streamlit") / "config.toml"
SAMPLES = ASSETS / "samples"
DETECTORS = ASSETS / "detectors"
SHIPPED_RUNS = ASSETS / "runs"
RECIPES = ASSETS / "recipes"
SPLITS = ASSETS / "utkface" / "splits.csv"


def data_dir() -> Path:
    """The dataset's folder: `AGEMODEL_DATA`, else `data/`."""
    return _folder("AGEMODEL_DATA", home() / "data")


def runs_dir() -> Path:
    """The local runs' folder: `AGEMODEL_RUNS`, else `runs/`."""
    return _folder("AGEMODEL_RUNS", home() / "runs")


def footage_dir() -> Path:
    """The folder of what was found in footage from the page, one a run."""
    return runs_dir() / "footage"


def bulk_dir() -> Path:
    """The folder of bulk runs from the page, one a run."""
    return runs_dir() / "bulk"


def models_dir() -> Path:
    """The exported models' folder: `AGEMODEL_MODELS`, else `assets/models/`."""
    return _folder("AGEMODEL_MODELS", ASSETS / "models")


def home() -> Path:
    """Where data, runs and settings lie: the checkout, or else the current folder."""
    return Path.cwd() if IS_INSTALLED else ROOT


def _folder(setting: str, default: Path) -> Path:
    named = os.environ.get(setting)
    return Path(os.path.expanduser(named)) if named else default
