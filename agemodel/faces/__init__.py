"""Find faces, crop them, and measure their picture quality.

`detector` and `blazeface`, which load LiteRT, are imported by their own names.
"""

from agemodel.faces.crop import (
    BOX_SCALE,
    CropSquare,
    crop_square,
    square_of_detection,
    square_of_picture,
)
from agemodel.faces.detection import Detection
from agemodel.faces.quality import FaceQuality, cost_of, quality_of

__all__ = [
    "BOX_SCALE",
    "CropSquare",
    "Detection",
    "FaceQuality",
    "cost_of",
    "crop_square",
    "quality_of",
    "square_of_detection",
    "square_of_picture",
]
