"""Faces to film: pictures of people, each with where the face is in it.

The bundled portraits are three people, so each comes several times, never twice at
once. Where UTKFace is imported its faces are hundreds of people with a picture each.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from agemodel.images import read_image
from tests.harness.imported_faces import imported_faces
from tests.harness.made_footage import HEAD, PORTRAITS, head

_CHIP_ROOM = 0.35
"""Added to each side of a chip of UTKFace, whose face fills it."""

_PORTRAIT_PX = 440
"""Side of a portrait: enough for a face of 200 px."""

_HAIR = np.array([52, 40, 34], np.uint8)


@dataclass(frozen=True)
class FilmedPerson:
    """A person to film."""

    name: str  # of the picture
    rgb: np.ndarray  # shape (s, s, 3), uint8, the face in its middle
    face: float  # side of the face, in sides of the picture
    age: int | None = None  # in years; None where it is not known
    gender: str | None = None  # 'female' or 'male'; None likewise

    def picture(
        self,
        side: int,  # of the picture, px
        mirrored: bool,  # whether left and right are swapped
        shear: float,  # of its columns, as in a head held aslant; 0.1 is 6 degrees
        squeeze: float,  # its width, 0..1: less than 1 as in a head that turns
    ) -> tuple[np.ndarray, np.ndarray]:
        """The head as it is seen, with what of it covers the background.

        Shape (side, side, 3), uint8, and shape (side, side), float32, 0..1.
        """
        rgb = cv2.resize(self.rgb, (side, side), interpolation=cv2.INTER_AREA)
        rgb = rgb[:, ::-1] if mirrored else rgb
        return _warped(np.ascontiguousarray(rgb), _oval(side), shear, squeeze)

    def back(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        """The head from behind: hair alone."""
        shade = np.linspace(1.3, 0.7, side)[:, None, None]
        rgb = np.broadcast_to(_HAIR * shade, (side, side, 3)).astype(np.uint8)
        return rgb, _oval(side)


def portrait_people() -> list[FilmedPerson]:
    """The people of the bundled portraits."""
    size = (_PORTRAIT_PX, _PORTRAIT_PX)
    return [
        FilmedPerson(
            name, cv2.resize(head(name), size, interpolation=cv2.INTER_AREA), 1 / HEAD
        )
        for name in PORTRAITS
    ]


def utkface_people(split: str, seed: int, number: int) -> list[FilmedPerson]:
    """People of UTKFace's faces; each face is taken for a person."""
    faces, folder = imported_faces(split)
    chosen = faces.sample(number, random_state=seed)
    return [_utkface_person(row, folder) for row in chosen.itertuples()]


def _utkface_person(row: Any, folder: Path) -> FilmedPerson:
    chip = read_image(folder / row.file).rgb
    room = round(len(chip) * _CHIP_ROOM)
    rgb = cv2.copyMakeBorder(chip, room, room, room, room, cv2.BORDER_REFLECT_101)
    face = 1 / (1 + 2 * _CHIP_ROOM)
    return FilmedPerson(row.file, rgb, face, int(row.age), str(row.gender))


@functools.lru_cache(maxsize=512)
def _oval(side: int) -> np.ndarray:
    """Of a head in its picture, with soft ends; shape (side, side)."""
    y, x = np.mgrid[:side, :side] / (side - 1) * 2 - 1
    far = np.sqrt((x / 0.8) ** 2 + (y / 0.95) ** 2)
    return np.clip((1.05 - far) / 0.12, 0, 1).astype(np.float32)


def _warped(
    rgb: np.ndarray, cover: np.ndarray, shear: float, squeeze: float
) -> tuple[np.ndarray, np.ndarray]:
    side, half = len(rgb), len(rgb) / 2
    move = half * (1 - squeeze) - shear * half
    matrix = np.array([[squeeze, shear, move], [0, 1, 0]], np.float32)
    turned = cv2.warpAffine(rgb, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return turned, cv2.warpAffine(cover, matrix, (side, side))
