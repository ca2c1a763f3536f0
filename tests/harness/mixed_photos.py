"""Photos of several kinds and sizes, for drills that estimate thousands of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from agemodel.images import downscale, read_image
from agemodel.serving import Estimate, Estimator, read_sample, read_samples
from tests.harness.made_photos import aligned_faces

LONGER_SIDES_PX = (240, 320, 480)


@dataclass(frozen=True, eq=False)
class Task:
    """A photo to be estimated, and how."""

    rgb: np.ndarray  # shape (h, w, 3), uint8
    aligned: bool  # whether it is a cropped face already

    def estimate(self, estimator: Estimator) -> list[Estimate]:
        """Every face's estimate."""
        if self.aligned:
            return [estimator.estimate_aligned(self.rgb)]
        return estimator.estimate(self.rgb)


def mixed_tasks() -> list[Task]:
    """The bundled photos at several sizes, and as many cropped faces of other looks."""
    photos = [read_image(read_sample(sample)).rgb for sample in read_samples()]
    searched = [
        Task(downscale(rgb, side), aligned=False)
        for rgb in photos
        for side in LONGER_SIDES_PX
    ]
    looks: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
        lambda face: face,
        lambda face: np.ascontiguousarray(face[:, ::-1]),
        lambda face: (face * 0.7).astype(np.uint8),
        lambda face: face // 2 + 60,
    )
    faces = [look(face) for face in aligned_faces() for look in looks]
    return searched + [Task(face, aligned=True) for face in faces]


def numbers(estimate: Estimate) -> np.ndarray:
    """All that an estimate says, as a row: age, interval, p(female), box."""
    ages = (estimate.age_years, estimate.age_low, estimate.age_high)
    return np.array((*ages, estimate.p_female, *estimate.box_xyxy), np.float64)
