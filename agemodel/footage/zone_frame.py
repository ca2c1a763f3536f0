"""A frame of a clip with the zone in which faces count, to choose it by."""

from __future__ import annotations

from contextlib import closing
from itertools import islice

import cv2
import numpy as np

from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_reader import ClipReader

_SHOWN_PX = 640
_LINE_RGB = (230, 60, 40)
_OUTSIDE = 0.4
_FRAMES = 4
"""So many are read, one a second, for the first ones of a recording may be black."""


def frame_of(clip: Clip) -> np.ndarray:
    """A frame of a clip's first seconds, at most 640 px wide, shape (h, w, 3), uint8.

    Raises:
        FootageError: the clip cannot be read.
    """
    with closing(ClipReader(clip)) as reader:
        frames = list(islice(reader.frames_at(1), _FRAMES))
    if not frames:
        raise FootageError(f"{clip.name} has no frame that can be shown.")
    rgb = frames[-1].rgb
    scale = min(1.0, _SHOWN_PX / rgb.shape[1])
    return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def with_zone(rgb: np.ndarray, zone: tuple[float, ...]) -> np.ndarray:
    """A frame whose zone has a line around it; what is outside is darker.

    Args:
        rgb: shape (h, w, 3), uint8.
        zone: left, top, right and bottom, as fractions.
    """
    height, width = rgb.shape[:2]
    left, right = (round(side * width) for side in zone[::2])
    top, bottom = (round(side * height) for side in zone[1::2])
    shown = (rgb * _OUTSIDE).astype(np.uint8)
    shown[top:bottom, left:right] = rgb[top:bottom, left:right]
    corners = (left, top), (max(right, left + 1) - 1, max(bottom, top + 1) - 1)
    return np.asarray(cv2.rectangle(shown, *corners, _LINE_RGB, 2))
