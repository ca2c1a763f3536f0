"""Scenes to learn the search from: known faces of every size and direction, and none.

A scene is a background without a face, things pasted on it, and cut-out faces, shrunk,
turned and placed at random, whose circles are therefore known. Some faces lose what
makes them one (the middle is covered), so that hair and an
outline do not suffice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from agemodel.learning.face_search.search_architecture import OUTPUTS, STRIDES

_SMALLEST_PX, _LARGEST_PX = 8.0, 240.0
_MOST_FACES = 14
_TRIES = 18
_TURNED_SHARE = 0.7
"""Of the faces: they lie, stand on their head, or anything between."""

_LEVELS = ((0.0, 34.0), (26.0, 84.0), (64.0, math.inf))
"""Sides of the faces that each grid learns, px; where they overlap, both do."""

IGNORED = -1.0
_AREA = cv2.INTER_AREA


@dataclass(frozen=True)
class FacePicture:
    """A picture of faces, with where they are.

    Attributes:
        rgb: shape (h, w, 3), uint8.
        faces: shape (n, 4), float32: centre x and y and side of each face's box, px,
            and its roll, degrees clockwise.
        ignored: likewise, of what may be a face.
        whole: False for a close crop, which is pasted as an oval at times.
    """

    rgb: np.ndarray
    faces: np.ndarray
    ignored: np.ndarray
    whole: bool


@dataclass(frozen=True)
class FacelessPictures:
    """Pictures without a face.

    Attributes:
        backgrounds: each of shape (h, w, 3), uint8.
        things: to paste, each of shape (h, w, 4), uint8, with alpha.
    """

    backgrounds: list[np.ndarray]
    things: list[np.ndarray]


class Scenes:
    """Makes scenes; the same seed makes the same.

    Args:
        pictures: of faces.
        faceless: backgrounds, and things to paste.
        size_px: side of a scene.
    """

    def __init__(
        self,
        pictures: list[FacePicture],
        faceless: FacelessPictures,
        size_px: int,
        seed: int,
    ) -> None:
        self._pictures = pictures
        self._backgrounds = faceless.backgrounds
        self._things = faceless.things
        self._size = size_px
        self._random = np.random.default_rng(seed)

    def scene(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A scene, its faces, and what counts for neither.

        Returns:
            RGB, shape (s, s, 3), uint8; faces, shape (n, 4), see `FacePicture`; ignored
            ones, shape (m, 4).
        """
        rng = self._random
        rgb = self._background()
        for _ in range(rng.integers(0, 4) if self._things else 0):
            self._paste_thing(rgb)
        faces: list[np.ndarray] = []
        ignored: list[np.ndarray] = []
        taken: list[tuple[float, float, float]] = []
        if rng.random() > 0.12:
            most = rng.integers(1, _MOST_FACES + 1)
            small = rng.random() < 0.5
            for _ in range(_TRIES):
                if len(faces) >= most:
                    break
                self._paste_faces(rgb, faces, ignored, taken, small)
        return (
            self._finish(rgb),
            np.array(faces, np.float32).reshape(-1, 4),
            np.array(ignored, np.float32).reshape(-1, 4),
        )

    def _background(self) -> np.ndarray:
        rng, size = self._random, self._size
        if rng.random() < 0.06:
            low = rng.integers(0, 256, (rng.integers(1, 5), 4, 3), np.uint8)
            return cv2.resize(low, (size, size), interpolation=cv2.INTER_LINEAR)
        part = random_part(self._backgrounds[rng.integers(len(self._backgrounds))], rng)
        if rng.random() < 0.5:
            part = part[:, ::-1]
        if rng.random() < 0.2:
            part = np.rot90(part, int(rng.integers(1, 4)))
        return cv2.resize(np.ascontiguousarray(part), (size, size), interpolation=_AREA)

    def _paste_thing(self, rgb: np.ndarray) -> None:
        rng, size = self._random, self._size
        thing = self._things[rng.integers(len(self._things))]
        side = size * rng.uniform(0.1, 0.9)
        angle = rng.normal(0, 20) if rng.random() < 0.7 else rng.uniform(0, 360)
        scale = side / max(thing.shape[:2])
        middle = thing.shape[1] / 2, thing.shape[0] / 2
        matrix = _map(scale, angle, middle, rng.uniform(0, size, 2))
        _paste(rgb, thing[..., :3], thing[..., 3], matrix)

    def _paste_faces(
        self,
        rgb: np.ndarray,
        faces: list[np.ndarray],
        ignored: list[np.ndarray],
        taken: list[tuple[float, float, float]],
        small: bool,
    ) -> None:
        rng, size = self._random, self._size
        picture = self._pictures[rng.integers(len(self._pictures))]
        if not len(picture.faces):
            return
        largest = 60.0 if small else _LARGEST_PX
        side = math.exp(rng.uniform(math.log(_SMALLEST_PX), math.log(largest)))
        first = picture.faces[0]
        scale = side / first[2]
        turned = rng.random() < _TURNED_SHARE
        angle = rng.uniform(-180, 180) if turned else rng.normal(0, 14)
        mirrored = rng.random() < 0.5
        margin = min(side * 0.3, size * 0.2)
        centre = rng.uniform(margin, size - margin, 2)
        placed, extent = self._placed(picture, scale, angle, centre, mirrored)
        if any(
            math.hypot(centre[0] - x, centre[1] - y) < 0.75 * (extent + other)
            for x, y, other in taken
        ):
            return
        taken.append((centre[0], centre[1], extent))
        covered = rng.random() < 0.06
        source = _without_its_middle(picture, rng) if covered else picture.rgb
        self._blend(rgb, source, picture, placed, mirrored)
        if covered:
            return
        for known, into in ((picture.faces, faces), (picture.ignored, ignored)):
            for face in known:
                into_scene = _moved(face, placed, mirrored, picture.rgb.shape[1])
                if (into_scene[:2] > 0).all() and (into_scene[:2] < size).all():
                    (into if into_scene[2] >= 7 else ignored).append(into_scene)

    def _placed(
        self,
        picture: FacePicture,
        scale: float,
        angle: float,
        centre: np.ndarray,
        mirrored: bool,
    ) -> tuple[np.ndarray, float]:
        """The map from picture to scene, and half of the pasted part's extent."""
        x, y, side, roll = picture.faces[0]
        if mirrored:
            x, roll = picture.rgb.shape[1] - x, -roll
        matrix = _map(scale, angle, (x, y), centre)
        half = scale * (max(picture.rgb.shape[:2]) if picture.whole else side * 1.3) / 2
        return matrix, half

    def _blend(
        self,
        rgb: np.ndarray,
        source: np.ndarray,
        picture: FacePicture,
        matrix: np.ndarray,
        mirrored: bool,
    ) -> None:
        rng = self._random
        mask = np.full(source.shape[:2], 255, np.uint8)
        if not picture.whole and rng.random() < 0.5:
            mask[:] = 0
            x, y, side, _ = picture.faces[0]
            axes = int(side * rng.uniform(0.5, 0.62)), int(side * 0.72)
            cv2.ellipse(mask, (int(x), int(y)), axes, 0, 0, 360, 255, -1)
            mask = cv2.GaussianBlur(mask, (0, 0), side * rng.uniform(0.01, 0.06))
        if mirrored:
            source, mask = source[:, ::-1], mask[:, ::-1]
        scale = math.hypot(matrix[0, 0], matrix[0, 1])
        if scale < 0.5:  # shrink over area first, so that nothing aliases
            factor = 1 / max(1, round(1 / scale))
            height, width = (max(1, round(n * factor)) for n in source.shape[:2])
            matrix = matrix.copy()
            matrix[:, 0] *= source.shape[1] / width
            matrix[:, 1] *= source.shape[0] / height
            source, mask = (
                cv2.resize(
                    np.ascontiguousarray(one), (width, height), interpolation=_AREA
                )
                for one in (source, mask)
            )
        _paste(rgb, source, mask, matrix)

    def _finish(self, rgb: np.ndarray) -> np.ndarray:
        """Light, colour, blur, noise and compression, as photos have them."""
        rng = self._random
        x = rgb.astype(np.float32)
        if rng.random() < 0.6:
            gain = math.exp(rng.normal(0, 0.3)) * np.exp(rng.normal(0, 0.06, 3))
            x = (x - 128) * math.exp(rng.normal(0, 0.2)) + 128
            x = x.clip(0, 255) * gain.astype(np.float32)
        if rng.random() < 0.12:
            x = np.repeat(x.mean(2, keepdims=True), 3, 2)
        if rng.random() < 0.2:
            x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, 1.3))
        if rng.random() < 0.2:
            x += rng.normal(0, rng.uniform(1, 12), x.shape).astype(np.float32)
        seen = x.clip(0, 255).astype(np.uint8)
        if rng.random() < 0.4:
            quality = int(rng.uniform(25, 90))
            _, data = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])
            seen = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
        return seen


