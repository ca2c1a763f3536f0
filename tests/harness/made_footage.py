"""Clips made by a test: bright blocks, or faces of the bundled portraits, that move.

Blocks stand for faces where `BlockFinder` looks for them.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from agemodel.core import paths
from agemodel.core.labels import AGES
from agemodel.faces import FaceQuality
from agemodel.faces.detector import FaceDetector
from agemodel.footage.looks import Look
from agemodel.images import read_image

FPS = 10
SIZE = (320, 240)
Box = tuple[int, int, int, int]
"""Left, top, width and height in px."""

PORTRAITS = ("eileen-collins", "barack-obama", "joe-biden")
_DARK, _BRIGHT, _THRESHOLD = 40, 240, 160
HEAD = 2.2
"""Side of a pasted head, in sides of its face."""


def write_blocks(
    path: Path, boxes: Sequence[Iterable[Box]], fps: float = FPS, fourcc: str = ""
) -> Path:
    """A clip of 320 x 240 px with bright blocks, a frame for each entry of `boxes`."""
    with Writer(path, SIZE, fps, fourcc) as writer:
        for frame in boxes:
            rgb = np.full((SIZE[1], SIZE[0], 3), _DARK, np.uint8)
            for x, y, width, height in frame:
                rgb[y : y + height, x : x + width] = _BRIGHT
            writer.write(rgb)
    return path


def walk(
    start: int, frames: int, y: int = 80, step: int = 4, side: int = 40
) -> dict[int, Box]:
    """A block that walks to the right: its box by the number of the frame."""
    return {start + n: (10 + step * n, y, side, side) for n in range(frames)}


def together(length: int, *walks: dict[int, Box]) -> list[list[Box]]:
    """The boxes of each frame of a clip, of several walks."""
    return [[walk[n] for walk in walks if n in walk] for n in range(length)]


def write_faces(
    path: Path,
    places: Sequence[Sequence[tuple[str, int, int, int]]],
    fps: float = FPS,
    size: tuple[int, int] = (640, 360),
) -> Path:
    """A clip with heads of the bundled portraits."""
    background = made_background(size)
    with Writer(path, size, fps, "") as writer:
        for frame in places:
            rgb = background.copy()
            for name, x, y, side in frame:
                rgb[y : y + side, x : x + side] = _head(name, side)
            writer.write(rgb)
    return path


@functools.cache
def head(name: str) -> np.ndarray:
    """The head of a bundled portrait, `HEAD` faces wide, shape (s, s, 3)."""
    rgb = read_image(paths.SAMPLES / f"{name}.jpg").rgb
    (face, *_) = FaceDetector().detect(rgb)
    half = round(face.size_px * HEAD / 2)
    x, y = (round(side) for side in face.centre_xy)
    padded = np.pad(rgb, ((half, half), (half, half), (0, 0)), mode="edge")
    return padded[y : y + 2 * half, x : x + 2 * half]


@functools.lru_cache(maxsize=64)
def _head(name: str, side: int) -> np.ndarray:
    return cv2.resize(head(name), (side, side), interpolation=cv2.INTER_AREA)


def made_background(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """A soft and colourful wall, shape (height, width, 3)."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(60, 200, (size[1], size[0], 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 9)


class Writer:
    """Writes frames of RGB to a file; the ending tells the container."""

    def __init__(
        self, path: Path, size: tuple[int, int], fps: float, fourcc: str = ""
    ) -> None:
        code = fourcc or ("MJPG" if path.suffix == ".avi" else "mp4v")
        self._writer = cv2.VideoWriter(
            str(path), cv2.VideoWriter.fourcc(*code), fps, size
        )
        assert self._writer.isOpened(), path

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *exception: object) -> None:
        self._writer.release()

    def write(self, rgb: np.ndarray) -> None:
        """Write the next frame, shape (height, width, 3)."""
        self._writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))


class BlockFinder:
    """Takes bright blocks for faces of 30 years; counts the frames that it saw."""

    def __init__(self, p_female: float = 0.9) -> None:
        self.frames = 0
        self.p_female = p_female

    def __call__(self, rgb: np.ndarray, time_s: float) -> list[Look]:
        self.frames += 1
        bright = cv2.inRange(rgb, (_THRESHOLD + 1,) * 3, (255,) * 3)
        _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
        rows = [row.tolist() for row in stats[1:] if row[4] > 100]
        boxes = [(x, y, width, height) for x, y, width, height, _ in rows]
        return [look_at(box, time_s, p_female=self.p_female) for box in boxes]


def look_at(
    box: Box,
    time_s: float,
    age: int = 30,
    p_female: float = 0.9,
    embedding: np.ndarray | None = None,
    **changes: Any,
) -> Look:
    """A good look at a face; `changes` replace its fields."""
    x, y, width, height = box
    known: dict[str, Any] = {
        "time_s": time_s,
        "box_xyxy": (float(x), float(y), float(x + width), float(y + height)),
        "quality": FaceQuality(80.0, 0.1, 128.0, 0.0, 0.0, False),
        "is_sure": True,
        "reason": None,
        "age_probabilities": np.eye(len(AGES), dtype=np.float32)[age - 1],
        "p_female": p_female,
        "embedding": embedding,
    }
    return Look(**known | changes)


def with_durations(content: bytes, runs: Sequence[tuple[int, float]]) -> bytes:
    """An MP4, whose index (moov) comes last, with a variable frame rate.

    Each run is how many frames follow each other by how many frame lengths.
    """
    at = content.index(b"stts") - 4
    old_size, _, _, entries = struct.unpack(">I4sII", content[at : at + 16])
    assert entries == 1
    _, delta = struct.unpack(">II", content[at + 16 : at + 24])
    body = b"".join(struct.pack(">II", n, round(k * delta)) for n, k in runs)
    box = struct.pack(">I4sII", 16 + len(body), b"stts", 0, len(runs)) + body
    changed = bytearray(content[:at] + box + content[at + old_size :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        place = changed.index(name) - 4
        (size,) = struct.unpack(">I", changed[place : place + 4])
        changed[place : place + 4] = struct.pack(">I", size + len(box) - old_size)
    total = round(sum(n * k for n, k in runs) * delta)
    _set_durations(changed, total, delta)
    return bytes(changed)


def _set_durations(content: bytearray, total: int, delta: int) -> None:
    """State the new length in the headers of the file, the track and the edit."""
    media = content.index(b"mdhd") + 4
    (scale,) = struct.unpack(">I", content[media + 12 : media + 16])
    content[media + 16 : media + 20] = struct.pack(">I", total)
    movie = content.index(b"mvhd") + 4
    (movie_scale,) = struct.unpack(">I", content[movie + 12 : movie + 16])
    length = struct.pack(">I", round(total / scale * movie_scale))
    content[movie + 16 : movie + 20] = length
    track = content.index(b"tkhd") + 4
    content[track + 20 : track + 24] = length
    if b"elst" in content:
        edit = content.index(b"elst") + 12
        content[edit : edit + 4] = length
