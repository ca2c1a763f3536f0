"""Faces of single frames, with their estimates: looks.

Cameras in rooms show people upright, so a frame is searched in one pass at a scale at
which the smallest face that counts is just seen, and each candidate is looked at once
more, upright. That takes a hundredth of the time of `FaceDetector.detect`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np

from agemodel.faces import CropSquare, Detection, FaceQuality, cost_of
from agemodel.faces.detector import MIN_SCORE, FaceDetector
from agemodel.faces.merging import Candidate, merge_faces, surest_candidates
from agemodel.faces.quality import SMALL_PX, TURNED_DEG
from agemodel.faces.search_network import SMALLEST_PX, SearchNetwork
from agemodel.footage.footage_settings import FootageSettings
from agemodel.serving import Estimate, Estimator

_SEARCH_SCORE = 0.3
_ROOM = 1.3
"""How much larger than the search network needs it the smallest face is shown."""

_SHARP = 0.1


@dataclass(frozen=True)
class Look:
    """One face in one frame.

    Attributes:
        time_s: of the frame.
        box_xyxy: px of the frame.
        quality: of the face's picture.
        is_sure: whether it is a face beyond doubt.
        reason: why no age can be told from it, a sentence; None where one can.
        age_probabilities: shape (116,), float32.
        p_female: 0..1.
        widening: of the interval for poor quality.
        embedding: shape (64,), float32, of length 1; None where the model has none. It
            is only kept while the person is in view.
    """

    time_s: float
    box_xyxy: tuple[float, float, float, float]
    quality: FaceQuality
    is_sure: bool
    reason: str | None
    age_probabilities: np.ndarray
    p_female: float
    widening: float = 1.0
    embedding: np.ndarray | None = None

    def as_values(self) -> dict[str, Any]:
        """All of it but the embedding, as JSON values."""
        values = asdict(self) | {
            "box_xyxy": [float(side) for side in self.box_xyxy],
            "age_probabilities": self.age_probabilities.tolist(),
            "p_female": float(self.p_female),
        }
        del values["embedding"]
        return values

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Look:
        """A look from what `as_values` gave."""
        x0, y0, x1, y1 = values["box_xyxy"]
        ages = np.array(values["age_probabilities"], np.float32)
        quality = FaceQuality(**values["quality"])
        known = {"box_xyxy": (x0, y0, x1, y1), "age_probabilities": ages}
        return cls(**values | known | {"quality": quality})

    @property
    def centre_xy(self) -> np.ndarray:
        x0, y0, x1, y1 = self.box_xyxy
        return np.array([(x0 + x1) / 2, (y0 + y1) / 2])

    @property
    def size_px(self) -> float:
        x0, y0, x1, y1 = self.box_xyxy
        return (x1 - x0 + y1 - y0) / 2

    @property
    def is_good(self) -> bool:
        """Whether the age of a visit may rest on it."""
        large = self.quality.size_px >= SMALL_PX
        frontal = abs(self.quality.yaw_deg) <= TURNED_DEG
        return self.is_sure and self.reason is None and large and frontal

    @property
    def rank(self) -> float:
        """How good it is among a person's looks: large, sharp and frontal."""
        frontal = np.cos(np.radians(min(abs(self.quality.yaw_deg), 90.0)))
        sharp = min(self.quality.sharpness / _SHARP, 1.0)
        return float(min(self.quality.size_px, 200.0) * frontal * sharp)


FindsLooks = Callable[[np.ndarray, float], list[Look]]
"""Finds the faces of a frame, shape (h, w, 3), uint8, at a time in seconds."""


class LookFinder:
    """Finds looks with an estimator; one thread at a time may use it."""

    def __init__(self, estimator: Estimator, settings: FootageSettings) -> None:
        """Load the detector's networks.

        Raises:
            ModelError: their files are missing or damaged.
        """
        self._estimator = estimator
        self._settings = settings
        self._search = SearchNetwork()
        self._detector = FaceDetector()

    def __call__(self, rgb: np.ndarray, time_s: float) -> list[Look]:
        """The looks of a frame, shape (h, w, 3), uint8."""
        faces = self._faces(rgb)
        return [
            self._look(estimate, time_s)
            for estimate in self._estimator.estimate_faces(rgb, faces)
        ]

    def _faces(self, rgb: np.ndarray) -> list[Detection]:
        looked_at = [self._look_again(rgb, each) for each in self._candidates(rgb)]
        faces = merge_faces([face for face in looked_at if face is not None])
        return [face for face in faces if self._counts(rgb, face)]

    def _candidates(self, rgb: np.ndarray) -> list[Candidate]:
        """Where the search network sees a face of about the size that counts."""
        scale = min(1.0, _ROOM * SMALLEST_PX / self._settings.smallest_face_px)
        size = [max(32, round(side * scale)) for side in rgb.shape[1::-1]]
        seen = self._search(
            cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), _SEARCH_SCORE
        )
        least = 0.7 * self._settings.smallest_face_px * scale
        found = [
            Candidate(CropSquare((x / scale, y / scale), side / scale), score)
            for (x, y), side, score in zip(
                seen.centres_xy.tolist(),
                seen.sides_px.tolist(),
                seen.scores.tolist(),
                strict=True,
            )
            if side >= least
        ]
        return surest_candidates(sorted(found, key=lambda c: c.score, reverse=True))

    def _look_again(self, rgb: np.ndarray, candidate: Candidate) -> Detection | None:
        face = self._detector.face_at(rgb, candidate.square)
        if face is None:
            return None
        return replace(face, score=(face.score + candidate.score) / 2)

    def _counts(self, rgb: np.ndarray, face: Detection) -> bool:
        """Whether it is sure and large enough, and its middle in the zone."""
        height, width = rgb.shape[:2]
        x, y = face.centre_xy
        left, top, right, bottom = self._settings.zone
        inside = left <= x / width <= right and top <= y / height <= bottom
        large = face.size_px >= self._settings.smallest_face_px
        return inside and large and face.score >= MIN_SCORE

    def _look(self, estimate: Estimate, time_s: float) -> Look:
        cost = cost_of(estimate.quality, self._estimator.card.conditions)
        return Look(
            time_s=time_s,
            box_xyxy=estimate.box_xyxy,
            quality=estimate.quality,
            is_sure=not estimate.doubtful,
            reason=estimate.reason,
            age_probabilities=estimate.age_probabilities,
            p_female=estimate.p_female,
            widening=cost.widening,
            embedding=_unit(estimate.embedding),
        )


def _unit(embedding: np.ndarray | None) -> np.ndarray | None:
    if embedding is None:
        return None
    vector = embedding.astype(np.float32)
    return vector / max(float(np.linalg.norm(vector)), 1e-6)
