"""The training faces that a model finds most alike to a face.

Alike is what has a similar embedding: the principal components of the features from
which the network reads age and gender. It is no statement on who somebody is.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.core.labels import EMBEDDING_SIZE, GENDERS, RACES
from agemodel.core.tables import read_parquet
from agemodel.models.cards import MEND, read_card, read_file

TRAIN = "train"

_COLUMNS = ["file", "split", "age", "gender", "race", "embedding"]
_BYTES = EMBEDDING_SIZE * np.dtype("<f2").itemsize


@dataclass(frozen=True)
class Neighbour:
    """A training face beside another face.

    Attributes:
        file: its name in the dataset's index.
        age: its label, years.
        gender: its label, of `labels.GENDERS`.
        race: its label, of `labels.RACES`.
        similarity: cosine of the two embeddings, -1..1.
    """

    file: str
    age: int
    gender: str
    race: str
    similarity: float


class Neighbours:
    """A model's training faces, to be searched; any number of threads may share it."""

    def __init__(self, folder: Path) -> None:
        """Load the training faces of an exported model; `load` does it by name.

        Args:
            folder: as `agemodel.learning.export` writes it.

        Raises:
            ModelError: the model has no such faces, or they are missing or damaged.
        """
        faces, embeddings = _read_faces(folder, read_card(folder))
        self._faces = faces
        self._directions = _normalised(embeddings)  # (n, 64)

    @classmethod
    def load(cls, name: str) -> Neighbours:
        """Load the training faces of an exported model by its name.

        Raises:
            ModelError: the model has no such faces, or they are missing or damaged.
        """
        return cls(paths.models_dir() / name)

    def __len__(self) -> int:
        """How many training faces there are."""
        return len(self._directions)

    def nearest(self, embedding: np.ndarray, k: int = 6) -> list[Neighbour]:
        """The training faces most alike to a face, the likest first.

        Args:
            embedding: shape (64,), as in `Estimate`.
            k: how many; fewer come back where there are fewer.

        Raises:
            ModelError: the embedding has another shape.
        """
        if np.shape(embedding) != (EMBEDDING_SIZE,):
            raise ModelError(
                f"Faces are compared by {EMBEDDING_SIZE} numbers; this one has the "
                f"shape {np.shape(embedding)}. Model and faces are of two exports: "
                "export again: python -m agemodel export RUN NAME"
            )
        direction = _normalised(np.asarray(embedding, dtype=np.float32)[None])[0]
        similarities = self._directions @ direction  # (n,)
        order = np.argsort(-similarities, kind="stable")[:k]
        return [self._neighbour(row, similarities[row]) for row in order]

    def _neighbour(self, row: int, similarity: float) -> Neighbour:
        return Neighbour(
            file=self._faces["file"][row],
            age=int(self._faces["age"][row]),
            gender=GENDERS[self._faces["gender"][row]],
            race=RACES[self._faces["race"][row]],
            similarity=float(np.clip(similarity, -1, 1)),
        )


def median_age(neighbours: Sequence[Neighbour]) -> float:
    """The median of their labelled ages, years; there must be one at least."""
    return float(statistics.median(neighbour.age for neighbour in neighbours))


def _normalised(embeddings: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32; a row of zeros stays one."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings / np.maximum(lengths, np.finfo(np.float32).tiny)


def _read_faces(
    folder: Path, card: dict[str, Any]
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The columns of a model's training faces, and their embeddings, (n, 64) float32.

    The components are centred on the training faces already, by how they were made.
    """
    table = _read_table(folder, card)
    split = table["split"].to_numpy()
    train = table.filter(pa.array(split == TRAIN))
    content = train["embedding"].to_pylist()
    if not content or set(map(len, content)) != {_BYTES}:
        raise ModelError(
            f"The faces of the model {folder.name} have embeddings of another length "
            f"than {_BYTES} bytes, or none is a training face. {MEND}"
        )
    flat = np.frombuffer(b"".join(content), dtype="<f2").astype(np.float32)
    columns = {name: train[name].to_numpy() for name in _COLUMNS[:-1]}
    return columns, flat.reshape(-1, EMBEDDING_SIZE)


def _read_table(folder: Path, card: dict[str, Any]) -> pa.Table:
    """The table that the card names, held to its checksum."""
    if "faces_file" not in card:
        raise ModelError(
            f"The model {folder.name} was exported without the faces to compare with. "
            "Export it again: python -m agemodel export RUN NAME"
        )
    what = f"The list of faces of the model {folder.name}"
    content = read_file(folder, card["faces_file"], what)
    try:
        return read_parquet(content, _COLUMNS)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ModelError(
            f"The faces of the model {folder.name} cannot be read "
            f"({type(error).__name__}). {MEND}"
        ) from error
