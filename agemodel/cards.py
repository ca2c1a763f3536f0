"""The cards of the exported models: what a model is, as its export wrote it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agemodel import paths
from agemodel.errors import ModelError

CARD = "card.json"


def read_cards(folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """Read the card of every exported model, by the model's name.

    Args:
        folder: a folder of models, `paths.models_dir()` unless given.

    Returns:
        The cards in the order of their names; empty when there is no model.

    Raises:
        ModelError: a card cannot be read.
    """
    cards = sorted((folder or paths.models_dir()).glob(f"*/{CARD}"))
    return {card.parent.name: _read_card(card) for card in cards}


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The card of the model '{path.parent.name}' cannot be read "
            f"({type(error).__name__}). Export the model again: "
            "python -m agemodel export RUN NAME"
        ) from error
    if not isinstance(card, dict):
        raise ModelError(
            f"The card of the model '{path.parent.name}' is a "
            f"{type(card).__name__}, not an object. Export the model again: "
            "python -m agemodel export RUN NAME"
        )
    return card
