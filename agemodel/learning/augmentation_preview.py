"""The augmentation preview: one face plain and augmented; no Keras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agemodel.core.errors import ImageError
from agemodel.faces import (
    CropSquare,
    crop_square,
    square_of_detection,
    square_of_picture,
)
from agemodel.faces.detector import FaceDetector
from agemodel.learning.augmentation import augmented_crop
from agemodel.runs.config import TrainConfig

DRAWS = 11


@dataclass(frozen=True)
class AugmentationPreview:
    """What augmentation makes of one face.

    Attributes:
        plain: without augmentation, as in serving, shape (s, s, 3), uint8.
        varied: with augmentation, each of the same shape.
    """

    plain: np.ndarray
    varied: tuple[np.ndarray, ...]


def preview_of(
    rgb: np.ndarray, square: CropSquare, config: TrainConfig, draw: int
) -> AugmentationPreview:
    """Crop a face plain and, `DRAWS` times, augmented by a recipe.

    Args:
        rgb: the picture, shape (h, w, 3), uint8.
        square: where its face is.
        config: the recipe.
        draw: which draw; an equal one gives equal faces.
    """
    varied = [
        augmented_crop(rgb, square, config, np.random.default_rng([draw, number]))
        for number in range(DRAWS)
    ]
    plain = crop_square(rgb, square, config.input_px)
    kept = tuple(np.ascontiguousarray(crop) for crop in varied)
    return AugmentationPreview(plain, kept)


def square_in_chip(rgb: np.ndarray, framing: str) -> CropSquare:
    """The square that training crops from a picture of the dataset.

    Args:
        rgb: the picture, shape (h, w, 3), uint8.
        framing: of the recipe, "detector" or "chip".

    Raises:
        ModelError: the detector's weights are missing or damaged.
    """
    face = FaceDetector().detect_in_chip(rgb) if framing == "detector" else None
    return square_of_detection(face) if face else square_of_picture(rgb)


def square_in_photo(rgb: np.ndarray) -> CropSquare:
    """The square of the largest face of a photo.

    Args:
        rgb: shape (h, w, 3), uint8, upright.

    Raises:
        ImageError: there is none.
        ModelError: the detector's weights are missing or damaged.
    """
    found = FaceDetector().detect(rgb)
    if not found:
        raise ImageError("No face was found in this photo. Choose another one.")
    return square_of_detection(found[0])
