"""Find every face of a photo: of any size and direction.

The search network sees the photo scaled so that a face of `MIN_FACE_PX` is just large
enough, and BlazeFace's 'back' network sees it as a whole, for faces that fill it. Each
candidate is then looked at again, in a window of twice its box, with each side up, by
BlazeFace's full-range network: it rejects false candidates, tells which way is up, and
its boxes are the steadiest (docs/experiments.md), whatever the size of the face.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from agemodel.core.caps import caps
from agemodel.faces.blazeface import BACK, FULL_RANGE, BlazeFace
from agemodel.faces.crop import CropSquare, crop_square
from agemodel.faces.detection import Detection
from agemodel.faces.search_network import LARGEST_PX, SMALLEST_PX, SearchNetwork

MIN_FACE_PX = 35.0
"""The smallest face that must be found; smaller ones may be."""

MIN_CHIP_SHARE = 0.6
"""The smallest face that passes for the one of a face crop, in sides of the crop."""

WINDOW_SCALE = 2.0
"""Side of the window of the second look, in sides of the box."""

UPRIGHT_DEG = 30.0
"""A face that leans by less is looked at as it stands, as in training."""

MIN_SCORE = 0.45
"""Below it nothing is a face; above it `FaceCheck` has the last word."""

_SMALL_PHOTO_PX = 640
"""Longer side of a photo that is searched as it is; of larger ones, of a copy at least
this long."""

_WHOLE_MARGIN = 1.5
"""Side of the square that shows a photo as a whole, in its longer sides: a face that
fills the photo is only found with some room around it."""

_CHIP_SCORE = 0.52
_SEARCH_SCORE = 0.25
_WHOLE_SCORE = 0.3
_FINE_SCORE = 0.1
_LIKELY_SCORE = 0.5
_QUARTERS_DEG = (0.0, 90.0, -90.0, 180.0)
_CLEAR_SCORE = 0.85
"""Of the second look: no lying face that was measured has as much."""

_EXPECTED_EDGE = 0.05
"""By which another side must be surer than the one that the first look has on top."""

_SAME_FACE_IOU = 0.3
_INSIDE_SHARE = 0.6
"""Of the smaller box: a 'face' that lies in another by so much is a part of it."""
_MOST_CANDIDATES = 10_000
"""Of the first look: a photo of a thousand faces has about as many."""
_LOOKS_A_FACE = 3
"""Candidates that are looked at again, the largest first, per face of the cap: of a
crowd's some are no faces."""


@dataclass(frozen=True)
class Candidate:
    """Where a face may be: a square, turned as its forehead is, and how likely."""

    square: CropSquare
    score: float


