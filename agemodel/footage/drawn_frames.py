"""Frames to look at: with the zone in which faces count, or with the faces."""

from __future__ import annotations

from contextlib import closing
from itertools import islice

import cv2
import numpy as np
from PIL import Image, ImageDraw

from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_reader import ClipReader
from agemodel.footage.clip_visits import AtFrame
from agemodel.images import downscale
from agemodel.serving.annotation import draw_box

_SHOWN_PX, _WITH_FACES_PX = 640, 960
_LINE_RGB = (230, 60, 40)
_OUTSIDE = 0.4
_FRAMES = 4
"""So many are read, one a second, for the first ones of a recording may be black."""


def frame_of(clip: Clip) -> np.ndarray:
    """A frame of a clip's first seconds, its longer side at most 640 px.

    Returns:
        Shape (h, w, 3), uint8.

    Raises:
        FootageError: the clip cannot be read.
    """
    with closing(ClipReader(clip)) as reader:
        frames = list(islice(reader.frames_at(1), _FRAMES))
    if not frames:
        raise FootageError(f"{clip.name} has no frame that can be shown.")
    return downscale(frames[-1].rgb, _SHOWN_PX)


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


def with_faces(at: AtFrame) -> np.ndarray:
    """A frame, its longer side at most 960 px, with the faces that are seen in it.

    Each has a box, and the number of its track as soon as it counts as a visit.

    Returns:
        Shape (h, w, 3), uint8.
    """
    picture = Image.fromarray(downscale(at.frame.rgb, _WITH_FACES_PX))
    scale = picture.width / at.frame.rgb.shape[1]
    draw = ImageDraw.Draw(picture)
    for face in at.faces:
        if face.is_seen:
            x0, y0, x1, y1 = (side * scale for side in face.box_xyxy)
            draw_box(draw, (x0, y0, x1, y1), (str(face.number),) * face.is_visit)
    return np.array(picture)
