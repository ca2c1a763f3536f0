"""Cards of exported models: what a model is, as its export wrote it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agemodel import paths
from agemodel.errors import ModelError

CARD = "card.json"
REQUIRED = frozenset(
    {"format", "name", "network", "run", "input_px", "flip_average", "parameters"}
    | {"file", "bytes", "sha256", "difference_from_keras", "calibration"}
    | {"conditions", "metrics", "groups", "training", "licence"}
)
"""What every card holds."""


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
    if missing := REQUIRED - card.keys():
        raise ModelError(
            f"The card of the model '{path.parent.name}' lacks {min(missing)}: it is "
            "damaged or of another version. Export the model again: "
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
    return "\n\n".join(
        [
            f"# {card['name']}",
            what_it_is(card),
            USES,
            "## Errors",
            _markdown_table(error_rows(card["metrics"])),
            MEASURES,
            *(
                f"### {title}\n\n{_markdown_table(rows)}"
                for title, rows in group_rows(card).items()
            ),
            "## Export",
            how_exported(card),
            "## Licence",
            card["licence"],
            "",
        ]
    )


USES = (
    "It estimates apparent age, and gender as labelled in the dataset (two labels); it "
    "says nothing of identity. It is not for age checks, hiring, surveillance or any "
    "decision about a person."
)

MEASURES = (
    "MAE: mean absolute error, with its 95 % bootstrap interval. CS@5: share of faces "
    "within 5 years. Group: age group right; one-off: right or a neighbour. Interval: "
    "share of true ages inside the stated interval. Val chose the epoch and the "
    "calibration, test is only reported; 'coral_test' is the part of test that papers "
    "publish on (21 to 60 years), here after training on this project's own split."
)


def what_it_is(card: dict[str, Any]) -> str:
    """Network, run, size and checksum in a sentence or two."""
    training = card["training"]
    return (
        f"A {card['network']} network with {card['parameters']:,} parameters for faces "
        f"of {card['input_px']} px, from run `{card['run']}` (epoch "
        f"{training['best_epoch']} of {training['epochs']}, chosen on val). "
        f"{card['bytes'] / 1e6:.1f} MB, SHA-256 `{card['sha256']}`."
    )


def how_exported(card: dict[str, Any]) -> str:
    """How near LiteRT comes to Keras, in a sentence."""
    difference = card["difference_from_keras"]
    return (
        f"On {difference['faces']} val faces LiteRT differs from Keras by at most "
        f"{difference['age_years']:.3f} years and {difference['p_female']:.4f} in "
        "p(female)."
    )


def error_rows(parts: dict[str, dict[str, Any]]) -> list[dict[str, str]]:
    """The main measures in words, a row a part of the faces."""
    return [{"Faces": name, **_measures(part)} for name, part in parts.items()]


def _measures(part: dict[str, Any]) -> dict[str, str]:
    low, high = part["mae_years_95"]
    return {
        "n": f"{part['n']:,}",
        "MAE (years)": f"{part['mae_years']:.2f} ({low:.2f} to {high:.2f})",
        "CS@5": f"{part['cs5']:.1%}",
        "Group": f"{part['group_accuracy']:.1%}",
        "One-off": f"{part['group_one_off']:.1%}",
        "Gender": f"{part['gender_accuracy']:.1%}",
        "Interval": f"{part['coverage']:.1%}",
    }


def group_rows(card: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Rows on test faces, by a title for each way of grouping them."""
    groups = card["groups"].get("test", {})
    return {
        f"Test faces by {key.replace('_', ' ')}": error_rows(parts)
        for key, parts in groups.items()
    }


def _markdown_table(rows: list[dict[str, str]]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(r.values()) for r in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