def random_part(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A square of a picture, a quarter to all of its shorter side long."""
    height, width = picture.shape[:2]
    side = int(min(height, width) * rng.uniform(0.25, 1.0))
    x, y = rng.integers(0, width - side + 1), rng.integers(0, height - side + 1)
    return picture[y : y + side, x : x + side]


def targets(faces: np.ndarray, ignored: np.ndarray, size_px: int) -> np.ndarray:
    """What the network should answer for a scene.

    Args:
        faces: shape (n, 4), see `FacePicture`.
        ignored: shape (m, 4).
        size_px: side of the scene.

    Returns:
        Shape (cells, `OUTPUTS`), float32: 1 for a face, 0 for none, `IGNORED` for
        neither; centre's offset in strides, log of side in strides, up vector.
    """
    grids = []
    for stride, (low, high) in zip(STRIDES, _LEVELS, strict=True):
        cells = size_px // stride
        grid = np.zeros((cells, cells, OUTPUTS), np.float32)
        places = (np.arange(cells, dtype=np.float32) + 0.5) * stride
        nearest = np.full((cells, cells), np.inf, np.float32)
        for x, y, side, _ in ignored:
            _mark(grid, places, x, y, 0.6 * side + stride)
        for x, y, side, _ in faces:
            _mark(grid, places, x, y, 0.5 * side)
        for x, y, side, roll in faces:
            if not low <= side < high:
                continue
            distance = np.hypot(places[None] - x, places[:, None] - y)
            own = (distance <= max(0.71 * stride, 0.22 * side)) & (distance < nearest)
            nearest[own] = distance[own]
            rows, columns = np.nonzero(own)
            up = math.radians(roll)
            grid[rows, columns, 0] = 1
            grid[rows, columns, 1] = (x - places[columns]) / stride
            grid[rows, columns, 2] = (y - places[rows]) / stride
            grid[rows, columns, 3] = math.log(side / stride)
            grid[rows, columns, 4] = math.sin(up)
            grid[rows, columns, 5] = -math.cos(up)
        grids.append(grid.reshape(-1, OUTPUTS))
    return np.concatenate(grids)


def _mark(
    grid: np.ndarray, places: np.ndarray, x: float, y: float, reach: float
) -> None:
    near = np.hypot(places[None] - x, places[:, None] - y) <= reach
    grid[near & (grid[..., 0] != 1), 0] = IGNORED


def _paste(
    rgb: np.ndarray, picture: np.ndarray, mask: np.ndarray, matrix: np.ndarray
) -> None:
    """Paste a picture into a scene, where its mask, shape (h, w), 0..255, says so."""
    height, width = picture.shape[:2]
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    seen = matrix @ corners
    x0, y0 = np.maximum(seen.min(1), 0).astype(int)
    x1, y1 = np.minimum(seen.max(1) + 1, rgb.shape[1::-1]).astype(int)
    if x1 <= x0 or y1 <= y0:
        return
    matrix = matrix - np.array([[0, 0, x0], [0, 0, y0]])
    part, size = rgb[y0:y1, x0:x1], (int(x1 - x0), int(y1 - y0))
    warped = cv2.warpAffine(np.ascontiguousarray(picture), matrix, size)
    alpha = cv2.warpAffine(np.ascontiguousarray(mask), matrix, size)
    weight = alpha[..., None].astype(np.float32) / 255
    part[:] = (part * (1 - weight) + warped * weight).astype(np.uint8)


def _map(
    scale: float, angle: float, start: tuple[float, float], end: np.ndarray
) -> np.ndarray:
    """Turn clockwise by an angle and scale about `start`, which lands on `end`."""
    cos = math.cos(math.radians(angle)) * scale
    sin = math.sin(math.radians(angle)) * scale
    x, y = start
    return np.array(
        [
            [cos, -sin, end[0] - cos * x + sin * y],
            [sin, cos, end[1] - sin * x - cos * y],
        ]
    )


def _moved(
    face: np.ndarray, matrix: np.ndarray, mirrored: bool, width: int
) -> np.ndarray:
    x, y, side, roll = face
    if mirrored:
        x, roll = width - x, -roll
    scale = math.hypot(matrix[0, 0], matrix[1, 0])
    angle = math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
    centre = matrix @ np.array([x, y, 1.0])
    return np.array([*centre, side * scale, roll + angle], np.float32)


def _without_its_middle(picture: FacePicture, rng: np.random.Generator) -> np.ndarray:
    """The picture with eyes, nose and mouth of each face covered by what is beside."""
    rgb = picture.rgb.copy()
    for x, y, side, _ in picture.faces:
        half = side * rng.uniform(0.42, 0.6)
        x0, y0 = max(0, int(x - half)), max(0, int(y - half))
        x1, y1 = int(x + half), int(y + half)
        part = rgb[y0:y1, x0:x1]
        if min(part.shape[:2]) < 4:
            continue
        above = rgb[max(0, int(y - 0.75 * side)) : max(2, int(y - 0.35 * side)), x0:x1]
        fill = (
            above if rng.random() < 0.6 and above.size else part[: len(part) // 5 + 1]
        )
        fill = cv2.resize(
            np.ascontiguousarray(fill),
            part.shape[1::-1],
            interpolation=cv2.INTER_LINEAR,
        )
        mask = np.zeros(part.shape[:2], np.uint8)
        middle = part.shape[1] // 2, part.shape[0] // 2
        cv2.ellipse(mask, middle, (int(half * 0.95), int(half)), 0, 0, 360, 255, -1)
        alpha = cv2.GaussianBlur(mask, (0, 0), side * 0.05)[..., None] / 255.0
        part[:] = (part * (1 - alpha) + fill * alpha).astype(np.uint8)
    return rgb
