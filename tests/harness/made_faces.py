"""Detections made by hand, and pictures to cut them out of."""

from __future__ import annotations

import math

import cv2
import numpy as np

from agemodel.faces import Detection

HEAD = np.array(
    [
        (-0.4, -0.3, 1.0),  # the person's right eye, on the viewer's left
        (0.4, -0.3, 1.0),
        (0.0, 0.0, 1.5),  # nose tip
        (0.0, 0.5, 1.2),
        (-1.0, 0.0, 0.0),  # right ear
        (1.0, 0.0, 0.0),
    ]
)
"""A head seen from the front: x to the viewer's right, y down, z towards the viewer.
Its ears are at -1 and 1, its nose tip 1.5 before them: 11 cm to 7.5 cm."""


def head(
    yaw_deg: float = 0.0,
    roll_deg: float = 0.0,
    half_width_px: float = 50.0,
    centre_xy: tuple[float, float] = (200.0, 150.0),
) -> np.ndarray:
    """Landmarks of `HEAD`, turned to the viewer's right, then tilted clockwise."""
    yaw, roll = math.radians(yaw_deg), math.radians(roll_deg)
    x = HEAD[:, 0] * math.cos(yaw) + HEAD[:, 2] * math.sin(yaw)
    y = HEAD[:, 1]
    across = x * math.cos(roll) - y * math.sin(roll)
    down = x * math.sin(roll) + y * math.cos(roll)
    points = np.stack([across, down], axis=1) * half_width_px + centre_xy
    return points.astype(np.float32)


def detection(
    box_xyxy: tuple[float, float, float, float] = (150, 100, 250, 200),
    score: float = 0.9,
    **turns: float,
) -> Detection:
    """A detection with a box and, in its middle, a head a box wide."""
    x0, y0, x1, y1 = box_xyxy
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    return Detection(box_xyxy, score, head(**turns, centre_xy=centre))


def turned(
    rgb: np.ndarray, clockwise_deg: float, centre_xy: tuple[float, float]
) -> np.ndarray:
    """A picture turned clockwise about a point; its border goes on outside."""
    # OpenCV turns counter-clockwise, and its whole numbers are the pixels' centres.
    x, y = centre_xy
    matrix = cv2.getRotationMatrix2D((x - 0.5, y - 0.5), -clockwise_deg, 1)
    size = rgb.shape[1::-1]
    return cv2.warpAffine(rgb, matrix, size, borderMode=cv2.BORDER_REPLICATE)


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Shape (height, width, 3), uint8, every value by chance."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
