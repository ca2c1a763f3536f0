from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agemodel.core.errors import ModelError
from agemodel.models.neighbours import Neighbour, Neighbours
from tests.harness.fakes import embedding_of_age
from tests.harness.made_models import FACES, faces_table, train_file, write_model

AGES = [5, 20, 24, 26, 33, 60, 90]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path / "mobile", faces_table(AGES))


def test_nearest_are_the_likest_first_with_their_labels(folder: Path) -> None:
    alike = Neighbours(folder).nearest(embedding_of_age(25), k=3)
    # 24 and 26 are a year away; then 20, five years away
    assert sorted(face.age for face in alike[:2]) == [24, 26]
    assert alike[2] == Neighbour(
        file=train_file(20),
        age=20,
        gender="male",  # 20 % 2
        race="White",  # 20 % 5
        similarity=alike[2].similarity,
    )
    # An angle of 5 / 116 of a right angle: its cosine is 0.99771.
    assert alike[2].similarity == pytest.approx(0.9977, abs=5e-4)


def test_a_face_is_likest_to_itself_and_opposite_to_its_negative(folder: Path) -> None:
    neighbours = Neighbours(folder)
    itself = neighbours.nearest(embedding_of_age(33), k=1)[0]
    assert (itself.age, itself.similarity) == (33, pytest.approx(1, abs=1e-6))
    opposite = neighbours.nearest(-embedding_of_age(33), k=len(AGES))[-1]
    assert (opposite.age, opposite.similarity) == (33, pytest.approx(-1, abs=1e-6))


def test_length_of_an_embedding_does_not_matter(folder: Path) -> None:
    neighbours = Neighbours(folder)
    assert neighbours.nearest(embedding_of_age(60) * np.float16(8)) == (
        neighbours.nearest(embedding_of_age(60))
    )


def test_no_face_but_of_training_is_ever_found(tmp_path: Path) -> None:
    splits = ["train", "val", "test", "", "train"]
    table = faces_table([10, 25, 26, 27, 80], splits)
    neighbours = Neighbours(write_model(tmp_path / "mobile", table))
    # fewer than the six that are asked for
    assert [face.age for face in neighbours.nearest(embedding_of_age(26))] == [10, 80]


def test_face_without_any_direction_is_answered_all_the_same(folder: Path) -> None:
    alike = Neighbours(folder).nearest(np.zeros(64, np.float16))
    assert [face.similarity for face in alike] == [0] * 6


def test_model_exported_without_faces_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"without the faces.*agemodel export"):
        Neighbours(write_model(tmp_path / "mobile"))


def test_a_flipped_bit_is_told(folder: Path) -> None:
    content = bytearray((folder / FACES).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / FACES).write_bytes(content)
    with pytest.raises(ModelError, match=r"differs from the checksum.*git checkout"):
        Neighbours(folder)


@pytest.mark.parametrize("column", ["split", "age", "embedding"])
def test_faces_without_a_column_are_refused(tmp_path: Path, column: str) -> None:
    table = faces_table(AGES).drop_columns([column])
    with pytest.raises(ModelError, match=r"cannot be read.*agemodel export"):
        Neighbours(write_model(tmp_path / "mobile", table))


def test_embeddings_of_another_length_are_refused(tmp_path: Path) -> None:
    table = faces_table(AGES).drop_columns(["embedding"])
    short = table.append_column("embedding", pa.array([bytes(2 * 32)] * len(AGES)))
    with pytest.raises(ModelError, match="another length"):
        Neighbours(write_model(tmp_path / "mobile", short))


def test_faces_of_which_none_trained_are_refused(tmp_path: Path) -> None:
    table = faces_table([30, 40], ["val", "test"])
    with pytest.raises(ModelError, match="none is a training face"):
        Neighbours(write_model(tmp_path / "mobile", table))


def test_embedding_of_another_size_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="64 numbers"):
        Neighbours(folder).nearest(np.zeros(32, np.float16))
