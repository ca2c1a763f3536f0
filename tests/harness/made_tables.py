"""Tables of faces as `explorer.read_faces` gives them, made without a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from agemodel.core.columns import category
from agemodel.core.labels import (
    AGE_GROUPS,
    GENDERS,
    RACES,
    SPLIT_NAMES,
    age_group_index,
)
from agemodel.explorer.face_table import prepare

LABELS = {"gender": GENDERS, "race": RACES, "split": SPLIT_NAMES}


def table(**columns: Any) -> pd.DataFrame:
    """Faces by hand: labels as texts, other columns as they are, estimates if given.

    `age` is needed. Unless given, `file` numbers the rows, all else that is always
    there is male, White, in train and collected on the first of January 2017; with
    `age_years` the interval is 10 years wide and the gender is estimated as labelled.
    """
    n = len(columns["age"])
    age = np.array(columns.pop("age"), np.int16)
    frame: dict[str, Any] = {
        "file": [f"{row:07d}.jpg" for row in range(n)],
        "age": age,
        "gender": ["male"] * n,
        "race": ["White"] * n,
        "split": ["train"] * n,
        "date": ["2017-01-01"] * n,
    } | columns
    for name, labels in LABELS.items():
        codes = [labels.index(label) if label else -1 for label in frame[name]]
        frame[name] = category(np.array(codes), labels)
    frame["date"] = pd.to_datetime(pd.Series(frame["date"]), format="ISO8601").astype(
        "datetime64[ms]"
    )
    if "age_years" in frame:
        years = np.array(frame["age_years"], np.float32)
        is_female = frame["gender"] == "female"
        frame["age_years"] = years
        frame.setdefault("age_low", years - 5)
        frame.setdefault("age_high", years + 5)
        frame.setdefault("p_female", np.where(is_female, 0.9, 0.1).astype(np.float32))
        frame.setdefault("decided", np.ones(n, bool))
    return prepare(pd.DataFrame(frame))


def everything(faces: pd.DataFrame) -> np.ndarray:
    """The mask of all faces of a table."""
    return np.ones(len(faces), bool)


def random_table(n: int, seed: int = 0) -> pd.DataFrame:
    """Any number of faces with all columns, some of them unknown, drawn by a seed."""
    rng = np.random.default_rng(seed)
    age = rng.integers(1, 117, n).astype(np.int16)
    years = (age + rng.normal(0, 8, n)).astype(np.float32)
    years[rng.random(n) < 0.02] = np.nan  # not estimated
    half_width = rng.uniform(1, 12, n).astype(np.float32)
    moments = np.datetime64("2016-12-01", "ms") + rng.integers(
        0, 62 * 24 * 3600 * 1000, n
    ).astype("timedelta64[ms]")
    moments[rng.random(n) < 0.01] = np.datetime64("NaT")
    grouped = rng.random(n) < 0.1
    groups = np.where(grouped, rng.integers(0, max(1, n // 30), n), -1)
    group_codes = age_group_index(np.nan_to_num(years, nan=30).clip(1))
    frame = pd.DataFrame(
        {
            "file": np.char.add(np.char.zfill(np.arange(n).astype(str), 7), ".jpg"),
            "age": age,
            "gender": category(rng.integers(0, 2, n), GENDERS),
            "race": category(rng.integers(0, 5, n), RACES),
            "split": category(rng.integers(-1, 3, n), SPLIT_NAMES),
            "date": moments,
            "sharpness": rng.uniform(0, 0.2, n).astype(np.float32),
            "brightness": rng.uniform(0, 255, n).astype(np.float32),
            "face_px": rng.uniform(20, 180, n).astype(np.float32),
            "yaw_deg": rng.normal(0, 25, n).astype(np.float32),
            "found": rng.random(n) > 0.02,
            "greyscale": rng.random(n) < 0.05,
            "duplicate_group": groups.astype(np.int32),
            "exact_group": np.where(rng.random(n) < 0.5, groups, -1).astype(np.int32),
            "map_x": rng.random(n).astype(np.float32),
            "map_y": rng.random(n).astype(np.float32),
            "age_years": years,
            "age_low": years - half_width,
            "age_high": years + half_width,
            "p_female": rng.random(n).astype(np.float32),
            "decided": rng.random(n) < 0.9,
            "estimated_group": category(group_codes, AGE_GROUPS),
        }
    )
    return prepare(frame)
