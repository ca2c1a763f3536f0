"""Cards of exported models: what a model is, as its export wrote it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agemodel import paths
from agemodel.errors import ModelError

CARD = "card.json"


def read_card(folder: Path) -> dict[str, Any]:
    """Read the card of the model in a folder.

    Raises:
        ModelError: there is no such model, or its card cannot be read.
    """
    if not (folder / CARD).exists():
        names = ", ".join(path.parent.name for path in folder.parent.glob(f"*/{CARD}"))
        raise ModelError(
            f"There is no model {folder.name!r}; there are: {names or 'none yet'}. "
            "Make one from a run: python -m agemodel export RUN NAME"
        )
    return _read_card(folder / CARD)


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


def write_card(path: Path, card: dict[str, Any]) -> None:
    """Write a card as JSON."""
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")


def card_markdown(card: dict[str, Any]) -> str:
    """A card as a page to read.

    Args:
        card: as `agemodel.export` makes it.
    """
    training, difference = card["training"], card["difference_from_keras"]
    lines = [
        f"# {card['name']}",
        "",
        f"A {card['network']} with {card['parameters']:,} parameters for faces of "
        f"{card['input_px']} px, from run `{card['run']}` (epoch "
        f"{training['best_epoch']} of {training['epochs']}, chosen on val). "
        f"{card['bytes'] / 1e6:.1f} MB, SHA-256 `{card['sha256']}`.",
        "",
        "It estimates apparent age, and gender as labelled in the dataset (two "
        "labels); it says nothing of identity. It is not for age checks, hiring, "
        "surveillance or any decision about a person.",
        "",
        "## Errors",
        "",
        *_split_table(card["metrics"]),
        "",
        "MAE: mean absolute error, with its 95 % bootstrap interval. CS@5: share of "
        "faces within 5 years. One-off: right age group or a neighbour. Coverage: "
        "share of ages inside their "
        f"{card['calibration']['coverage']:.0%} interval. 'coral_test' is the test "
        "split that papers publish on (21 to 60 years); the training set is this "
        "project's own.",
        "",
        *_group_tables(card["groups"].get("test", {})),
        "## Export",
        "",
        f"On {difference['faces']} val faces LiteRT differs from Keras by at most "
        f"{difference['age_years']:.3f} years and {difference['p_female']:.4f} in "
        "p(female).",
        "",
        "## Licence",
        "",
        card["licence"],
    ]
    return "\n".join(lines) + "\n"


def _split_table(splits: dict[str, dict[str, Any]]) -> list[str]:
    head = "| split | n | MAE (years) | CS@5 | group | one-off | gender | coverage |"
    rule = "| --- | --- | --- | --- | --- | --- | --- | --- |"
    return [head, rule, *(_row(name, part) for name, part in splits.items())]


def _row(name: str, part: dict[str, Any]) -> str:
    low, high = part["mae_years_95"]
    shares = ("cs5", "group_accuracy", "group_one_off", "gender_accuracy", "coverage")
    cells = " | ".join(f"{part[share]:.1%}" for share in shares)
    mae = f"{part['mae_years']:.2f} ({low:.2f} to {high:.2f})"
    return f"| {name} | {part['n']:,} | {mae} | {cells} |"


def _group_tables(groups: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for key, parts in groups.items():
        lines += [f"### Test faces by {key.replace('_', ' ')}", ""]
        lines += [*_split_table(parts), ""]
    return lines
