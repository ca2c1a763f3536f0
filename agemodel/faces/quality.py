"""Measures of a face's picture quality, and what poor quality costs.

A condition is a limit on one measure. What lies beyond it costs is not guessed: val
faces are brought to values of the measure (or picked by it), and their errors, value by
value, reach the model's card. From there come the sentences, the width of the interval,
and, where the error is too large, the decision to state no age.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from agemodel.faces.detection import Detection
from agemodel.metrics.evaluation_results import ConditionCost, Conditions

MEASURED_PX = 96
"""Side to which a crop is brought before sharpness and brightness are measured."""

SMALL_PX = 40.0
BLURRED_SHARPNESS = 0.035
DARK_BRIGHTNESS = 50.0
BRIGHT_BRIGHTNESS = 200.0
TURNED_DEG = 40.0
TILTED_DEG = 25.0
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
    """A limit on a measure, beyond which estimates are worse.

    Attributes:
        name: its key in `conditions.json`.
        label: the words shown to a person.
        kind: of what is lost; of several conditions of a kind one counts.
        measure: of a face; yaw and roll are taken to either side alike.
        limit: the last value at which nothing is said.
        such: the faces of about one value, in words: 'faces {such}'.
        worse_below: whether values below the limit are beyond it.
    """

    name: str
    label: str
    kind: str
    measure: Callable[[FaceQuality], float]
    limit: float
    such: str
    worse_below: bool = False

    def holds(self, quality: FaceQuality) -> bool:
        """Whether a face is beyond the limit."""
        return self.is_beyond(self.measure(quality))

    def is_beyond(self, value: float) -> bool:
        """Whether a value of the measure is beyond the limit."""
        return value < self.limit if self.worse_below else value > self.limit


CONDITIONS = (
    Condition(
        name="small",
        label="Small face",
        kind="detail",
        measure=lambda face: face.size_px,
        limit=SMALL_PX,
        such="of about {at:.0f} px",
        worse_below=True,
    ),
    Condition(
        name="blurred",
        label="Blurred",
        kind="detail",
        measure=lambda face: face.sharpness,
        limit=BLURRED_SHARPNESS,
        such="so blurred",
        worse_below=True,
    ),
    Condition(
        name="dark",
        label="Dark",
        kind="light",
        measure=lambda face: face.brightness,
        limit=DARK_BRIGHTNESS,
        such="so dark",
        worse_below=True,
    ),
    Condition(
        name="bright",
        label="Very bright",
        kind="light",
        measure=lambda face: face.brightness,
        limit=BRIGHT_BRIGHTNESS,
        such="so bright",
    ),
    Condition(
        name="tilted",
        label="Tilted",
        kind="pose",
        measure=lambda face: abs(face.roll_deg),
        limit=TILTED_DEG,
        such="tilted by about {at:.0f} degrees",
    ),
    Condition(
        name="turned",
        label="Turned away",
        kind="pose",
        measure=lambda face: abs(face.yaw_deg),
        limit=TURNED_DEG,
        such="turned by about {at:.0f} degrees",
    ),
    Condition(
        name="cut",
        label="Cut off by the photo's edge",
        kind="frame",
        measure=lambda face: float(face.touches_border),
        limit=0.5,
        such="cut off by a fifth",
    ),
)


@dataclass(frozen=True)
class QualityCost:
    """What a face's picture quality costs its estimate.

    Attributes:
        warnings: sentences on poor quality, and what it costs.
        widening: the factor on the distances of the interval's ends from the age.
        reason: why there is no age; None where there is one.
    """

    warnings: tuple[str, ...]
    widening: float
    reason: str | None


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
    """A crop's grey levels at the measured size, shape (96, 96), float32, 0..255.

    They are not rounded: rounding alone would make a blurred face look sharper.
    """
    size = (MEASURED_PX, MEASURED_PX)
    small = cv2.resize(crop.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)


def sharpness(grey: np.ndarray) -> float:
    """Variance of the Laplacian over that of the grey levels; 0 when flat."""
    variance = float(grey.var())
    return float(cv2.Laplacian(grey, cv2.CV_32F).var()) / variance if variance else 0.0


def cost_of(quality: FaceQuality, measured: Conditions | None = None) -> QualityCost:
    """What poor quality costs the estimate of a face.

    The interval is widened by the product over the kinds of condition; of conditions
    of a kind, such as a small face that is therefore blurred, by the largest factor
    (docs/experiments.md).

    Args:
        quality: of the face.
        measured: what was measured of the model under each condition. Where nothing
            beyond the limit was, the sentence states no cost and nothing is widened.
    """
    said, reasons, factors = [], [], dict[str, float]()
    for condition in (one for one in CONDITIONS if one.holds(quality)):
        cost = measured and measured.cost_at(condition.name, condition.measure(quality))
        if not (measured and cost and condition.is_beyond(cost.at)):
            said.append(f"{condition.label}: the estimate is less certain.")
            continue
        factors[condition.kind] = max(factors.get(condition.kind, 1.0), cost.widening)
        if cost.mae_years < measured.no_age_from_years:
            said.append(_warning(condition, cost, measured.usual_mae_years))
        else:
            reasons.append(_reason(condition, cost, measured))
    reason = reasons[0] if reasons else None
    return QualityCost(tuple(said), math.prod(factors.values()), reason)


def _warning(condition: Condition, cost: ConditionCost, usual_years: float) -> str:
    such = condition.such.format(at=cost.at)
    if cost.mae_years <= usual_years:
        return f"{condition.label}: no larger error was measured on faces {such}."
    return (
        f"{condition.label}: the average error on faces {such} is "
        f"{cost.mae_years:.1f} years instead of {usual_years:.1f}."
    )


def _reason(condition: Condition, cost: ConditionCost, measured: Conditions) -> str:
    return (
        f"{condition.label}, so no age is stated: the average error on faces "
        f"{condition.such.format(at=cost.at)} is {cost.mae_years:.1f} years; one and "
        f"the same age for everybody would err by {measured.same_age_mae_years:.1f}."
    )


def _touches_border(rgb: np.ndarray, detection: Detection) -> bool:
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = detection.box_xyxy
    beyond = max(-x0, -y0, x1 - width, y1 - height)
    return beyond > BORDER_SHARE * detection.size_px
