"""How steady the estimates are: the same face, hardly changed, estimated again.

Each face is cut out ten times, every time framed a little otherwise, mirrored or not, a
little lighter or darker, and compressed anew; what moves is the age's range over these.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pandas as pd

from agemodel.dataset.labelled_faces import read_face
from agemodel.faces import CropSquare, crop_square
from agemodel.learning.augmentation import as_jpeg
from agemodel.metrics.evaluation_results import Stability

FACES = 500
JITTERS = 10
FRAMING = 0.03
"""Largest change of the crop's side, and largest shift, in parts of the side."""
BRIGHTNESS = 0.15
JPEG_QUALITY = (60, 95)

_AT_ONCE = 50


def measure_stability(
    faces: pd.DataFrame, input_px: int, estimate: Callable[[np.ndarray], np.ndarray]
) -> Stability:
    """The range of the estimates of the same face under small changes.

    Args:
        faces: test faces, with columns `path` and `square`; `FACES` of them, drawn at
            random, are used.
        input_px: side of a crop.
        estimate: from crops, shape (n, s, s, 3), uint8, to ages, shape (n,), years.

    Returns:
        Only n = 0 when there is no face.
    """
    rng = np.random.default_rng(0)
    faces = faces.sample(min(FACES, len(faces)), random_state=0)
    ranges: list[float] = []
    for start in range(0, len(faces), _AT_ONCE):
        part = faces.iloc[start : start + _AT_ONCE]
        crops = []
        for path, square in zip(part["path"], part["square"], strict=True):
            rgb, square = read_face(path, square)
            crops += [jittered(rgb, square, input_px, rng) for _ in range(JITTERS)]
        ages = estimate(np.stack(crops)).reshape(len(part), JITTERS)
        ranges += np.ptp(ages, axis=1).tolist()
    if not ranges:
        return Stability(0)
    median, p90 = np.median(ranges), np.percentile(ranges, 90)
    return Stability(len(ranges), JITTERS, float(median), float(p90))


def jittered(
    rgb: np.ndarray, square: CropSquare, input_px: int, rng: np.random.Generator
) -> np.ndarray:
    """A face as another photo of the same moment might show it.

    Args:
        rgb: the picture, shape (h, w, 3), uint8.
        square: where its face is.
        input_px: side of the crop.
        rng: the source of chance.

    Returns:
        Shape (input_px, input_px, 3), uint8.
    """
    scale, x, y = rng.uniform(-FRAMING, FRAMING, 3)
    crop = crop_square(rgb, square.jittered(1 + scale, (x, y), 0.0), input_px)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    light = 1 + rng.uniform(-BRIGHTNESS, BRIGHTNESS)
    lit = cv2.convertScaleAbs(np.ascontiguousarray(crop), alpha=light)
    return as_jpeg(lit, int(rng.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1)))
