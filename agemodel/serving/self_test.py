"""The self test of a model: its estimate of a made picture against that in its card.

A checksum tells that the file is the one that was exported; this tells that LiteRT, on
this machine, computes with it what it computed at the export.
"""

from __future__ import annotations

import numpy as np

from agemodel.core.errors import ModelError
from agemodel.models.card import Card, SelfTestAnswer
from agemodel.models.model_folder import REPAIR

AGE_TOLERANCE_YEARS = 1.0
PROBABILITY_TOLERANCE = 0.05
"""The kernels of LiteRT differ by 0.2 years and 0.01; a broken model is far off."""


def made_picture(side_px: int) -> np.ndarray:
    """The picture of the self test, shape (s, s, 3), uint8: a ball, lit from above."""
    y, x = np.mgrid[:side_px, :side_px] / (side_px - 1) * 2 - 1
    inside = np.clip(1.2 - np.hypot(x, y), 0, 1)
    light = np.stack([0.9 - 0.3 * y, 0.7 - 0.3 * y, 0.6 - 0.2 * x], axis=-1)
    return (255 * np.clip(inside[..., None] * light, 0, 1)).round().astype(np.uint8)


def check(card: Card, answer: SelfTestAnswer) -> None:
    """Compare a model's answer with the one in its card; a card without one passes.

    Args:
        card: of the model.
        answer: as returned by `Estimator.self_test_answer`.

    Raises:
        ModelError: they differ by more than the tolerances.
    """
    wanted = card.self_test
    if wanted is None:
        return
    # Not the other way round, so that nan is refused too.
    if not (
        abs(answer.age_years - wanted.age_years) <= AGE_TOLERANCE_YEARS
        and abs(answer.p_female - wanted.p_female) <= PROBABILITY_TOLERANCE
    ):
        raise ModelError(
            f"Model {card.name} does not answer as it did when it was "
            f"exported ({answer.age_years:.1f} years instead of "
            f"{wanted.age_years:.1f}). The installed LiteRT may not suit it: "
            f"install what requirements/app.lock pins. {REPAIR}"
        )
