"""Photos of any size with a known number of faces, made from the bundled portraits."""

from __future__ import annotations

import cv2
import numpy as np

from agemodel.faces import crop_square, square_of_detection
from agemodel.faces.detector import FaceDetector
from agemodel.images import encode_jpeg, read_image
from agemodel.serving import read_sample, read_samples

SIZES = {"0.3": (640, 480), "2": (1632, 1224), "12": (4000, 3000), "50": (8160, 6120)}
"""Width and height in px, by megapixels."""

LAYOUTS = {1: (1, 1), 6: (3, 2)}
"""Columns and rows of portraits, by number of faces."""

PORTRAITS = ("barack-obama.jpg", "eileen-collins.jpg", "joe-biden.jpg")
GRAIN = 5.0
"""Standard deviation of the grain, in grey levels: about that of a phone's photo, so
that the JPEG is as large, and as slow to decode, as such a photo's."""

CHIP_PX = 200
_BAND_PX = 512


def make_photo(width: int, height: int, faces: int) -> bytes:
    """A JPEG of portraits side by side on a textured ground, with grain."""
    rng = np.random.default_rng(0)
    rgb = make_ground(width, height, rng)
    columns, rows = LAYOUTS[faces]
    portraits = read_portraits()
    for number in range(faces):
        row, column = divmod(number, columns)
        cell = rgb[
            row * height // rows : (row + 1) * height // rows,
            column * width // columns : (column + 1) * width // columns,
        ]
        _place(cell, portraits[number % len(portraits)])
    _add_grain(rgb, rng)
    return encode_jpeg(rgb)


def make_ground(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Soft blobs of colour, shape (height, width, 3), uint8."""
    blobs = rng.integers(60, 190, (9, 12, 3), dtype=np.uint8)
    return cv2.resize(blobs, (width, height), interpolation=cv2.INTER_LINEAR)


def read_portraits() -> list[np.ndarray]:
    """The bundled photos of one person each, shape (h, w, 3), uint8."""
    found = {s.file: s for s in read_samples() if s.file in PORTRAITS}
    return [read_image(read_sample(found[file])).rgb for file in PORTRAITS]


def aligned_faces() -> list[np.ndarray]:
    """The faces of the bundled portraits, cut out at `CHIP_PX`."""
    detector, faces = FaceDetector(), []
    for rgb in read_portraits():
        square = square_of_detection(detector.detect(rgb)[0])
        faces.append(crop_square(rgb, square, CHIP_PX))
    return faces


def _place(cell: np.ndarray, portrait: np.ndarray) -> None:
    """Put a portrait into the middle of a part of the picture, as large as it fits."""
    scale = min(cell.shape[0] / portrait.shape[0], cell.shape[1] / portrait.shape[1])
    size = int(portrait.shape[1] * scale), int(portrait.shape[0] * scale)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(portrait, size, interpolation=method)
    x, y = (cell.shape[1] - size[0]) // 2, (cell.shape[0] - size[1]) // 2
    cell[y : y + size[1], x : x + size[0]] = scaled


def _add_grain(rgb: np.ndarray, rng: np.random.Generator) -> None:
    """Add noise in place, the same to every band of rows."""
    shape = (_BAND_PX, rgb.shape[1], 3)
    noise = np.rint(rng.normal(0, GRAIN, shape)).astype(np.int16)
    for top in range(0, len(rgb), _BAND_PX):
        band = rgb[top : top + _BAND_PX]
        band[:] = cv2.add(band, noise[: len(band)], dtype=cv2.CV_8U)
