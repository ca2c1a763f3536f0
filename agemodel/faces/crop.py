"""The crop: from a photo and a detection to the model's input.

Training and serving share it. The square is the detector's box at its own size, turned
so that the line between the eyes is nearly level. Other framings are compared in
docs/experiments.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from agemodel.faces.detection import Detection

BOX_SCALE = 1.0
"""Side of the square, in sides of the detector's box."""

ROLL_DEAD_ZONE_DEG = 10.0
"""Eyes this close to level are left alone: on upright faces the landmarks jitter by
about 3 degrees, and turning by jitter costs more than it gains."""

_MOST_REDUCTION = 8
"""By which a square is averaged over area at once."""


@dataclass(frozen=True)
class CropSquare:
    """A square in a photo, possibly turned.

    Attributes:
        centre_xy: its centre, px of the photo.
        side_px: its side, px of the photo.
        angle_deg: how far its top edge is turned clockwise, as seen in the photo.
    """

    centre_xy: tuple[float, float]
    side_px: float
    angle_deg: float = 0.0

    def jittered(
        self, scale: float, shift_xy: tuple[float, float], turn_deg: float
    ) -> CropSquare:
        """The square, scaled, shifted by parts of its side, and turned further."""
        x, y = self.centre_xy
        return CropSquare(
            (x + shift_xy[0] * self.side_px, y + shift_xy[1] * self.side_px),
            self.side_px * scale,
            self.angle_deg + turn_deg,
        )

    def to_photo(self, points: np.ndarray) -> np.ndarray:
        """Points in the square, as fractions of its side, in px of the photo.

        Args:
            points: shape (..., 2), x and y from the square's top left corner.
        """
        angle = math.radians(self.angle_deg)
        turn = np.array(
            [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
        )
        return (points - 0.5) * self.side_px @ turn + np.array(self.centre_xy)


def square_of_detection(detection: Detection) -> CropSquare:
    """The square that frames a detected face."""
    x0, y0, x1, y1 = detection.box_xyxy
    side = (x1 - x0 + y1 - y0) / 2 * BOX_SCALE
    roll = detection.roll_deg
    turn = math.copysign(max(abs(roll) - ROLL_DEAD_ZONE_DEG, 0.0), roll)
    return CropSquare(((x0 + x1) / 2, (y0 + y1) / 2), side, turn)


def square_of_picture(rgb: np.ndarray) -> CropSquare:
    """The largest centred square of a picture that is itself a cropped face."""
    height, width = rgb.shape[:2]
    return CropSquare((width / 2, height / 2), float(min(width, height)))


def crop_square(rgb: np.ndarray, square: CropSquare, size_px: int) -> np.ndarray:
    """Cut a square out of a photo and scale it.

    Beyond the photo's edge its border pixels are repeated. A square much larger than
    the crop is averaged over area first, so that fine texture does not alias.

    Args:
        rgb: shape (h, w, 3), uint8.
        square: what to cut out.
        size_px: side of the crop.

    Returns:
        Shape (size_px, size_px, 3), uint8.
    """
    reduction = square.side_px / size_px
    if reduction > 2 * _MOST_REDUCTION:  # an inner crop of such a side fills the memory
        return crop_square(*_shrunk(rgb, square, reduction), size_px)
    if reduction > 2:
        inner = crop_square(
            rgb, square, round(size_px * min(reduction, _MOST_REDUCTION))
        )
        return cv2.resize(inner, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return cv2.warpAffine(
        rgb,
        _to_crop(square, size_px),
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _shrunk(
    rgb: np.ndarray, square: CropSquare, reduction: float
) -> tuple[np.ndarray, CropSquare]:
    """The photo and the square, shrunk until `_MOST_REDUCTION` is enough."""
    factor = reduction / _MOST_REDUCTION
    height, width = rgb.shape[:2]
    size = max(1, round(width / factor)), max(1, round(height / factor))
    x, y = square.centre_xy
    return (
        cv2.resize(rgb, size, interpolation=cv2.INTER_AREA),
        CropSquare((x / factor, y / factor), square.side_px / factor, square.angle_deg),
    )


def _to_crop(square: CropSquare, size_px: int) -> np.ndarray:
    """The affine map from photo to crop, shape (2, 3)."""
    scale = size_px / square.side_px
    cos = math.cos(math.radians(square.angle_deg)) * scale
    sin = math.sin(math.radians(square.angle_deg)) * scale
    x, y = square.centre_xy
    # Pixel centres lie at whole numbers for OpenCV, edges at whole numbers for us.
    x, y, half = x - 0.5, y - 0.5, (size_px - 1) / 2
    return np.array(
        [[cos, sin, half - cos * x - sin * y], [-sin, cos, half + sin * x - cos * y]]
    )
