"""What a model must answer to one picture: the proof that it works, after loading.

A checksum tells that the file is the one that was exported; this tells that, on this
machine, LiteRT makes of it what it made of it then. The answer is in the model's card;
a model that was exported without is not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agemodel.cards import MEND
from agemodel.errors import ModelError

if TYPE_CHECKING:
    from agemodel.estimator import Estimator

ENTRY = "golden"
"""Of the card: `age_years` and `p_female`, as the estimator gave them."""

AGE_TOLERANCE_YEARS = 1.0
PROBABILITY_TOLERANCE = 0.05
"""The kernels of LiteRT differ by 0.2 years and 0.01; a broken model is far off."""


def golden_picture(side_px: int) -> np.ndarray:
    """The picture, shape (s, s, 3), uint8: a ball, lit from above."""
    y, x = np.mgrid[:side_px, :side_px] / (side_px - 1) * 2 - 1
    inside = np.clip(1.2 - np.hypot(x, y), 0, 1)
    light = np.stack([0.9 - 0.3 * y, 0.7 - 0.3 * y, 0.6 - 0.2 * x], axis=-1)
    return (255 * np.clip(inside[..., None] * light, 0, 1)).round().astype(np.uint8)


def answer(estimator: Estimator) -> dict[str, float]:
    """What a model says of the picture, as its card is to hold it."""
    picture = golden_picture(int(estimator.card["input_px"]))
    estimate = estimator.estimate_aligned(picture)
    return {
        "age_years": round(estimate.age_years, 3),
        "p_female": round(estimate.p_female, 4),
    }


def check(estimator: Estimator) -> None:
    """Hold a loaded model to what its card says that it answers.

    Raises:
        ModelError: it answers otherwise.
    """
    wanted = estimator.card.get(ENTRY)
    if wanted is None:
        return
    found = answer(estimator)
    apart = {name: abs(found[name] - wanted[name]) for name in found}
    # Not the other way round, so that nan is refused too.
    if not (
        apart["age_years"] <= AGE_TOLERANCE_YEARS
        and apart["p_female"] <= PROBABILITY_TOLERANCE
    ):
        raise ModelError(
            f"Model {estimator.card['name']} does not answer as it did when it was "
            f"exported ({found['age_years']:.1f} years instead of "
            f"{wanted['age_years']:.1f}). The installed LiteRT may not suit it: "
            f"install what requirements.lock pins. {MEND}"
        )
