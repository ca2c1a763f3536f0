"""Frames of a camera, as a browser sends them: small JPEGs."""

from __future__ import annotations

import numpy as np

from agemodel.core.errors import ImageError
from agemodel.images import jpeg_size, read_image

NAME = "The frame"
MOST_BYTES = 300 * 1024
"""Of a frame: one of 640 x 480 px has about 40 KB."""

MOST_PIXELS = 1_000_000
LEAST_SIDE_PX = 32
_JPEG = b"\xff\xd8\xff"


def read_frame(data: bytes) -> np.ndarray:
    """Decode a frame; its header is checked before any pixel is.

    Args:
        data: of one JPEG.

    Returns:
        Shape (h, w, 3), uint8, RGB, upright.

    Raises:
        ImageError: it is no JPEG, damaged, too large or too small.
    """
    if len(data) > MOST_BYTES:
        raise ImageError(
            f"{NAME} is too large: expected at most {MOST_BYTES // 1024:,} KB, got "
            f"{len(data) // 1024:,} KB."
        )
    if not data.startswith(_JPEG):
        raise ImageError(f"{NAME} is no JPEG: expected one, got other bytes.")
    width, height = jpeg_size(data, NAME)
    if width * height > MOST_PIXELS or min(width, height) < LEAST_SIDE_PX:
        raise ImageError(
            f"{NAME} has {width:,} x {height:,} px: expected sides of at least "
            f"{LEAST_SIDE_PX} px and at most {MOST_PIXELS:,} px in all."
        )
    return read_image(data, name=NAME).rgb
