"""Scaling pixels down, and encoding them as JPEG or PNG."""

from __future__ import annotations

import math
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

WORKING_PIXELS = 4_096 * 3_072
"""Most pixels of a `Photo`: what a phone's usual photo has. Looking for faces takes a
tenth of a second a megapixel."""
WORKING_SIDE_PX = 20_000
"""Longest side of a `Photo`, for long, narrow pictures."""


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height scaled into both limits; unchanged if they fit already.

    A side never falls below 1 px.
    """
    factor = min(
        math.sqrt(WORKING_PIXELS / (width * height)),
        WORKING_SIDE_PX / max(width, height),
    )
    if factor >= 1:
        return width, height
    return max(1, int(width * factor)), max(1, int(height * factor))


def downscale(rgb: np.ndarray, max_side_px: int) -> np.ndarray:
    """Shrink by area interpolation until the longer side is `max_side_px`.

    Args:
        rgb: shape (h, w, 3), uint8.
        max_side_px: at least 1.

    Returns:
        Shape (h', w', 3), uint8; the same object when it is small enough already.
    """
    height, width = rgb.shape[:2]
    factor = max_side_px / max(height, width)
    if factor >= 1:
        return rgb
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def encode_jpeg(rgb: np.ndarray, quality: int = 90) -> bytes:
    """Encode (h, w, 3) uint8 pixels as a JPEG without any metadata."""
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def encode_png(rgb: np.ndarray) -> bytes:
    """Encode (h, w, 3) uint8 pixels as a PNG without any metadata."""
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    return buffer.getvalue()
