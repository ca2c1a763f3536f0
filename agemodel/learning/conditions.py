"""What poor quality costs: val faces brought to values of the measures of quality.

There is a way to bring a face to a value of each, but for the turn of the head: by that
faces are picked. A face that is worse than a value already is left out there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from agemodel.core.callbacks import OnProgress
from agemodel.dataset.labelled_faces import crops_of, read_face, recipe_faces
from agemodel.faces import Detection, crop_square, square_of_detection
from agemodel.faces.detector import FaceDetector
from agemodel.faces.quality import grey_of, sharpness
from agemodel.learning.degraded_faces import (
    make_blurred,
    make_bright,
    make_cut,
    make_dark,
    make_small,
    make_tilted,
)
from agemodel.metrics.calibration import widened, widening_of
from agemodel.metrics.distributions import median_age
from agemodel.metrics.evaluation_results import ConditionBin, Conditions
from agemodel.metrics.measures import MIN_FACES
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.config import TrainConfig, config_from
from agemodel.serving.estimator import Estimator

CUT_SHARE = 0.2
TILTS_DEG = (20, 40, 60, 90, 120, 150, 180)
"""By which pictures are turned for tilted faces, to either side by turns."""
TILT_RANGES_DEG = (10, 25, 45, 75, 105, 135, 165, 181)
TURN_RANGES_DEG = (20, 30, 40, 60, 90)
"""Ends of the ranges in which faces are picked by the detector's roll and yaw."""

_LEAST_SIDE_SHARE = 0.5
"""Of a tilted face that is found, in sides of the upright one."""

Estimates = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Ages and the lower and upper bounds of their intervals, each of shape (n,), years."""


_Face = tuple[int, float, np.ndarray]
"""A face's row, its value of a measure and its crop."""


@dataclass(frozen=True)
class Degradation:
    """A way to make faces worse by one measure.

    Attributes:
        make: from a crop, shape (s, s, 3), uint8, and a value to the worse crop.
        values: of the measure, ascending.
        is_worse: whether a crop is beyond a value already.
    """

    make: Callable[[np.ndarray, float], np.ndarray]
    values: tuple[float, ...]
    is_worse: Callable[[np.ndarray, float], bool] = lambda crop, value: False


DEGRADATIONS = {
    "small": Degradation(make_small, (10, 14, 20, 28, 40)),
    "blurred": Degradation(
        make_blurred,
        (0.0008, 0.0015, 0.003, 0.006, 0.012, 0.035),
        lambda crop, value: sharpness(grey_of(crop)) < value,
    ),
    "dark": Degradation(
        make_dark, (6, 12, 25, 50), lambda crop, value: grey_of(crop).mean() < value
    ),
    "bright": Degradation(
        make_bright,
        (185, 200, 215, 230, 245),
        lambda crop, value: grey_of(crop).mean() > value,
    ),
    "cut": Degradation(lambda crop, _: make_cut(crop, CUT_SHARE), (1,)),
}
"""By the name of the condition."""


def measure_conditions(
    faces: pd.DataFrame,
    input_px: int,
    estimate: Callable[[np.ndarray], Estimates],
    detect: Callable[[np.ndarray], list[Detection]] | None,
    progress: OnProgress | None = None,
) -> Conditions:
    """The error, and the width that the interval needs, along each measure of quality.

    Args:
        faces: val faces, with columns `path`, `age`, `square` and `yaw_deg`.
        input_px: side of a crop.
        estimate: of crops, shape (n, s, s, 3), uint8.
        detect: finds the faces of a picture; None leaves tilted faces out.
        progress: told of each condition.

    Returns:
        Bins of `MIN_FACES` faces or more.
    """
    ages = faces["age"].to_numpy(np.float64)
    crops = crops_of(faces, input_px)
    usual = estimate(crops)
    curves = {}
    for name, way in DEGRADATIONS.items():
        if progress:
            progress(0, None, "measuring what poor quality costs")
        worse = _estimated(_worsened(way, crops), estimate)
        curves[name] = _bins((*way.values, np.inf), worse, ages)
    if detect is not None:
        tilted = _estimated(_tilted(faces, input_px, detect), estimate)
        curves["tilted"] = _bins(TILT_RANGES_DEG, tilted, ages)
    turn_deg = np.abs(faces["yaw_deg"].to_numpy())
    turned = _table(range(len(ages)), turn_deg, usual)
    curves["turned"] = _bins(TURN_RANGES_DEG, turned, ages)
    return Conditions(
        float(np.abs(usual[0] - ages).mean()),
        len(ages),
        float(np.abs(np.median(ages) - ages).mean()),
        {name: bins for name, bins in curves.items() if bins},
    )


def _worsened(way: Degradation, crops: np.ndarray) -> Iterator[list[_Face]]:
    """For each value the faces that are not worse already, brought to it."""
    for value in way.values:
        rows = [row for row, one in enumerate(crops) if not way.is_worse(one, value)]
        yield [(row, value, way.make(crops[row], value)) for row in rows]


