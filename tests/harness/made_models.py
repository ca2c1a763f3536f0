"""A model's folder with its training faces, made without a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from agemodel.dataset.archive import import_dataset
from tests.harness.dataset_archives import face_name, splits_of, tiny_jpeg, write_tar
from tests.harness.fakes import embedding_of_age
from tests.harness.made_cards import made_values, write_values

FACES = "faces.parquet"


def train_file(age: int) -> str:
    """The name of the training face of an age, a different one each."""
    return face_name(age, age)


def faces_table(ages: Sequence[int], splits: Sequence[str] | None = None) -> pa.Table:
    """Faces as an export writes them, one an age, with the labels of their names."""
    return pa.table(
        {
            "file": [train_file(age) for age in ages],
            "split": list(splits or ["train"] * len(ages)),
            "age": list(ages),
            "gender": [age % 2 for age in ages],
            "race": [age % 5 for age in ages],
            "age_years": pa.array([float(age) for age in ages], pa.float32()),
            "embedding": [
                embedding_of_age(age).astype("<f2").tobytes() for age in ages
            ],
        }
    )


def import_train_faces(folder: Path, ages: Sequence[int]) -> Path:
    """Import a picture of each training face; return the dataset's folder."""
    files = [train_file(age) for age in ages]
    splits = splits_of(*((file, "train", "train", "train") for file in files))
    pictures = [(file, tiny_jpeg(shade)) for shade, file in enumerate(files, start=100)]
    source = write_tar(folder / "faces.tar", pictures)
    import_dataset(source, folder / "data", splits=splits)
    return folder / "data"


def write_model(folder: Path, table: pa.Table | None = None) -> Path:
    """A model's folder: a card and, if given, its faces; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    values = made_values()
    if table is not None:
        pq.write_table(table, folder / FACES)
        digest = hashlib.sha256((folder / FACES).read_bytes()).hexdigest()
        entry = {"file": FACES, "sha256": digest, "rows": table.num_rows}
        values |= {"faces_file": entry}
    write_values(folder, values)
    return folder
