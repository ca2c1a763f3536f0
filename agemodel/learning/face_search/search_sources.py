"""Pictures of faces, and pictures without one, for training the detector.

Three kinds of pictures have no face: photographs of places, animals and things; cut-out
things with a transparent ground; and the parts of portraits beside the face. The first
two are folders of freely licensed pictures (docs/detector.md names those used).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from agemodel.core.errors import DatasetError
from agemodel.faces.crop import CropSquare
from agemodel.faces.detection import Detection
from agemodel.faces.detector import FaceDetector
from agemodel.images import SUFFIXES
from agemodel.learning.face_search.search_scenes import FacelessPictures, FacePicture

_BACKGROUND_PX, _THING_PX, _PORTRAIT_PX, _CROP_PX = 700, 256, 256, 144
_HELD_OUT_PERCENT = 15
_AGREE_SHARE = 0.4
"""Of the labelled box: how far the full-range network's face may be off it."""


def is_held_out(name: str) -> bool:
    """Whether a picture is kept for reporting: 15 in 100, by a hash of its name."""
    return zlib.crc32(name.encode()) % 100 < _HELD_OUT_PERCENT


def read_faceless(folder: Path, *, held_out: bool) -> FacelessPictures:
    """Read pictures without a face, from a folder and those in it.

    Args:
        folder: of pictures; those with alpha are things to paste.
        held_out: whether to read those kept for reporting, or the others.

    Raises:
        DatasetError: there is none.
    """
    found = FacelessPictures([], [])
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        if is_held_out(str(path.relative_to(folder))) != held_out:
            continue
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if picture is None or picture.ndim < 3 or min(picture.shape[:2]) < 20:
            continue
        if picture.shape[2] == 4:
            rgba = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)
            found.things.append(_shrunk(rgba, _THING_PX))
        else:
            rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            found.backgrounds.append(_shrunk(rgb, _BACKGROUND_PX))
    if not found.backgrounds:
        raise DatasetError(
            f"{folder} holds no picture to learn from: expected photographs without a "
            "face, in folders of any depth. docs/detector.md says which were used."
        )
    return found


def read_portraits(folder: Path, *, held_out: bool) -> Iterator[FacePicture]:
    """Read photos with a table of their faces.

    Args:
        folder: with `faces.csv`: file, x0, y0, x1, y1 and score of each face.
        held_out: whether to read those kept for reporting, or the others.

    Raises:
        DatasetError: there is no such table.
    """
    try:
        table = pd.read_csv(folder / "faces.csv")
    except OSError as error:
        raise DatasetError(f"{folder} has no table faces.csv: {error}.") from error
    detector = FaceDetector()
    for name, faces in table.groupby("file"):
        if is_held_out(str(name)) == held_out:
            yield _portrait(detector, _read(folder / str(name)), faces)


def read_crops(files: Iterable[Path]) -> Iterator[FacePicture]:
    """Read cropped faces; one in which the detector sees none is left out."""
    detector = FaceDetector()
    for path in files:
        rgb = _read(path)
        face = detector.detect_in_chip(rgb)
        if face is not None:
            yield _scaled(rgb, [_circle(face)], [], _CROP_PX, whole=False)


def _portrait(
    detector: FaceDetector, rgb: np.ndarray, table: pd.DataFrame
) -> FacePicture:
    """A photo with its labelled faces, framed as the full-range network frames them."""
    faces: list[tuple[float, float, float, float]] = []
    ignored: list[tuple[float, float, float, float]] = []
    for x0, y0, x1, y1 in table[["x0", "y0", "x1", "y1"]].to_numpy(float).tolist():
        centre, side = ((x0 + x1) / 2, (y0 + y1) / 2), (x1 - x0 + y1 - y0) / 2
        face = detector.face_at(rgb, CropSquare(centre, side))
        if face and math.dist(face.centre_xy, centre) < _AGREE_SHARE * side:
            faces.append(_circle(face))
        else:
            ignored.append((*centre, side, 0.0))
    return _scaled(rgb, faces, ignored, _PORTRAIT_PX, whole=True)


def _circle(face: Detection) -> tuple[float, float, float, float]:
    return (*face.centre_xy, face.size_px, face.roll_deg)


def _scaled(
    rgb: np.ndarray,
    faces: list[tuple[float, float, float, float]],
    ignored: list[tuple[float, float, float, float]],
    longest_px: int,
    *,
    whole: bool,
) -> FacePicture:
    scale = min(1.0, longest_px / max(rgb.shape[:2]))
    by = np.array([scale, scale, scale, 1.0], np.float32)
    return FacePicture(
        _shrunk(rgb, longest_px),
        np.array(faces, np.float32).reshape(-1, 4) * by,
        np.array(ignored, np.float32).reshape(-1, 4) * by,
        whole,
    )


def _shrunk(picture: np.ndarray, longest_px: int) -> np.ndarray:
    scale = longest_px / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _read(path: Path) -> np.ndarray:
    """Shape (h, w, 3), uint8.

    Raises:
        DatasetError: it cannot be read.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DatasetError(f"{path} cannot be read as a picture.")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
