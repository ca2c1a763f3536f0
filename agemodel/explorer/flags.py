"""What is remarkable about a face: its picture, or what the model makes of its label.

A flag is a bool column of the table of faces. Flags whose measures are not there have
no column.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from agemodel.core.columns import codes_of
from agemodel.core.labels import GENDERS

FLAGS = {
    "blurred": "blurred",
    "dark": "dark",
    "bright": "very bright",
    "small": "small",
    "turned": "turned away",
    "greyscale": "greyscale",
    "no_face": "no face found",
    "exact": "exact duplicate",
    "duplicate": "duplicate",
    "crossing": "duplicate in train and test",
    "conflict": "duplicate with another label",
}
"""Flags of the picture, by column; `duplicate` holds the exact ones, too."""

OUTCOMES = {
    "too_old": "estimated too old",
    "too_young": "estimated too young",
    "outside": "label outside the interval",
    "gender_wrong": "gender estimated otherwise",
    "gender_open": "gender left open",
    "mislabelled": "age label doubtful",
    "gender_doubted": "gender label doubtful",
}
"""Flags of the estimate beside the label, by column."""

NOTABLE_YEARS = 5.0
"""An error, or a difference between two labels, of at least this is notable."""
DOUBTFUL_WIDTHS = 1.5
"""An error of so many widths of the 80 % interval casts doubt on the label: were errors
normal, 1.5 widths would be 3.8 standard deviations, which one face in 8,000 passes."""
DOUBTFUL_YEARS = 10.0
"""What the error must be besides."""
DOUBTFUL_PROBABILITY = 0.02
"""So improbable a gender casts doubt on its label."""


def add_flags(faces: pd.DataFrame) -> pd.DataFrame:
    """The table with a bool column for every flag that can be told.

    Args:
        faces: as `face_table.prepare` makes it.
    """
    flags: dict[str, Any] = {}
    if "sharpness" in faces:
        flags |= _quality_flags(faces)
    if "found" in faces:
        flags["no_face"] = ~faces["found"].to_numpy()
    if "duplicate_group" in faces:
        flags |= _duplicate_flags(faces)
    if "abs_error" in faces:
        flags |= _age_outcomes(faces)
    if "p_female" in faces and "gender" in faces:
        flags |= _gender_outcomes(faces)
    return faces.assign(**flags)


def _quality_flags(faces: pd.DataFrame) -> dict[str, np.ndarray]:
    """The conditions under which the app warns, for all faces at once."""
    from agemodel.faces.quality import CONDITIONS  # OpenCV, which tables do without

    measured: Any = SimpleNamespace(
        size_px=faces["face_px"].to_numpy(),
        sharpness=faces["sharpness"].to_numpy(),
        brightness=faces["brightness"].to_numpy(),
        yaw_deg=faces["yaw_deg"].to_numpy(),
    )
    flagged = [condition for condition in CONDITIONS if condition.name in FLAGS]
    return {
        condition.name: np.asarray(condition.holds(measured)) for condition in flagged
    }


def _duplicate_flags(faces: pd.DataFrame) -> dict[str, np.ndarray]:
    groups = faces["duplicate_group"].to_numpy()
    flags = {"exact": faces["exact_group"].to_numpy() >= 0, "duplicate": groups >= 0}
    if "split" in faces:
        split = faces["split"].to_numpy()
        with_train = _shares_group(groups, split == "train")
        flags["crossing"] = with_train & _shares_group(groups, split == "test")
    if "gender" in faces:
        flags["conflict"] = _differ_in_group(faces, groups)
    return flags


def _shares_group(groups: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Which faces are in a group (not -1) with any of `rows`, a mask; shape (n,)."""
    return np.isin(groups, np.unique(groups[rows & (groups >= 0)]))


def _differ_in_group(faces: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    """Which faces are in a group whose ages or genders differ notably; shape (n,)."""
    rows = np.flatnonzero(groups >= 0)
    labels = pd.DataFrame(
        {
            "age": faces["age"].to_numpy()[rows],
            "gender": codes_of(faces["gender"])[rows],
        }
    )
    by_group = labels.groupby(groups[rows])
    spread = by_group.transform("max") - by_group.transform("min")
    differ = np.zeros(len(faces), bool)
    differ[rows] = (spread["age"] >= NOTABLE_YEARS) | (spread["gender"] > 0)
    return differ


def _age_outcomes(faces: pd.DataFrame) -> dict[str, np.ndarray]:
    error = faces["error_years"].to_numpy()
    size = faces["abs_error"].to_numpy()
    low, high = faces["age_low"].to_numpy(), faces["age_high"].to_numpy()
    least = faces.get("label_low", faces["age"]).to_numpy()
    most = faces.get("label_high", faces["age"]).to_numpy()
    doubtful = faces["suspicion"].to_numpy() >= DOUBTFUL_WIDTHS
    return {
        "too_old": error >= NOTABLE_YEARS,
        "too_young": error <= -NOTABLE_YEARS,
        "outside": (most < low) | (least > high),
        "mislabelled": doubtful & (size >= DOUBTFUL_YEARS),
    }


def _gender_outcomes(faces: pd.DataFrame) -> dict[str, np.ndarray]:
    is_female = codes_of(faces["gender"]) == GENDERS.index("female")
    p_female = faces["p_female"].to_numpy()
    p_label = np.where(is_female, p_female, 1 - p_female)
    is_labelled = codes_of(faces["gender"]) >= 0
    return {
        "gender_wrong": ((p_female >= 0.5) != is_female)
        & is_labelled
        & ~np.isnan(p_female),
        "gender_open": ~faces["decided"].to_numpy(),
        "gender_doubted": is_labelled & (p_label < DOUBTFUL_PROBABILITY),
    }