def _tilted(
    faces: pd.DataFrame, input_px: int, detect: Callable[[np.ndarray], list[Detection]]
) -> Iterator[list[_Face]]:
    """For each tilt the faces that are found in turned pictures, with their roll."""
    for degrees in TILTS_DEG:
        found = []
        pairs = zip(faces["path"], faces["square"], strict=True)
        for row, (path, square) in enumerate(pairs):
            rgb, upright = read_face(path, square)
            turned = make_tilted(rgb, degrees if row % 2 else -degrees)
            face = max(detect(turned), key=lambda face: face.size_px, default=None)
            if face and face.size_px > _LEAST_SIDE_SHARE * upright.side_px:
                crop = crop_square(turned, square_of_detection(face), input_px)
                found.append((row, abs(face.roll_deg), crop))
        yield found


def _estimated(
    made: Iterable[list[_Face]], estimate: Callable[[np.ndarray], Estimates]
) -> pd.DataFrame:
    """The estimates of all that is made, as `_table` has them."""
    parts = [_table([], [], (np.zeros(0),) * 3)]
    for faces in filter(None, made):
        rows, values, crops = zip(*faces, strict=True)
        parts.append(_table(rows, values, estimate(np.stack(crops))))
    return pd.concat(parts, ignore_index=True)


def _table(
    rows: Sequence[int], values: Sequence[float] | np.ndarray, estimates: Estimates
) -> pd.DataFrame:
    """Faces by their row among all, a measure's values, and what was estimated."""
    names = ["row", "value", "age_years", "low", "high"]
    table = pd.DataFrame(np.column_stack([rows, values, *estimates]), columns=names)
    return table.astype({"row": int})


def _bins(
    ends: Sequence[float], found: pd.DataFrame, ages: np.ndarray
) -> tuple[ConditionBin, ...]:
    """A bin for each range of values that holds enough faces."""
    parts = (
        found[found["value"].between(*bounds, inclusive="left")]
        for bounds in pairwise(ends)
    )
    return tuple(_bin(part, ages) for part in parts if len(part) >= MIN_FACES)


def _bin(part: pd.DataFrame, all_ages: np.ndarray) -> ConditionBin:
    """What the estimates of some faces come to."""
    rows = part["row"].to_numpy()
    ages, estimates = all_ages[rows], part[["age_years", "low", "high"]].to_numpy().T
    age_years, low, high = estimates
    is_first = rows // 2 % 2 == 0  # not by turns: so the tilted ones lean
    inside = np.empty(len(ages), bool)
    for half in (is_first, ~is_first):
        factor = widening_of(ages[~half], *estimates[:, ~half])
        wide = widened(age_years[half], low[half], high[half], factor)
        inside[half] = _is_inside(ages[half], *wide)
    return ConditionBin(
        at=float(part["value"].median()),
        n=len(ages),
        mae_years=float(np.abs(age_years - ages).mean()),
        coverage=float(_is_inside(ages, low, high).mean()),
        widening=widening_of(ages, age_years, low, high),
        coverage_widened=float(inside.mean()),
    )


def _is_inside(ages: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return (low <= ages) & (ages <= high)


def val_faces(
    config: TrainConfig,
    data_dir: Path,
    most: int | None = None,
    progress: OnProgress | None = None,
) -> pd.DataFrame:
    """Val faces as `measure_conditions` takes them, drawn at random where not all.

    Faces of which only a range of ages is known are not among them.

    Raises:
        DatasetError: the dataset is missing.
    """
    faces = recipe_faces(config, data_dir, progress, part="val")
    faces = faces[faces["age_low"] == faces["age_high"]]
    return faces.sample(min(most or len(faces), len(faces)), random_state=0)


def renew_conditions(
    model: ModelFolder,
    data_dir: Path,
    most: int | None = None,
    progress: OnProgress | None = None,
) -> Conditions:
    """Measure an exported model's conditions anew, and write them into its card.

    Args:
        model: its other figures stay.
        data_dir: an imported dataset.
        most: how many val faces are drawn; all unless given.
        progress: see `measure_conditions`.

    Raises:
        DatasetError: the dataset is missing.
        ModelError: the model is missing or damaged.
    """
    config = config_from(model.card.recipe)
    estimator = Estimator(model.path)

    def estimate(crops: np.ndarray) -> Estimates:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = np.stack([*pool.map(estimator.age_probabilities, crops)])
        ages = median_age(found)
        return ages, *estimator.calibration.interval(ages, found)

    measured = measure_conditions(
        val_faces(config, data_dir, most, progress),
        config.input_px,
        estimate,
        tilted_detector(config),
        progress,
    )
    model.write_card(replace(model.card, conditions=measured))
    return measured


def tilted_detector(
    config: TrainConfig,
) -> Callable[[np.ndarray], list[Detection]] | None:
    """Finds tilted faces for a recipe; None where it takes pictures as they are."""
    return FaceDetector().detect if config.framing == "detector" else None
