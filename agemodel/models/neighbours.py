"""The training faces that a model finds most alike to a face.

Alike is what has a similar embedding: the principal components of the features from
which the network reads age and gender. It is no statement on who somebody is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from agemodel.core.errors import ModelError
from agemodel.core.labels import EMBEDDING_SIZE, GENDERS, RACES
from agemodel.core.tables import read_parquet
from agemodel.models.model_folder import REPAIR, ModelFolder

TRAIN = "train"

_LABELS = ("file", "age", "gender", "race")
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
        """Load the training faces of an exported model.

        Args:
            folder: as `agemodel.learning.export` writes it.

        Raises:
            ModelError: the model has no such faces, or they are missing or damaged.
        """
        model = ModelFolder(folder)
        table = read_face_table(model, [*_LABELS, "split", "embedding"])
        train = table.filter(pa.array(table["split"].to_numpy() == TRAIN))
        self._directions = directions_of(model, train)  # (n, 64)
        self._faces = {name: train[name].to_numpy() for name in _LABELS}

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


def read_face_table(model: ModelFolder, columns: Sequence[str]) -> pa.Table:
    """Read columns of a model's faces: those of its run's split, with embeddings.

    Raises:
        ModelError: the model has none, or they are missing or damaged.
    """
    content = model.read_faces()
    try:
        return read_parquet(content, columns)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ModelError(
            f"The faces of the model {model.name} cannot be read "
            f"({type(error).__name__}). {REPAIR}"
        ) from error


def directions_of(model: ModelFolder, faces: pa.Table) -> np.ndarray:
    """The embeddings of some of a model's faces, each of length 1.

    The components are centred on the training faces already, by how they were made.

    Returns:
        Shape (n, 64), float32; a row of zeros stays one.

    Raises:
        ModelError: there is no face, or an embedding has another length.
    """
    content = faces["embedding"].to_pylist()
    if {len(row or b"") for row in content} != {_BYTES}:
        raise ModelError(
            f"The faces of the model {model.name} have embeddings of another length "
            f"than {_BYTES} bytes, or none is a training face. {REPAIR}"
        )
    flat = np.frombuffer(b"".join(content), dtype="<f2").astype(np.float32)
    return _normalised(flat.reshape(-1, EMBEDDING_SIZE))


def _normalised(embeddings: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32; a row of zeros stays one."""
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings / np.maximum(lengths, np.finfo(np.float32).tiny)
