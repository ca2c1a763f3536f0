"""How the framing of a face decides how well it is judged, on UTKFace's test chips.

The shipped model sees the same faces framed in several ways. What reaches beyond a
chip goes on with its border pixels, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from agemodel import paths
from agemodel.dataset.index import images_dir, read_index
from agemodel.errors import DatasetError
from agemodel.estimator import Estimator
from agemodel.faces.crop import (
    CropSquare,
    crop_square,
    square_of_detection,
    square_of_picture,
)
from agemodel.faces.detection import Detection
from agemodel.faces.detector import FaceDetector
from agemodel.images import read_image
from agemodel.labels import AGES
from agemodel.metrics import age_metrics, bootstrap_interval, gender_metrics
from benchmarks.record import Missing

STEP = 3
"""One chip in so many is judged."""

CHIP_PX = 200.0
MEAN_XY = np.array([(58.8, 58.6), (137.3, 58.5), (98.8, 109.1), (98.4, 145.0)])
"""Where the project's detector sees the person's right eye, left eye, nose tip and
mouth on average, in px of a chip of `CHIP_PX` (every tenth of CORAL's training
chips)."""

WIDER_XY = np.array([(65.1, 63.5), (124.2, 63.4), (92.8, 103.9), (93.4, 130.3)])
"""The same landmarks closer together: a square about 1.3 times as large."""

Frame = Callable[[Detection], CropSquare]


def run() -> dict[str, Any]:
    """Judge the chips in every framing.

    Raises:
        Missing: the dataset is not imported.
        ModelError: the model is missing or damaged.
    """
    try:
        index = read_index(paths.data_dir())
        folder = images_dir(paths.data_dir())
    except DatasetError as error:
        raise Missing(str(error)) from error
    chips = chosen(index)
    table = judge_all(chips, folder)
    return {
        "chips": len(chips),
        "not_found": int((~table.drop_duplicates("file")["found"]).sum()),
        "framings": [measure(name, table) for name in ("chip", *FRAMINGS)],
    }


def judge_all(chips: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """A row a chip and framing: labels, age and p(female)."""
    estimator, detector = Estimator.load(workers=1), FaceDetector()
    rows = []
    for chip in tqdm(chips.itertuples(), total=len(chips), unit="chip", disable=None):
        rgb = read_image(folder / chip.file).rgb
        detection = detector.detect_in_chip(rgb)
        known = (chip.file, chip.age, chip.gender, detection is not None)
        rows += [
            (*known, name, *_judge(estimator, rgb, square))
            for name, square in squares(rgb, detection).items()
        ]
    columns = ["file", "age", "gender", "found", "framing", "age_years", "p_female"]
    return pd.DataFrame(rows, columns=columns)


def chosen(index: pd.DataFrame) -> pd.DataFrame:
    """Every third chip of the CORAL test split, by file name."""
    return index[index["coral"] == "test"].sort_values("file").iloc[::STEP]


def squares(rgb: np.ndarray, detection: Detection | None) -> dict[str, CropSquare]:
    """The square that each framing cuts out; a face not found keeps its chip."""
    chip = square_of_picture(rgb)
    return {"chip": chip} | {
        name: chip if detection is None else frame(detection)
        for name, frame in FRAMINGS.items()
    }


def scaled(factor: float) -> Frame:
    """The project's crop, so many times as large."""
    return lambda detection: square_of_detection(detection).jittered(factor, (0, 0), 0)


def turned(detection: Detection) -> CropSquare:
    """The box, turned until the eyes are level."""
    square = square_of_detection(detection)
    return CropSquare(square.centre_xy, square.side_px, detection.roll_deg)


def by_landmarks(targets_xy: np.ndarray) -> Frame:
    """The square that brings four landmarks nearest to those places on a chip."""
    return lambda detection: fit_square(
        detection.landmarks_xy[: len(targets_xy)], targets_xy, CHIP_PX
    )


def fit_square(
    points_xy: np.ndarray, targets_xy: np.ndarray, side_px: float
) -> CropSquare:
    """The square of a photo whose crop has points nearest to where they should be.

    A similarity is target = a * point + b over complex numbers, and least squares give
    a = <centred points, centred targets> / <centred points, centred points>.

    Args:
        points_xy: shape (n, 2), px of the photo.
        targets_xy: shape (n, 2), px of a crop.
        side_px: side of that crop.
    """
    points, targets = (xy @ np.array([1, 1j]) for xy in (points_xy, targets_xy))
    centred = points - points.mean()
    a = np.vdot(centred, targets - targets.mean()) / np.vdot(centred, centred)
    b = targets.mean() - a * points.mean()
    centre = (side_px * (0.5 + 0.5j) - b) / a
    angle_deg = -float(np.angle(a, deg=True))
    return CropSquare((centre.real, centre.imag), side_px / abs(a), angle_deg)


FRAMINGS: dict[str, Frame] = {
    "box_1": square_of_detection,
    "box_turned": turned,
    "landmarks_mean": by_landmarks(MEAN_XY),
    "landmarks_wider": by_landmarks(WIDER_XY),
    **{f"box_{factor:g}": scaled(factor) for factor in (0.85, 1.15, 1.5, 2.0)},
}
"""By name, from a detection to a square; the first is what the app serves."""


def _judge(
    estimator: Estimator, rgb: np.ndarray, square: CropSquare
) -> tuple[float, float]:
    """Age in years and calibrated p(female), as the estimator would say."""
    with estimator._worker() as worker:
        crop = crop_square(rgb, square, worker.input_px)
        probabilities, p_female = worker.judge(crop)
    calibrated = estimator.calibration.probability(np.array(p_female))
    return float(probabilities @ AGES), float(calibrated)


def measure(name: str, table: pd.DataFrame) -> dict[str, Any]:
    """MAE with its 95 % interval, CS@5 and gender accuracy of one framing."""
    part = table[table["framing"] == name]
    ages, age_years = part["age"].to_numpy(), part["age_years"].to_numpy()
    errors = age_metrics(ages, age_years)
    genders = gender_metrics(part["gender"].to_numpy(), part["p_female"].to_numpy())
    return {
        "framing": name,
        "mae_years": errors["mae_years"],
        "mae_years_95": bootstrap_interval(np.abs(age_years - ages), np.mean),
        "cs5": errors["cs5"],
        "gender_accuracy": genders["gender_accuracy"],
    }
