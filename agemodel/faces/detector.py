"""Find every face of a photo, small ones in large photos too.

BlazeFace sees one square at a time, scaled down to its input: a face must fill about
a twelfth of the square. So the photo is looked at as a whole, then in overlapping
tiles of a third of the side, and so on until a face of `MIN_FACE_PX` is seen. Each
candidate is then searched again, in a window of twice its box, by the full-range
network: it rejects false candidates, and its boxes are the steadiest of the three
(docs/experiments.md), whatever the size of the face.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from agemodel.core.caps import caps
from agemodel.faces.blazeface import BACK, FULL_RANGE, BlazeFace, Candidates
from agemodel.faces.crop import CropSquare, crop_square
from agemodel.faces.detection import Detection

MIN_FACE_PX = 35.0
"""The smallest face that must be found; smaller ones may be."""

MIN_FACE_SHARE = 0.07
"""The smallest face that the coarse network finds, in sides of its square."""

MIN_CHIP_SHARE = 0.6
"""The smallest face that passes for the one of a face crop, in sides of the crop."""

WINDOW_SCALE = 2.0
"""Side of the window of the second look, in sides of the box."""

_WHOLE_MARGIN = 1.5
"""Side of the first square, in longer sides of the photo: a face that fills the photo
is only found with some room around it."""
_TILE_RATIO = 3.0
_CANDIDATE_SCORE = 0.3
_FINE_SCORE = 0.1
MIN_SCORE = 0.52
"""Mean of both looks' scores from which a candidate is a face. True faces in group
photos begin at 0.57, false ones end at 0.51 (docs/experiments.md)."""

DOUBTFUL_SCORE = 0.45
"""Where no face is sure, the likeliest candidate is believed from here on."""

_SAME_FACE_IOU = 0.3
_MOST_CANDIDATES = 10_000
"""Of the first look: a photo of a thousand faces has about as many."""
_LOOKS_A_FACE = 3
"""Candidates that are looked at again, the largest first, per face of the cap: of a
crowd's some are no faces."""


class FaceDetector:
    """Detects faces in two passes; one thread at a time may use it.

    Raises:
        ModelError: the networks' files are missing or damaged.
    """

    def __init__(self) -> None:
        self._coarse = BlazeFace(BACK)
        self._fine = BlazeFace(FULL_RANGE)

    def detect(self, rgb: np.ndarray) -> list[Detection]:
        """Find the faces in a photo, largest first.

        All of them, where they are not far more than the cap on faces: then of the
        smallest some are not looked for, so that no photo takes minutes.

        Args:
            rgb: shape (h, w, 3), uint8, upright.
        """
        found = [
            detection
            for square in search_squares(rgb.shape[1], rgb.shape[0])
            for detection in self._look(self._coarse, rgb, square, _CANDIDATE_SCORE)
        ]
        surest = sorted(found, key=lambda candidate: candidate.score, reverse=True)
        candidates = _largest(merge(surest[:_MOST_CANDIDATES]))
        looked_at = [self._look_again(rgb, candidate) for candidate in candidates]
        faces = [face for face in merge([f for f in looked_at if f]) if _in(face, rgb)]
        sure = [face for face in faces if face.score >= MIN_SCORE]
        likeliest = [f for f in faces[:1] if f.score >= DOUBTFUL_SCORE]
        return sorted(sure or likeliest, key=lambda face: face.size_px, reverse=True)

    def _look_again(self, rgb: np.ndarray, candidate: Detection) -> Detection | None:
        """The face that the second pass finds at a candidate, if any."""
        window = CropSquare(candidate.centre_xy, candidate.size_px * WINDOW_SCALE)
        faces = merge(self._look(self._fine, rgb, window, _FINE_SCORE))
        face = max(faces, key=lambda face: _iou(face, candidate), default=None)
        if face is None or _iou(face, candidate) < _SAME_FACE_IOU:
            return None
        score = (face.score + candidate.score) / 2
        return Detection(face.box_xyxy, score, face.landmarks_xy)

    def detect_in_chip(self, rgb: np.ndarray) -> Detection | None:
        """Find the face in a picture that is a face crop already.

        One close look at the whole picture, then, if in vain, a search.

        Args:
            rgb: shape (h, w, 3), uint8.
        """
        height, width = rgb.shape[:2]
        window = CropSquare((width / 2, height / 2), max(width, height) * WINDOW_SCALE)
        smallest = MIN_CHIP_SHARE * min(width, height)
        for faces in (
            lambda: merge(self._look(self._fine, rgb, window, MIN_SCORE)),
            lambda: self.detect(rgb),
        ):
            large = [face for face in faces() if face.size_px >= smallest]
            if large:
                return max(large, key=lambda face: face.size_px)
        return None

    def _look(
        self, network: BlazeFace, rgb: np.ndarray, square: CropSquare, min_score: float
    ) -> list[Detection]:
        view = crop_square(rgb, square, network.spec.input_px)
        candidates = network(view, min_score)
        corner = np.array(square.centre_xy) - square.side_px / 2
        return _detections(candidates, corner.astype(np.float32), square.side_px)