class FaceDetector:
    """Finds faces in two looks; one thread at a time may use it.

    Args:
        min_score: mean of both looks' scores from which a candidate may be a face.

    Raises:
        ModelError: the networks' files are missing or damaged.
    """

    def __init__(self, min_score: float = MIN_SCORE) -> None:
        self._min_score = min_score
        self._search = SearchNetwork()
        self._whole = BlazeFace(BACK)
        self._fine = BlazeFace(FULL_RANGE)

    def detect(self, rgb: np.ndarray) -> list[Detection]:
        """Find the faces in a photo, largest first.

        All of them, where they are not far more than the cap on faces: then of the
        smallest some are not looked for, so that no photo takes minutes.

        Args:
            rgb: shape (h, w, 3), uint8; its faces may lie or stand on their head.
        """
        copies = _halved_copies(rgb)
        looked_at = [
            self._look_again(copies, each) for each in self._candidates(copies)
        ]
        faces = [f for f in merge_faces([f for f in looked_at if f]) if _in(f, rgb)]
        return sorted(
            (face for face in faces if face.score >= self._min_score),
            key=lambda face: face.size_px,
            reverse=True,
        )

    def face_at(self, rgb: np.ndarray, square: CropSquare) -> Detection | None:
        """The face that one close look finds at a square, if any."""
        return self._face_in([rgb], square, 0.0)

    def _candidates(self, copies: list[np.ndarray]) -> list[Candidate]:
        """Where the first look sees a face; the surest first."""
        height, width = copies[0].shape[:2]
        found = self._searched(copies)
        if max(width, height) > LARGEST_PX or not any(map(_is_likely, found)):
            for face in self._look_at_whole(copies):
                square = CropSquare(face.centre_xy, face.size_px, face.roll_deg)
                found.append(Candidate(square, face.score))
        surest = sorted(found, key=lambda each: each.score, reverse=True)
        return _largest(surest_candidates(surest[:_MOST_CANDIDATES]))

    def _searched(self, copies: list[np.ndarray]) -> list[Candidate]:
        """What the search network sees in a photo."""
        view = _searched_copy(copies)
        seen = self._search(view, _SEARCH_SCORE)
        scale = copies[0].shape[1] / view.shape[1]
        return [
            Candidate(CropSquare((x, y), side, roll), score)
            for (x, y), side, roll, score in zip(
                (seen.centres_xy * scale).tolist(),
                (seen.sides_px * scale).tolist(),
                seen.rolls_deg.tolist(),
                seen.scores.tolist(),
                strict=True,
            )
        ]

    def _look_again(
        self, copies: list[np.ndarray], candidate: Candidate
    ) -> Detection | None:
        """The face that the second look finds at a candidate, if any.

        Unless it is clear, a likely one is looked at with each side up, and the surest
        look tells which way is up; a tilted face is then looked at once more, level.
        """
        square, best, turned = candidate.square, None, 0.0
        sides = sorted(_QUARTERS_DEG, key=lambda q: abs(_turn(q - square.angle_deg)))
        least = 0.0
        for angle in sides if _is_likely(candidate) else sides[:1]:
            face = self._face_in(copies, square, angle)
            if face is not None and face.score > least:
                best, turned, least = face, angle, face.score
                if angle == sides[0]:
                    least += _EXPECTED_EDGE
            if least >= _CLEAR_SCORE:
                break
        if best is None:
            return None
        if abs(_turn(best.roll_deg - turned)) > UPRIGHT_DEG:
            best = self._face_in(copies, square, best.roll_deg) or best
        return replace(best, score=(best.score + candidate.score) / 2)

    def _face_in(
        self, copies: list[np.ndarray], square: CropSquare, angle_deg: float
    ) -> Detection | None:
        """The face that the full-range network finds at a square, if any."""
        window = CropSquare(square.centre_xy, square.side_px * WINDOW_SCALE, angle_deg)
        faces = merge_faces(self._look(self._fine, copies, window, _FINE_SCORE))
        wanted = _box_of(square)
        face = max(faces, key=lambda f: _iou(f.box_xyxy, wanted), default=None)
        if face is None or _iou(face.box_xyxy, wanted) < _SAME_FACE_IOU:
            return None
        return face

    def detect_in_chip(self, rgb: np.ndarray) -> Detection | None:
        """Find the face in a picture that is a face crop already.

        One close look at the whole picture, then, if in vain, both looks, upright and
        without the search network: so the crops of a dataset stay what they are.

        Args:
            rgb: shape (h, w, 3), uint8.
        """
        height, width = rgb.shape[:2]
        window = CropSquare((width / 2, height / 2), max(width, height) * WINDOW_SCALE)
        smallest = MIN_CHIP_SHARE * min(width, height)
        for faces in (
            lambda: merge_faces(self._look(self._fine, [rgb], window, _CHIP_SCORE)),
            lambda: self._upright_faces(rgb),
        ):
            large = [face for face in faces() if face.size_px >= smallest]
            if large:
                return max(large, key=lambda face: face.size_px)
        return None

    def _upright_faces(self, rgb: np.ndarray) -> list[Detection]:
        """The upright faces that BlazeFace's networks see in a picture as a whole."""
        copies = [rgb]
        faces = []
        for seen in merge_faces(self._look_at_whole(copies)):
            face = self._face_in(copies, CropSquare(seen.centre_xy, seen.size_px), 0.0)
            if face is not None and (face.score + seen.score) / 2 >= MIN_SCORE:
                faces.append(face)
        return faces

    def _look_at_whole(self, copies: list[np.ndarray]) -> list[Detection]:
        """What the 'back' network sees in a photo as a whole."""
        height, width = copies[0].shape[:2]
        window = CropSquare((width / 2, height / 2), max(width, height) * _WHOLE_MARGIN)
        return self._look(self._whole, copies, window, _WHOLE_SCORE)

    def _look(
        self,
        network: BlazeFace,
        copies: list[np.ndarray],
        window: CropSquare,
        min_score: float,
    ) -> list[Detection]:
        """What a network sees in a window, in px of the photo."""
        input_px = network.spec.input_px
        level = max(0, int(math.log2(window.side_px / input_px)) - 1)
        level = min(level, len(copies) - 1)
        scale = copies[0].shape[1] / copies[level].shape[1]
        x, y = window.centre_xy
        in_copy = CropSquare(
            (x / scale, y / scale), window.side_px / scale, window.angle_deg
        )
        seen = network(crop_square(copies[level], in_copy, input_px), min_score)
        corners = seen.boxes_xyxy.reshape(-1, 2, 2)
        halves = np.ptp(corners, axis=1) / 2 * window.side_px  # (n, 2)
        centres = window.to_photo(corners.mean(axis=1))
        boxes = np.concatenate([centres - halves, centres + halves], axis=1)
        landmarks = window.to_photo(seen.landmarks_xy).astype(np.float32)
        return [
            Detection((x0, y0, x1, y1), float(score), points)
            for (x0, y0, x1, y1), score, points in zip(
                boxes.tolist(), seen.scores, landmarks, strict=True
            )
        ]


