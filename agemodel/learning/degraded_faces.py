"""Val faces brought to a given size, blur, light or tilt, as poor photos show them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from agemodel.faces import CropSquare, crop_square
from agemodel.faces.quality import MEASURED_PX, grey_of, sharpness

_STEPS = 10
"""Bisections of a degree of blur or light."""
_SIGMA_SHARES = (0.001, 0.1)
"""The least and the most blur, in sides of the crop."""
_LIGHT = (1.0, 64.0)
"""The least and the most light, as factors."""


def make_small(crop: np.ndarray, size_px: float) -> np.ndarray:
    """As if the face had been `size_px` wide in the photo."""
    small = (round(size_px), round(size_px))
    less = cv2.resize(crop, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(less, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def make_blurred(crop: np.ndarray, wanted: float) -> np.ndarray:
    """Blurred just so far that its sharpness is about what is wanted."""
    grey = grey_of(crop)

    def is_enough(share: float) -> bool:
        return sharpness(_blurred(grey, share)) <= wanted

    return _blurred(crop, _least(is_enough, _SIGMA_SHARES))


def make_dark(crop: np.ndarray, brightness: float) -> np.ndarray:
    """Darkened to a brightness."""
    factor = min(brightness / max(float(grey_of(crop).mean()), 1.0), 1.0)
    return (crop * factor).astype(np.uint8)


def make_bright(crop: np.ndarray, brightness: float) -> np.ndarray:
    """Overexposed, with lost highlights, to a brightness or as near as it gets."""
    small = cv2.resize(crop, (MEASURED_PX, MEASURED_PX), interpolation=cv2.INTER_AREA)

    def is_enough(factor: float) -> bool:
        return float(grey_of(_lit(small, factor)).mean()) >= brightness

    return _lit(crop, _least(is_enough, _LIGHT))


def make_cut(crop: np.ndarray, share: float) -> np.ndarray:
    """As if the photo had ended a share of the face early, at its right edge."""
    end = round(crop.shape[1] * (1 - share))
    cut = crop.copy()
    cut[:, end:] = crop[:, end - 1 : end]
    return cut


def make_tilted(rgb: np.ndarray, degrees: float) -> np.ndarray:
    """A picture turned clockwise about its centre, with its edge pixels around it.

    Returns:
        Shape (2s, 2s, 3), uint8, s being the picture's longer side.
    """
    height, width = rgb.shape[:2]
    side = 2 * max(height, width)
    return crop_square(rgb, CropSquare((width / 2, height / 2), side, -degrees), side)


def _blurred(picture: np.ndarray, share: float) -> np.ndarray:
    """Blurred by a Gaussian whose deviation is a share of the picture's side."""
    return cv2.GaussianBlur(picture, (0, 0), share * picture.shape[0])


def _lit(crop: np.ndarray, factor: float) -> np.ndarray:
    return cv2.convertScaleAbs(crop, alpha=factor)


def _least(is_enough: Callable[[float], bool], bounds: tuple[float, float]) -> float:
    """The least degree that is enough, by bisection; the upper bound where none is."""
    low, high = bounds
    for _ in range(_STEPS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
