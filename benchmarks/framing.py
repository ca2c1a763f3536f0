"""The accuracy under several framings of a face, on UTKFace's test chips.

The shipped model sees the same faces framed in several ways. Beyond a
chip's edge its border pixels are repeated, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from agemodel.faces import (
    CropSquare,
    Detection,
    crop_square,
    square_of_detection,
    square_of_picture,
)
from agemodel.faces.detector import FaceDetector
from agemodel.images import read_image
from agemodel.metrics.bootstrap import bootstrap_interval
from agemodel.metrics.measures import age_metrics, gender_metrics
from agemodel.serving import Estimator
from benchmarks.speed_limits import at_most
from tests.harness.imported_faces import imported_faces

STEP = 3
"""One chip in this many is estimated."""

SERVED = "box_1"
MOST_WORSE = 0.1
"""Years of MAE."""

CHIP_PX = 200.0
MEAN_XY = np.array([(58.8, 58.6), (137.3, 58.5), (98.8, 109.1), (98.4, 145.0)])
"""Where the project's detector sees the person's right eye, left eye, nose tip and
mouth on average, in px of a chip of `CHIP_PX` (every tenth of CORAL's training
chips)."""

WIDER_XY = np.array([(65.1, 63.5), (124.2, 63.4), (92.8, 103.9), (93.4, 130.3)])
"""The same landmarks closer together: a square about 1.3 times as large."""

Frame = Callable[[Detection], CropSquare]


def run() -> dict[str, Any]:
    """Estimate the chips in every framing."""
    chips, folder = imported_faces("test", "coral", STEP)
    table = estimate_all(chips, folder)
    framings = [measure(name, table) for name in ("chip", *FRAMINGS)]
    return {
        "chips": len(chips),
        "not_found": int((~table.drop_duplicates("file")["found"]).sum()),
        "framings": framings,
        "limits": limits(framings),
    }


def limits(framings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The limit of the served framing against the best."""
    mae = {row["framing"]: row["mae_years"] for row in framings}
    worse = mae[SERVED] - min(mae.values())
    return [at_most("MAE as served above the best framing's, years", worse, MOST_WORSE)]


def estimate_all(chips: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """A table of labels, age and p(female) for each chip and framing."""
    estimator, detector = Estimator.load(workers=1), FaceDetector()
    rows = []
    for chip in tqdm(chips.itertuples(), total=len(chips), unit="chip", disable=None):
        rgb = read_image(folder / chip.file).rgb
        detection = detector.detect_in_chip(rgb)
        known = (chip.file, chip.age, chip.gender, detection is not None)
        rows += [
            (*known, name, *_estimate(estimator, rgb, square))
            for name, square in squares(rgb, detection).items()
        ]
    columns = ["file", "age", "gender", "found", "framing", "age_years", "p_female"]
    return pd.DataFrame(rows, columns=columns)


def squares(rgb: np.ndarray, detection: Detection | None) -> dict[str, CropSquare]:
    """The square of each framing; without a detection it is the whole chip."""
    chip = square_of_picture(rgb)
    return {"chip": chip} | {
        name: chip if detection is None else frame(detection)
        for name, frame in FRAMINGS.items()
    }


def scaled(factor: float) -> Frame:
    """The project's crop, enlarged by a factor."""
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
    SERVED: square_of_detection,
    "box_turned": turned,
    "landmarks_mean": by_landmarks(MEAN_XY),
    "landmarks_wider": by_landmarks(WIDER_XY),
    **{f"box_{factor:g}": scaled(factor) for factor in (0.85, 1.15, 1.5, 2.0)},
}
"""By name, a function from a detection to a square."""


def _estimate(
    estimator: Estimator, rgb: np.ndarray, square: CropSquare
) -> tuple[float, float]:
    """Age in years and p(female) of a face that is framed like that."""
    crop = crop_square(rgb, square, estimator.card.input_px)
    estimate = estimator.estimate_aligned(crop)
    return estimate.age_years, estimate.p_female


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