def search_squares(width: int, height: int) -> Iterator[CropSquare]:
    """The squares in which to look for faces: the whole, then ever smaller tiles.

    Tiles overlap by the smallest face that the level above would have found, so that
    every face lies whole in some square.

    Args:
        width: of the photo, px.
        height: of the photo, px.
    """
    longest = max(width, height)
    side = longest * _WHOLE_MARGIN
    yield CropSquare((width / 2, height / 2), side)
    smallest_side = MIN_FACE_PX / MIN_FACE_SHARE
    while side * MIN_FACE_SHARE > MIN_FACE_PX:
        overlap = side * MIN_FACE_SHARE
        side = max(min(side, longest) / _TILE_RATIO, smallest_side)
        for y in _tile_centres(height, side, overlap):
            for x in _tile_centres(width, side, overlap):
                yield CropSquare((x, y), side)


def _tile_centres(length: int, side: float, overlap: float) -> np.ndarray:
    if length <= side:
        return np.array([length / 2])
    count = int(np.ceil((length - overlap) / (side - overlap)))
    return np.linspace(side / 2, length - side / 2, count)


def merge(detections: list[Detection]) -> list[Detection]:
    """Merge overlapping candidates by their mean weighted by score; surest first.

    The averaging is BlazeFace's own replacement for non-maximum suppression: it
    steadies boxes and landmarks.
    """
    rest = sorted(detections, key=lambda detection: detection.score, reverse=True)
    boxes = np.array([detection.box_xyxy for detection in rest], float).reshape(-1, 4)
    left = np.ones(len(rest), bool)
    faces = []
    for number in range(len(rest)):
        if left[number]:
            same = left & (_overlaps(boxes[number], boxes) > _SAME_FACE_IOU)
            same[number] = True  # a box without an area overlaps nothing, not itself
            left &= ~same
            faces.append(_average([rest[place] for place in np.flatnonzero(same)]))
    return faces


def _largest(candidates: list[Detection]) -> list[Detection]:
    """The candidates that the second pass looks at."""
    most = _LOOKS_A_FACE * caps().faces
    if len(candidates) <= most:
        return candidates
    return sorted(candidates, key=lambda c: c.size_px, reverse=True)[:most]


def _average(detections: list[Detection]) -> Detection:
    weights = np.array([detection.score for detection in detections])
    weights /= weights.sum()
    boxes = np.array([detection.box_xyxy for detection in detections])
    landmarks = np.array([detection.landmarks_xy for detection in detections])
    x0, y0, x1, y1 = (weights @ boxes).tolist()
    return Detection(
        (x0, y0, x1, y1),
        detections[0].score,
        np.tensordot(weights, landmarks, 1).astype(np.float32),
    )


def _iou(a: Detection, b: Detection) -> float:
    one, other = np.array([a.box_xyxy, b.box_xyxy], float)
    return float(_overlaps(one, other[None])[0])


def _overlaps(box_xyxy: np.ndarray, boxes_xyxy: np.ndarray) -> np.ndarray:
    """Intersection over union of a box, shape (4,), with others: (n, 4) -> (n,)."""
    low = np.maximum(box_xyxy[:2], boxes_xyxy[:, :2])
    high = np.minimum(box_xyxy[2:], boxes_xyxy[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    areas = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)
    both = (box_xyxy[2:] - box_xyxy[:2]).prod() + areas - shared
    return np.divide(shared, both, out=np.zeros_like(shared), where=shared > 0)


def _in(face: Detection, rgb: np.ndarray) -> bool:
    x, y = face.centre_xy
    return 0 <= x < rgb.shape[1] and 0 <= y < rgb.shape[0]


def _detections(
    candidates: Candidates, corner: np.ndarray, side_px: float
) -> list[Detection]:
    boxes = candidates.boxes_xyxy * side_px + np.tile(corner, 2)
    landmarks = candidates.landmarks_xy * side_px + corner
    return [
        Detection((float(b[0]), float(b[1]), float(b[2]), float(b[3])), float(s), p)
        for b, s, p in zip(boxes, candidates.scores, landmarks, strict=True)
    ]
