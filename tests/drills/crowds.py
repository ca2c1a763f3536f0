"""Photos of as many faces as are asked for, from one that ships with the app."""

from __future__ import annotations

import numpy as np
from PIL import Image

from agemodel.core import paths

_THREE = paths.SAMPLES / "three-portraits.jpg"


def crowd(columns: int, rows: int, width_px: int) -> np.ndarray:
    """Three faces, side by side and one below the other.

    Args:
        columns: copies side by side.
        rows: copies one below the other.
        width_px: of one copy, of which a face takes about an eighth.

    Returns:
        Shape (h, w, 3), uint8.
    """
    with Image.open(_THREE) as photo:
        height_px = round(width_px * photo.height / photo.width)
        tile = np.asarray(photo.convert("RGB").resize((width_px, height_px)))
    return np.tile(tile, (rows, columns, 1))
