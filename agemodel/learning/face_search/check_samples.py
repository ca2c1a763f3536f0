"""What the detector takes for a face, rightly and wrongly, to fit the face check on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from agemodel.learning.face_search.search_scenes import (
    FacelessPictures,
    FacePicture,
    random_part,
)
from agemodel.serving.estimator import Estimate, Estimator

CANDIDATE_SCORE = 0.3
"""Of a candidate that is a sample: the least score of the `Estimator` that collects."""

_PARTS = 5
_DEGRADED_SHARE = 0.5


@dataclass(frozen=True)
class CheckSamples:
    """Candidates of the detector.

    Attributes:
        scores: of the detector, shape (n,).
        embeddings: shape (n, e).
        is_face: shape (n,), bool.
    """

    scores: np.ndarray
    embeddings: np.ndarray
    is_face: np.ndarray


def collect_samples(
    estimator: Estimator,
    portraits: Iterable[FacePicture],
    faceless: FacelessPictures,
    seed: int = 0,
) -> CheckSamples:
    """Look for faces in portraits, as they are and degraded, and where there is none.

    Args:
        estimator: with `CANDIDATE_SCORE`, of a network that has embeddings.
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[Estimate, bool]] = []
    for portrait in portraits:
        rows += _of_portrait(estimator, portrait)
        if rng.random() < _DEGRADED_SHARE:
            rows += _of_portrait(estimator, _degraded(portrait, rng))
    for picture in _parts(faceless, rng):
        rows += [(each, False) for each in estimator.estimate_candidates(picture)]
    return CheckSamples(
        np.array([estimate.detection_score for estimate, _ in rows]),
        np.array([estimate.embedding for estimate, _ in rows], np.float32),
        np.array([is_face for _, is_face in rows], bool),
    )


def _of_portrait(
    estimator: Estimator, portrait: FacePicture
) -> Iterator[tuple[Estimate, bool]]:
    """The candidates at a labelled face, and those away from any."""
    for estimate in estimator.estimate_candidates(portrait.rgb):
        x0, y0, x1, y1 = estimate.box_xyxy
        centre = np.array([x0 + x1, y0 + y1]) / 2
        off, unclear = (
            np.linalg.norm(known[:, :2] - centre, axis=1) / known[:, 2]
            for known in (portrait.faces, portrait.ignored)
        )
        size = (x1 - x0) / (portrait.faces[:, 2] if len(portrait.faces) else 1.0)
        if ((off < 0.35) & (size > 0.6) & (size < 1.7)).any():
            yield estimate, True
        elif (off > 0.6).all() and (unclear > 1).all():
            yield estimate, False


def _degraded(portrait: FacePicture, rng: np.random.Generator) -> FacePicture:
    """The portrait small, blurred, or in another light."""
    side = portrait.faces[0, 2] if len(portrait.faces) else 100.0
    scale = min(1.0, np.exp(rng.uniform(np.log(18), np.log(120))) / side)
    rgb = cv2.resize(
        portrait.rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    if rng.random() < 0.3:
        rgb = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.4, 1.5))
    if rng.random() < 0.4:
        rgb = (rgb * rng.uniform(0.3, 1.6)).clip(0, 255).astype(np.uint8)
    by = np.array([scale, scale, scale, 1.0], np.float32)
    return FacePicture(rgb, portrait.faces * by, portrait.ignored * by, True)


def _parts(
    faceless: FacelessPictures, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Each picture, and some parts of it, turned by quarters at times."""
    for thing in faceless.things:
        yield from _parts_of(_on_plain_ground(thing, rng), rng)
    for background in faceless.backgrounds:
        yield from _parts_of(background, rng)


def _parts_of(rgb: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    yield rgb
    for _ in range(_PARTS):
        part, turns = random_part(rgb, rng), rng.choice([0, 0, 1, 2, 3])
        yield np.ascontiguousarray(np.rot90(part, turns))


def _on_plain_ground(thing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    alpha = thing[..., 3:].astype(np.float32) / 255
    ground = rng.integers(120, 256, 3)
    return (thing[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
