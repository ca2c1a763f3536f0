"""Find every face of a photo: of any size and direction.

The search network sees the photo scaled so that a face of `MIN_FACE_PX` is just large
enough, and once more as a whole, small, for faces that fill it; where it is sure of
none, BlazeFace's 'back' network is asked. Each candidate is then looked at again, in a
window of twice its box, with each side up where the first is not clear, by BlazeFace's
full-range network: it rejects false candidates, tells which way is up, and
its boxes are the steadiest (docs/experiments.md), whatever the size of the face.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from agemodel.core.caps import caps
from agemodel.faces.blazeface import BACK, FULL_RANGE, BlazeFace
from agemodel.faces.crop import CropSquare, crop_square
from agemodel.faces.detection import Detection
from agemodel.faces.merging import (
    SAME_FACE_IOU,
    Candidate,
    box_of,
    iou,
    merge_faces,
    surest_candidates,
)
from agemodel.faces.photo_copies import SMALL_PHOTO_PX, copy_of_side, halved_copies
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

_WHOLE_PX, _LARGE_SHARE = 256, 0.5
"""Longer side of the copy that is searched for large faces, and from what part of the
largest that the other shows a face is large: smaller ones are for the other to see."""

_WHOLE_MARGIN = 1.5
"""Side of the square that shows a photo as a whole, in its longer sides: a face that
fills the photo is only found with some room around it."""

_CHIP_SCORE = 0.52
_SEARCH_SCORE = 0.3
_WHOLE_SCORE = 0.3
_FINE_SCORE = 0.1
_LIKELY_SCORE = 0.5
_QUARTERS_DEG = (0.0, 90.0, -90.0, 180.0)
_CLEAR_SCORE = 0.85
"""Of the second look. With a wrong side up, 0.79 was the most in 8,528 looks at 878
portraits, and 0.82 the most that was ever seen (docs/experiments.md)."""

_SURE_CANDIDATE = 0.8
_CLEAR_UPRIGHT, _CLEAR_TURNED = 0.6, 0.7
"""Of the second look of such a candidate, where the face leans as the first look says,
in an upright window and in another: then no other side is looked at."""

_EXPECTED_EDGE = 0.05
"""What counts for the side that the first look has on top, and against its opposite."""

_CLOSE_SCORES = 0.15
"""Two sides whose looks differ by less are looked at once more."""

_MOST_CANDIDATES = 10_000
"""Of the first look: a photo of a thousand faces has about as many."""
_LOOKS_A_FACE = 3
"""Candidates that are looked at again, the largest first, per face of the cap: of a
crowd's some are no faces."""


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
        copies = halved_copies(rgb)
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
        """Where the first look sees a face; the surest first.

        The search network sees two copies: the smaller shows the faces that are too
        large for the other. The 'back' network is asked where neither has a sure one.
        """
        longest, searched_px = max(copies[0].shape[:2]), _searched_side(copies[0])
        found = self._searched(copies, searched_px)
        if longest > LARGEST_PX:
            large_px = _LARGE_SHARE * LARGEST_PX * longest / searched_px
            whole = filter(_is_likely, self._searched(copies, _WHOLE_PX))
            found += [each for each in whole if each.square.side_px > large_px]
        if all(each.score < _SURE_CANDIDATE for each in found):
            for face in self._look_at_whole(copies):
                square = CropSquare(face.centre_xy, face.size_px, face.roll_deg)
                found.append(Candidate(square, face.score))
        surest = sorted(found, key=lambda each: each.score, reverse=True)
        return _largest(surest_candidates(surest[:_MOST_CANDIDATES]))

    def _searched(self, copies: list[np.ndarray], side_px: float) -> list[Candidate]:
        """What the search network sees in a copy with so long a longer side."""
        view = copy_of_side(copies, side_px)
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

        Unless the look with the expected side up is clear, a likely one is looked at
        with each side up; a tilted face is then looked at once more, level.
        """
        square = candidate.square
        sides = sorted(_QUARTERS_DEG, key=lambda q: abs(_turn(q - square.angle_deg)))
        first = self._face_in(copies, square, sides[0])
        looks = {sides[0]: first}
        if _is_likely(candidate) and not _is_clear(first, candidate, sides[0]):
            looks |= {side: self._face_in(copies, square, side) for side in sides[1:]}
        seen = {side: face for side, face in looks.items() if face is not None}
        if not seen:
            return None
        up = self._up_side(copies, seen, square.angle_deg)
        best = seen[up]
        if abs(_turn(best.roll_deg - up)) > UPRIGHT_DEG:
            best = self._face_in(copies, square, best.roll_deg) or best
        return replace(best, score=(best.score + candidate.score) / 2)

    def _up_side(
        self,
        copies: list[np.ndarray],
        seen: dict[float, Detection],
        expected_deg: float,
    ) -> float:
        """The side of a face that is up: the one with the surest look.

        Where two are about as sure, each is looked at once more, in a window about the
        face that was seen there: the candidate's is often off its middle.
        """
        sure = {
            side: face.score
            + _EXPECTED_EDGE * math.cos(math.radians(side - expected_deg))
            for side, face in seen.items()
        }
        best, *others = sorted(sure, key=lambda side: -sure[side])[:2]
        for other in others:
            if sure[best] - sure[other] < _CLOSE_SCORES:
                for side in (best, other):
                    square = CropSquare(seen[side].centre_xy, seen[side].size_px)
                    again = self._face_in(copies, square, side)
                    sure[side] += again.score if again else 0.0
        return max((best, *others), key=lambda side: sure[side])

    def _face_in(
        self, copies: list[np.ndarray], square: CropSquare, angle_deg: float
    ) -> Detection | None:
        """The face that the full-range network finds at a square, if any."""
        window = CropSquare(square.centre_xy, square.side_px * WINDOW_SCALE, angle_deg)
        faces = merge_faces(self._look(self._fine, copies, window, _FINE_SCORE))
        wanted = box_of(square)
        face = max(faces, key=lambda f: iou(f.box_xyxy, wanted), default=None)
        if face is None or iou(face.box_xyxy, wanted) < SAME_FACE_IOU:
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


def _searched_side(rgb: np.ndarray) -> float:
    """The longer side of the copy in which a face of `MIN_FACE_PX` is just seen.

    A small photo stays as it is, for its faces are often smaller.
    """
    longest = max(rgb.shape[:2])
    return min(longest, max(SMALL_PHOTO_PX, longest * SMALLEST_PX / MIN_FACE_PX))


def _turn(angle_deg: float) -> float:
    """An angle as a turn of half a circle at most, -180..180."""
    return (angle_deg + 180) % 360 - 180


def _is_likely(candidate: Candidate) -> bool:
    return candidate.score >= _LIKELY_SCORE


def _is_clear(face: Detection | None, candidate: Candidate, side: float) -> bool:
    """Whether a look with the expected side up leaves no doubt that it is up."""
    if face is None or face.score >= _CLEAR_SCORE:
        return face is not None
    leans_alike = abs(_turn(face.roll_deg - candidate.square.angle_deg)) < UPRIGHT_DEG
    least = _CLEAR_TURNED if side else _CLEAR_UPRIGHT
    return leans_alike and candidate.score >= _SURE_CANDIDATE and face.score >= least


def _largest(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates that the second look sees."""
    most = _LOOKS_A_FACE * caps().faces
    if len(candidates) <= most:
        return candidates
    return sorted(candidates, key=lambda c: c.square.side_px, reverse=True)[:most]


def _in(face: Detection, rgb: np.ndarray) -> bool:
    x, y = face.centre_xy
    return 0 <= x < rgb.shape[1] and 0 <= y < rgb.shape[0]
