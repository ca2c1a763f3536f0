"""Which of many boxes are one face: the surest is kept, or their mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agemodel.faces.crop import CropSquare
from agemodel.faces.detection import Detection

SAME_FACE_IOU = 0.3
_INSIDE_SHARE = 0.6
"""Of the smaller box: a 'face' that lies in another by so much is a part of it."""


@dataclass(frozen=True)
class Candidate:
    """Where a face may be: a square, turned as its forehead is, and how likely."""

    square: CropSquare
    score: float


def surest_candidates(candidates: list[Candidate]) -> list[Candidate]:
    """Of candidates that overlap the surest one each; the surest first."""
    boxes = [box_of(candidate.square) for candidate in candidates]
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
        same = left & (union > SAME_FACE_IOU)
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


def box_of(square: CropSquare) -> tuple[float, float, float, float]:
    (x, y), half = square.centre_xy, square.side_px / 2
    return x - half, y - half, x + half, y + half


def iou(
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
