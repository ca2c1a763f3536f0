"""The second opinion on what is a face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agemodel.models.face_check import BY_SCORE, FaceCheck, fit_face_check, logit_of


def test_without_an_embedding_the_score_alone_decides() -> None:
    assert BY_SCORE.probability(0.7, None) == pytest.approx(0.7)
    assert BY_SCORE.probability(0.7, np.ones(64)) == pytest.approx(0.7)


def test_score_and_embedding_add_up_in_the_logit() -> None:
    check = FaceCheck(0.5, 2.0, (1.0, -3.0), 0.1, 0.5)
    # 0.5 + 2 * logit(0.5) + 1 * 2 - 3 * 1 = -0.5
    probability = check.probability(0.5, np.array([2.0, 1.0], np.float16))
    assert probability == pytest.approx(1 / (1 + np.exp(0.5)))


def test_scores_of_nothing_and_of_certainty_stay_finite() -> None:
    assert -7 < logit_of(0.0) < logit_of(1.0) < 7
    assert 0 <= replace(BY_SCORE, score_weight=1e6).probability(1.0, None) <= 1


def test_fit_tells_apart_what_the_embedding_tells_apart() -> None:
    random = np.random.default_rng(0)
    is_face = random.random(1_000) < 0.8
    embeddings = random.normal(0, 1, (1_000, 5))
    embeddings[:, 2] += np.where(is_face, 3, 0)
    scores = random.uniform(0.4, 0.9, 1_000)  # tell nothing
    check = fit_face_check(scores, embeddings, is_face)
    p = np.array(
        [check.probability(*one) for one in zip(scores, embeddings, strict=True)]
    )
    # two normals 3 apart: cut in the middle, 6.7 % of each are on the wrong side
    assert ((p > 0.5) == is_face).mean() == pytest.approx(0.933, abs=0.02)
    # 0.985 of the faces are to be sure
    assert (p[is_face] >= check.doubtful_below).mean() == pytest.approx(
        0.985, abs=0.003
    )
    assert (check.faces, check.others) == (is_face.sum(), (~is_face).sum())
