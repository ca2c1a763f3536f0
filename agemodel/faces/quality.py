"""Measures of a face's picture quality, and what poor quality costs.

A condition is a limit on one measure. What crossing it costs is not guessed: the
evaluation of a run brings val faces to the limit (or picks those beyond it) and writes
the errors into `conditions.json`, from where they reach the model's card.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from agemodel.faces.detection import Detection
from agemodel.metrics.evaluation_results import Conditions

MEASURED_PX = 96
"""Side to which a crop is brought before sharpness and brightness are measured."""

SMALL_PX = 40.0
BLURRED_SHARPNESS = 0.035
DARK_BRIGHTNESS = 50.0
BRIGHT_BRIGHTNESS = 215.0
TURNED_DEG = 40.0
BORDER_SHARE = 0.08


@dataclass(frozen=True)
class FaceQuality:
    """The picture quality of one face.

    Attributes:
        size_px: side of the face's box in the photo.
        sharpness: variance of the Laplacian over that of the grey levels, at
            `MEASURED_PX`; 0 for a flat picture, about 0.1 for a sharp face.
        brightness: mean grey level, 0..255.
        yaw_deg: turn to a side, see `Detection.yaw_deg`; 0 when unknown.
        roll_deg: tilt, clockwise; 0 when unknown.
        touches_border: whether the photo's edge cuts the face off.
    """

    size_px: float
    sharpness: float
    brightness: float
    yaw_deg: float
    roll_deg: float
    touches_border: bool


@dataclass(frozen=True)
class Condition:
    """A limit beyond which estimates are worse.

    Attributes:
        name: its key in `conditions.json`.
        label: the words shown to a person.
        holds: whether a face is beyond the limit.
    """

    name: str
    label: str
    holds: Callable[[FaceQuality], bool]


CONDITIONS = (
    Condition("small", "Small face", lambda q: q.size_px < SMALL_PX),
    Condition("blurred", "Blurred", lambda q: q.sharpness < BLURRED_SHARPNESS),
    Condition("dark", "Dark", lambda q: q.brightness < DARK_BRIGHTNESS),
    Condition("bright", "Very bright", lambda q: q.brightness > BRIGHT_BRIGHTNESS),
    Condition("turned", "Turned away", lambda q: abs(q.yaw_deg) > TURNED_DEG),
    Condition("cut", "Cut off by the photo's edge", lambda q: q.touches_border),
)


def quality_of(
    rgb: np.ndarray, crop: np.ndarray, detection: Detection | None
) -> FaceQuality:
    """Measure a face.

    Args:
        rgb: the photo, shape (h, w, 3), uint8.
        crop: the face as the model sees it, shape (s, s, 3), uint8.
        detection: where it was found, px of the photo; None when the whole picture
            is taken for a face.
    """
    grey = grey_of(crop)
    if detection is None:
        size = float(min(rgb.shape[:2]))
        return FaceQuality(size, sharpness(grey), float(grey.mean()), 0.0, 0.0, False)
    return FaceQuality(
        detection.size_px,
        sharpness(grey),
        float(grey.mean()),
        detection.yaw_deg,
        detection.roll_deg,
        _touches_border(rgb, detection),
    )


def grey_of(crop: np.ndarray) -> np.ndarray:
    """A crop's grey levels at the measured size, shape (96, 96), uint8."""
    size = (MEASURED_PX, MEASURED_PX)
    small = cv2.resize(np.ascontiguousarray(crop), size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)


def sharpness(grey: np.ndarray) -> float:
    """Variance of the Laplacian over that of the grey levels; 0 when flat."""
    variance = float(grey.var())
    return float(cv2.Laplacian(grey, cv2.CV_32F).var()) / variance if variance else 0.0


def warnings(quality: FaceQuality, costs: Conditions | None = None) -> tuple[str, ...]:
    """Warnings on poor quality, in sentences that say what it costs.

    Args:
        quality: of the face.
        costs: what was measured of the model under each condition; without it the
            sentences state no cost.
    """
    return tuple(
        f"{condition.label}: {_cost(condition, costs)}"
        for condition in CONDITIONS
        if condition.holds(quality)
    )


def _cost(condition: Condition, costs: Conditions | None) -> str:
    if costs is None or condition.name not in costs.by_name:
        return "the estimate is less certain."
    measured, usual = costs.by_name[condition.name].mae_years, costs.usual_mae_years
    if measured <= usual:
        return "no larger error was measured on such faces."
    return (
        f"the average error on such faces is {measured:.1f} years instead of "
        f"{usual:.1f}."
    )


def _touches_border(rgb: np.ndarray, detection: Detection) -> bool:
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = detection.box_xyxy
    beyond = max(-x0, -y0, x1 - width, y1 - height)
    return beyond > BORDER_SHARE * detection.size_px
