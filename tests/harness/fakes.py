"""An estimator whose answers can be foretold, for tests of what is built on it."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np

from agemodel.core.labels import AGES
from agemodel.faces import FaceQuality
from agemodel.images import encode_jpeg, encode_png
from agemodel.serving import Estimate, Estimator
from tests.harness.waiting import wait_until

WHITE = 250
GATE = "gate-closed"
"""The file in a test server's home by which its `GatedEstimator` waits."""
TOO_SMALL = "Small face, so no age is stated."
HEATMAP = np.array([[1.5, 0.2, -0.6]] * 3, np.float32)
"""Shape (3, 3), years."""


class FakeEstimator:
    """Takes every white block for a face, which lies where it is wider than tall.

    A block's age is its shorter side in px, 10 years below to 20 above it; p(female) is
    as given. It counts its calls. Where it `explains`, the left of every face makes it
    look older and the right younger, and embeddings are those of `embedding_of_age`.
    Faces narrower than `no_age_below_px` are too small for an age.
    """

    def __init__(
        self,
        p_female: float = 0.97,
        warnings: tuple[str, ...] = (),
        explains: bool = False,
        no_age_below_px: int = 0,
    ) -> None:
        self.no_age_below_px = no_age_below_px
        self.p_female = p_female
        self.warnings = warnings
        self.explains = explains
        self.calls = 0
        self._counting = threading.Lock()

    estimate_upright = Estimator.estimate_upright

    def estimate(self, rgb: np.ndarray) -> list[Estimate]:
        with self._counting:
            self.calls += 1
        white = (rgb.min(axis=2) >= WHITE).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(white)
        boxes = [tuple(map(int, row[:4])) for row in stats[1:]]
        faces = [
            self._face(rgb, (x, y, x + width, y + height))
            for x, y, width, height in boxes
            if height != width
        ]
        return sorted(faces, key=lambda face: face.quality.size_px, reverse=True)

    def estimate_aligned(self, rgb: np.ndarray) -> Estimate:
        with self._counting:
            self.calls += 1
        return self._face(rgb, (0, 0, rgb.shape[1], rgb.shape[0]), score=1.0)

    def _face(
        self, rgb: np.ndarray, box: tuple[int, int, int, int], score: float = 0.9
    ) -> Estimate:
        x0, y0, x1, y1 = box
        inside = rgb[max(y0, 0) : y1, max(x0, 0) : x1]
        width, height = x1 - x0, y1 - y0
        age = float(np.clip(min(width, height), 1, 116))
        roll_deg = 90.0 if width > height and score < 1 else 0.0
        female = self.p_female
        gender = "female" if female > 0.8 else "male" if female < 0.2 else "uncertain"
        return Estimate(
            box_xyxy=(float(x0), float(y0), float(x1), float(y1)),
            detection_score=score,
            landmarks_xy=None,
            quality=FaceQuality(age, 0.1, 128.0, 0.0, roll_deg, False),
            warnings=self.warnings,
            crop_rgb=cv2.resize(inside, (32, 32)),
            age_years=age,
            age_low=max(age - 10, 1.0),
            age_high=age + 20,
            age_probabilities=np.eye(len(AGES), dtype=np.float32)[int(age) - 1],
            p_female=female,
            gender=gender,
            least_sure=0.8,
            heatmap=HEATMAP if self.explains else None,
            embedding=embedding_of_age(age) if self.explains else None,
            reason=TOO_SMALL if x1 - x0 < self.no_age_below_px else None,
        )


class GatedEstimator(FakeEstimator):
    """Explains its estimates; photos of one face wait while a file is there."""

    def __init__(self, gate: Path) -> None:
        super().__init__(explains=True)
        self.gate = gate

    def estimate(self, rgb: np.ndarray) -> list[Estimate]:
        estimates = super().estimate(rgb)
        if len(estimates) == 1:
            wait_until(lambda: not self.gate.exists(), patience_s=900)
        return estimates


def embedding_of_age(age_years: float) -> np.ndarray:
    """Shape (64,), float16: the nearer two ages, the more alike."""
    angle = age_years / AGES[-1] * np.pi / 2
    embedding = np.zeros(64, np.float16)
    embedding[:2] = np.cos(angle), np.sin(angle)
    return embedding


def photo_with_faces(*widths: int, lying: bool = False) -> np.ndarray:
    """A dark photo of 320 x 160 px with a white block for each width, 100 px high.

    Args:
        widths: in px, each below 100; this is the age that `FakeEstimator` gives.
        lying: whether the photo was turned a quarter clockwise after it was taken.
    """
    rgb = np.full((160, 320, 3), 40, np.uint8)
    left = 10
    for width in widths:
        rgb[30:130, left : left + width] = 255
        left += width + 20
    return np.ascontiguousarray(np.rot90(rgb, 3)) if lying else rgb


def jpeg_with_faces(*widths: int) -> bytes:
    return encode_jpeg(photo_with_faces(*widths), 95)


def png_with_faces(*widths: int, lying: bool = False) -> bytes:
    return encode_png(photo_with_faces(*widths, lying=lying))
