"""A made clip to try footage with: the bundled portraits, moving through a picture.

It is no footage: three known people, whose portraits slide past many times. It shows
what the results look like, and nothing of how well footage works.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from agemodel.core import paths
from agemodel.core.errors import FootageError
from agemodel.core.files import runs_place, writing
from agemodel.faces.detector import FaceDetector
from agemodel.images import read_image

SAMPLE = "made-sample_20261127_090000.mp4"
PORTRAITS = ("eileen-collins.jpg", "barack-obama.jpg", "joe-biden.jpg")
SECONDS = 180
_FPS = 8
_SIZE = (640, 480)
_HEAD, _HEAD_PX = 2.0, 156
_STAY_S = 6.0
_EVERY_S = (9.0, 11.0, 17.0)


def write_sample(folder: Path) -> Path:
    """Write the sample into a folder, unless it is there already.

    Raises:
        FootageError: the disk refuses it, or this OpenCV cannot write MP4.
    """
    path = folder / SAMPLE
    if path.exists():
        return path
    with writing("The sample", runs_place(), FootageError):
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"part-{SAMPLE}")
        _write(partial)
        partial.replace(path)
    return path


def _write(path: Path) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), _FPS, _SIZE)
    if not writer.isOpened():
        raise FootageError("This installation of OpenCV cannot write an MP4 file.")
    heads = [_head(name) for name in PORTRAITS]
    background = _background()
    for frame in range(SECONDS * _FPS):
        rgb = background.copy()
        for lane, head in enumerate(heads):
            _paste(rgb, head, lane, frame / _FPS)
        writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    writer.release()


def _paste(rgb: np.ndarray, head: np.ndarray, lane: int, time_s: float) -> None:
    """Draw a head where it is at a time, if it is in the picture."""
    passed = time_s % _EVERY_S[lane] - lane
    if not 0 <= passed < _STAY_S:
        return
    side = len(head)
    x = round((_SIZE[0] + side) * passed / _STAY_S) - side  # from outside to outside
    x = _SIZE[0] - side - x if lane == 1 else x
    y = 2 + lane * _SIZE[1] // len(PORTRAITS)
    left, right = max(x, 0), min(x + side, _SIZE[0])
    rgb[y : y + side, left:right] = head[:, left - x : right - x]


def _head(name: str) -> np.ndarray:
    rgb = read_image(paths.SAMPLES / name).rgb
    (face, *_) = FaceDetector().detect(rgb)
    half = round(face.size_px * _HEAD / 2)
    x, y = (round(part) for part in face.centre_xy)
    padded = np.pad(rgb, ((half, half), (half, half), (0, 0)), mode="edge")
    square = padded[y : y + 2 * half, x : x + 2 * half]
    return cv2.resize(square, (_HEAD_PX, _HEAD_PX), interpolation=cv2.INTER_AREA)


def _background() -> np.ndarray:
    down = np.linspace(150, 90, _SIZE[1])[:, None, None]
    return np.broadcast_to(down, (_SIZE[1], _SIZE[0], 3)).astype(np.uint8)
