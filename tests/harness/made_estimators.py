"""What a run over footage needs of an estimator besides its estimates."""

from __future__ import annotations

from typing import Any, cast

from agemodel.metrics.calibration import Calibration
from agemodel.models.card import Card
from agemodel.serving import Estimator
from tests.harness.made_cards import made_card


class CardOnly:
    """An estimator that estimates nothing: its card and its calibration."""

    def __init__(self, **changes: Any) -> None:
        """Have a made card; `changes` replace its entries."""
        self.card: Card = made_card(**changes)
        self.calibration: Calibration = self.card.calibration


def card_only() -> Estimator:
    """The same for what asks for an estimator's type."""
    return cast(Estimator, CardOnly())
