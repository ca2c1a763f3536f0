"""The second opinion on whether what the detector found is a face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_SURE = 1e-3
"""Scores nearer than this to 0 or 1 count as this near: their logit is finite."""


@dataclass(frozen=True)
class FaceCheck:
    """A logistic regression on the detector's score and the network's embedding.

    The embedding was learned for ages, and tells faces from animals, fruit and wheels
    as well: docs/experiments.md has the figures.

    Attributes:
        intercept: of the logit.
        score_weight: of the logit of the detector's score.
        embedding_weights: of the embedding, as many as it has entries.
        none_below: a probability; what has less is no face.
        doubtful_below: a probability; what has less is perhaps none.
        faces: how many faces it was fitted on.
        others: how many things that the detector takes for a face.
    """

    intercept: float
    score_weight: float
    embedding_weights: tuple[float, ...]
    none_below: float
    doubtful_below: float
    faces: int = 0
    others: int = 0

    def probability(self, score: float, embedding: np.ndarray | None) -> float:
        """How likely it is a face, 0..1.

        Args:
            score: of the detector, 0..1.
            embedding: shape (n,); None where the network has none.
        """
        logit = self.intercept + self.score_weight * logit_of(score)
        if embedding is not None and self.embedding_weights:
            logit += float(np.dot(self.embedding_weights, embedding.astype(float)))
        return 1 / (1 + math.exp(-min(max(logit, -500.0), 500.0)))


BY_SCORE = FaceCheck(0.0, 1.0, (), none_below=0.52, doubtful_below=0.6)
"""For a model without a check of its own: the detector's score alone. Of what it takes
for a face wrongly, two thirds have less than 0.6 (docs/experiments.md)."""


NONE_BELOW = 0.15
"""The probability below which it is no face. Held out, with the model that ships: of
437 things that are none 433 have less, of 476 faces, poor ones among them, 5."""


def logit_of(score: float) -> float:
    """The logit of a score, 0..1, kept finite."""
    score = min(max(score, _SURE), 1 - _SURE)
    return math.log(score / (1 - score))


def fit_face_check(
    scores: np.ndarray,
    embeddings: np.ndarray,
    is_face: np.ndarray,
    *,
    sure: float = 0.985,
    decay: float = 0.03,
) -> FaceCheck:
    """Fit the check by Newton's method, faces and others weighing alike.

    Args:
        scores: of the detector, shape (n,), 0..1.
        embeddings: shape (n, e).
        is_face: shape (n,), bool.
        sure: share of the faces that are to have `doubtful_below` or more.
        decay: weight of the squared weights of standardised features, per sample.
    """
    features = np.column_stack(
        [[logit_of(s) for s in scores], embeddings.astype(float)]
    )
    centre, spread = features.mean(0), features.std(0) + 1e-6
    x = np.column_stack([np.ones(len(features)), (features - centre) / spread])
    share = is_face.mean()
    importance = np.where(is_face, 0.5 / share, 0.5 / (1 - share))
    penalty = decay * len(x) * np.diag([0.0, *np.ones(features.shape[1])]) / 100
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(x @ weights)))
        slope = x.T @ (importance * (is_face - p)) - penalty @ weights
        curve = (x * (importance * p * (1 - p))[:, None]).T @ x + penalty
        weights = weights + np.linalg.solve(curve, slope)
    p = 1 / (1 + np.exp(-(x @ weights)))
    plain = weights[1:] / spread
    return FaceCheck(
        intercept=float(weights[0] - plain @ centre),
        score_weight=float(plain[0]),
        embedding_weights=tuple(plain[1:].tolist()),
        none_below=NONE_BELOW,
        doubtful_below=float(np.quantile(p[is_face], 1 - sure)),
        faces=int(is_face.sum()),
        others=int((~is_face).sum()),
    )


_STEPS = 25
"""Of Newton's method: it converges in about ten."""