def _halved_copies(rgb: np.ndarray) -> list[np.ndarray]:
    """The photo, and copies of half its side, a quarter, and so on.

    A window is cut out of the smallest that shows it well enough: out of a large photo
    that costs more than the network.
    """
    copies = [rgb]
    while max(copies[-1].shape[:2]) >= _SMALL_PHOTO_PX:
        height, width = copies[-1].shape[:2]
        half = max(1, width // 2), max(1, height // 2)
        copies.append(cv2.resize(copies[-1], half, interpolation=cv2.INTER_AREA))
    return copies


def _searched_copy(copies: list[np.ndarray]) -> np.ndarray:
    """The photo so small that a face of `MIN_FACE_PX` is just seen.

    A small photo stays as it is, for its faces are often smaller.
    """
    height, width = copies[0].shape[:2]
    longest = max(width, height)
    scale = min(1.0, max(_SMALL_PHOTO_PX / longest, SMALLEST_PX / MIN_FACE_PX))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    source = min(
        (copy for copy in copies if copy.shape[1] >= size[0]),
        key=lambda copy: copy.size,
    )
    if source.shape[1::-1] == size:
        return source
    return cv2.resize(source, size, interpolation=cv2.INTER_AREA)


def surest_candidates(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates that overlap the surest one each; the surest first."""
    boxes = [_box_of(candidate.square) for candidate in candidates]
    groups = _groups(boxes, [candidate.score for candidate in candidates])
    return [candidates[group[0]] for group in groups]


def merge_faces(faces: list[Detection]) -> list[Detection]:
    """Merge overlapping faces by their mean weighted by score; surest first.

    The averaging is BlazeFace's own replacement for non-maximum suppression: it
    steadies boxes and landmarks. A face inside a surer one is left out.
    """
    boxes = [face.box_xyxy for face in faces]
    groups = _groups(boxes, [face.score for face in faces])
    return [_mean_face([faces[place] for place in group]) for group in groups]


def _groups(
    boxes: list[tuple[float, float, float, float]], scores: list[float]
) -> list[list[int]]:
    """Which boxes are one face, by their places; the surest first, within a group too.

    Of boxes that lie in the surest of a group for most of their area, only those that
    overlap it as a whole count for its mean.
    """
    order = np.argsort(-np.array(scores), kind="stable")
    ranked = np.array(boxes, float).reshape(-1, 4)[order]
    left = np.ones(len(order), bool)
    groups = []
    for number in range(len(order)):
        if not left[number]:
            continue
        union, inside = _overlaps(ranked[number], ranked)
        same = left & (union > _SAME_FACE_IOU)
        same[number] = True  # a box without an area overlaps nothing, not itself
        left &= ~(same | (inside > _INSIDE_SHARE))
        left[number] = False
        groups.append(order[np.flatnonzero(same)].tolist())
    return groups


def _mean_face(faces: list[Detection]) -> Detection:
    weights = np.array([face.score for face in faces])
    weights /= weights.sum()
    boxes = np.array([face.box_xyxy for face in faces])
    landmarks = np.array([face.landmarks_xy for face in faces])
    x0, y0, x1, y1 = (weights @ boxes).tolist()
    return Detection(
        (x0, y0, x1, y1),
        faces[0].score,
        np.tensordot(weights, landmarks, 1).astype(np.float32),
    )


def _turn(angle_deg: float) -> float:
    """An angle as a turn of half a circle at most, -180..180."""
    return (angle_deg + 180) % 360 - 180


def _is_likely(candidate: Candidate) -> bool:
    return candidate.score >= _LIKELY_SCORE


def _largest(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates that the second look sees."""
    most = _LOOKS_A_FACE * caps().faces
    if len(candidates) <= most:
        return candidates
    return sorted(candidates, key=lambda c: c.square.side_px, reverse=True)[:most]


def _box_of(square: CropSquare) -> tuple[float, float, float, float]:
    (x, y), half = square.centre_xy, square.side_px / 2
    return x - half, y - half, x + half, y + half


def _iou(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> float:
    return float(_overlaps(np.array(one), np.array([other]))[0][0])


def _overlaps(
    box_xyxy: np.ndarray, boxes_xyxy: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How far a box, shape (4,), and others, shape (n, 4), overlap.

    Returns:
        The shared area over that of both, and over that of the smaller, shape (n,).
    """
    low = np.maximum(box_xyxy[:2], boxes_xyxy[:, :2])
    high = np.minimum(box_xyxy[2:], boxes_xyxy[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    areas = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)
    own = (box_xyxy[2:] - box_xyxy[:2]).prod()
    none = np.zeros_like(shared)
    return (
        np.divide(shared, own + areas - shared, out=none.copy(), where=shared > 0),
        np.divide(shared, np.minimum(own, areas), out=none, where=shared > 0),
    )


def _in(face: Detection, rgb: np.ndarray) -> bool:
    x, y = face.centre_xy
    return 0 <= x < rgb.shape[1] and 0 <= y < rgb.shape[0]
