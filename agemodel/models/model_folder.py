"""The folder of an exported model: its card, the network and its training faces.

::

    <name>/
        card.json      what the model is, and the checksum of each other file
        card.md        the same as a page to read
        model.tflite   the network
        faces.parquet  the faces of its run with embeddings, where the network has them

LiteRT runs many a damaged file without complaint, so every file is held to the card,
and the card to a digest of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agemodel.core import paths
from agemodel.core.checksums import seal, sha256_of, unseal
from agemodel.core.errors import ModelError
from agemodel.models.card import Card, FileEntry, card_from, card_values
from agemodel.models.card_text import card_markdown

CARD = "card.json"
REPAIR = (
    "Restore it (git checkout -- assets/models) or export the model again: "
    "python -m agemodel export RUN NAME"
)
"""What to do about a model that is damaged."""


@dataclass(frozen=True)
class ModelFolder:
    """The folder of an exported model; what is read of it is read once."""

    path: Path

    @classmethod
    def named(cls, name: str) -> ModelFolder:
        """Where the model of a name lies, if there is one."""
        return cls(paths.models_dir() / name)

    @property
    def name(self) -> str:
        """The model's name: the folder's."""
        return self.path.name

    @property
    def exists(self) -> bool:
        """Whether there is a model, sound or not."""
        return (self.path / CARD).exists()

    @cached_property
    def card(self) -> Card:
        """The model's card.

        Raises:
            ModelError: there is no such model, or its card cannot be read.
        """
        if not self.exists:
            others = ", ".join(one.parent.name for one in _cards(self.path.parent))
            raise ModelError(
                f"There is no model {self.name!r}; there are: {others or 'none yet'}. "
                "Make one from a run: python -m agemodel export RUN NAME"
            )
        try:
            return card_from(unseal((self.path / CARD).read_bytes()))
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The card of the model '{self.name}' is damaged or of another "
                f"version: {error}. {REPAIR}"
            ) from error

    def read_model(self) -> bytes:
        """The network, held to its checksum.

        Raises:
            ModelError: it is missing or damaged, or the card is.
        """
        return self._read(self.card.model_file, f"Model {self.name}")

    def read_faces(self) -> bytes:
        """The Parquet file of the faces with embeddings, held to its checksum.

        Raises:
            ModelError: the model has none, or it is missing or damaged.
        """
        entry = self.card.faces_file
        if entry is None:
            raise ModelError(
                f"The model {self.name} was exported without the faces to compare "
                "with. Export it again: python -m agemodel export RUN NAME"
            )
        return self._read(entry, f"The list of faces of the model {self.name}")

    def _read(self, entry: FileEntry, what: str) -> bytes:
        try:
            content = (self.path / entry.file).read_bytes()
        except OSError as error:
            raise ModelError(
                f"{what} cannot be read ({type(error).__name__}). {REPAIR}"
            ) from error
        if sha256_of(content) != entry.sha256:
            raise ModelError(
                f"{what} differs from the checksum in the model's card: the file is "
                f"damaged or was replaced. {REPAIR}"
            )
        return content

    def write_card(self, card: Card) -> None:
        """Write the card, with a digest of itself, and the page to read."""
        (self.path / CARD).write_bytes(seal(card_values(card)))
        (self.path / "card.md").write_text(card_markdown(card), "utf-8")


def read_cards() -> dict[str, Card]:
    """Read the card of every exported model, by the model's name, in their order.

    Raises:
        ModelError: a card cannot be read.
    """
    found = [ModelFolder(card.parent) for card in _cards(paths.models_dir())]
    return {model.name: model.card for model in found}


def _cards(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/{CARD}"))
