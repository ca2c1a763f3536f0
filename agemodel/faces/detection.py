"""A detected face, and the interface of face detectors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

NOSE_REACH = 1.5
"""How far the nose tip lies before the axis of the ears, in halves of their distance:
about 11 cm to 7.5 cm on an adult head."""


@dataclass(frozen=True)
class Detection:
    """One face found in a photo.

    Attributes:
        box_xyxy: left, top, right and bottom of its box, px of the photo; may reach
            beyond the photo's edge.
        score: how sure the detector is, 0..1.
        landmarks_xy: shape (6, 2), float32, px of the photo: the person's
            right eye, left eye, nose tip, mouth centre, right ear, left ear.
    """

    box_xyxy: tuple[float, float, float, float]
    score: float
    landmarks_xy: np.ndarray

    @property
    def size_px(self) -> float:
        """Mean of the box's width and height."""
        x0, y0, x1, y1 = self.box_xyxy
        return (x1 - x0 + y1 - y0) / 2

    @property
    def centre_xy(self) -> tuple[float, float]:
        x0, y0, x1, y1 = self.box_xyxy
        return (x0 + x1) / 2, (y0 + y1) / 2

    @property
    def roll_deg(self) -> float:
        """How far the line from right to left eye is turned clockwise, -180..180."""
        x, y = self.landmarks_xy[1] - self.landmarks_xy[0]
        return math.degrees(math.atan2(float(y), float(x)))

    @property
    def yaw_deg(self) -> float:
        """How far the face is turned to the viewer's right, roughly, -90..90.

        From where the nose tip lies between the ears along the line of the eyes. With
        the ears at -1 and 1 on an axis through the head, and the tip `NOSE_REACH` in
        front of it, a turn by an angle puts the tip at reach * tan(angle), measured in
        half the distance that the ears then show.
        """
        landmarks = self.landmarks_xy.astype(np.float64)
        roll = math.radians(self.roll_deg)
        along = landmarks @ np.array([math.cos(roll), math.sin(roll)])
        half_width = (along[5] - along[4]) / 2
        if half_width <= 0:
            return math.copysign(90.0, along[2] - (along[4] + along[5]) / 2)
        place = (along[2] - (along[4] + along[5]) / 2) / half_width
        return math.degrees(math.atan(place / NOSE_REACH))
