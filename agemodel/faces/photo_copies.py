"""Smaller copies of a photo, in which large windows are cheap to cut out."""

from __future__ import annotations

import cv2
import numpy as np

SMALL_PHOTO_PX = 640
"""Longer side of a photo that needs no smaller copies."""


def halved_copies(rgb: np.ndarray) -> list[np.ndarray]:
    """The photo, and copies of half its side, a quarter, and so on.

    A window is cut out of the smallest that shows it well enough: out of a large photo
    that costs more than the network.
    """
    copies = [rgb]
    while max(copies[-1].shape[:2]) >= SMALL_PHOTO_PX:
        height, width = copies[-1].shape[:2]
        half = max(1, width // 2), max(1, height // 2)
        copies.append(cv2.resize(copies[-1], half, interpolation=cv2.INTER_AREA))
    return copies


def copy_of_side(copies: list[np.ndarray], side_px: float) -> np.ndarray:
    """The photo with so long a longer side, px; never enlarged."""
    height, width = copies[0].shape[:2]
    scale = min(1.0, side_px / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    source = min(
        (copy for copy in copies if copy.shape[1] >= size[0]),
        key=lambda copy: copy.size,
    )
    if source.shape[1::-1] == size:
        return source
    return cv2.resize(source, size, interpolation=cv2.INTER_AREA)
