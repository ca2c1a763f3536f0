"""What poor quality costs: val faces brought to the limits of `faces.quality`.

Each condition has a way to bring about a face that just crosses its limit. 'turned'
cannot be brought about: faces that are turned that far are picked instead.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from agemodel.faces.quality import (
    BLURRED_SHARPNESS,
    BRIGHT_BRIGHTNESS,
    DARK_BRIGHTNESS,
    SMALL_PX,
    TURNED_DEG,
    grey_of,
    sharpness,
)
from agemodel.metrics.evaluation_results import ConditionError, Conditions
from agemodel.metrics.measures import MIN_FACES


def make_small(crop: np.ndarray) -> np.ndarray:
    """As if the face had been `SMALL_PX` wide in the photo."""
    small = (round(SMALL_PX), round(SMALL_PX))
    less = cv2.resize(crop, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(less, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def make_blurred(crop: np.ndarray) -> np.ndarray:
    """Blurred just so far that its sharpness crosses the limit."""
    blurred = crop
    for sigma in np.arange(0.5, 8, 0.25) * crop.shape[0] / 128:
        if sharpness(grey_of(blurred)) < BLURRED_SHARPNESS:
            break
        blurred = cv2.GaussianBlur(crop, (0, 0), float(sigma))
    return blurred


def make_dark(crop: np.ndarray) -> np.ndarray:
    """Darkened to the limit; a face that is darker stays."""
    factor = min(DARK_BRIGHTNESS / max(float(grey_of(crop).mean()), 1.0), 1.0)
    return (crop * factor).astype(np.uint8)


def make_bright(crop: np.ndarray) -> np.ndarray:
    """Overexposed, with lost highlights, to the limit or as near as it gets."""
    factor = 1.0
    bright = crop
    while grey_of(bright).mean() < BRIGHT_BRIGHTNESS and factor < 8:
        factor *= 1.1
        bright = np.clip(crop * factor, 0, 255).astype(np.uint8)
    return bright


def make_cut(crop: np.ndarray) -> np.ndarray:
    """As if the photo had ended a fifth of the face early, at its right edge."""
    end = round(crop.shape[1] * 0.8)
    cut = crop.copy()
    cut[:, end:] = crop[:, end - 1 : end]
    return cut


MAKE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "small": make_small,
    "blurred": make_blurred,
    "dark": make_dark,
    "bright": make_bright,
    "cut": make_cut,
}


def measure_conditions(
    crops: np.ndarray,
    ages: np.ndarray,
    yaw_deg: np.ndarray,
    estimate: Callable[[np.ndarray], np.ndarray],
) -> Conditions:
    """The error of the estimates under each condition.

    Args:
        crops: val faces, shape (n, s, s, 3), uint8.
        ages: their true ages, shape (n,), years.
        yaw_deg: how far they are turned, shape (n,).
        estimate: from such crops to ages, shape (n,), years.

    Returns:
        Every condition of `MAKE`, and `turned` if `MIN_FACES` faces are.
    """
    errors = np.abs(estimate(crops) - ages)
    found = {}
    for name, make in MAKE.items():
        worse = np.stack([make(crop) for crop in crops])
        found[name] = _error(np.abs(estimate(worse) - ages))
    turned = errors[np.abs(yaw_deg) > TURNED_DEG]
    if len(turned) >= MIN_FACES:
        found["turned"] = _error(turned)
    return Conditions(float(errors.mean()), len(ages), found)


def _error(errors: np.ndarray) -> ConditionError:
    return ConditionError(float(errors.mean()), len(errors))
