from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agemodel.core.errors import ModelError, RunError
from agemodel.explorer.model_estimates import (
    read_distributions,
    read_embeddings,
    run_of,
)
from agemodel.runs.predictions import PREDICTION_SCHEMA
from agemodel.runs.run_folder import Run
from tests.harness.fakes import embedding_of_age
from tests.harness.made_cards import made_values, write_values
from tests.harness.made_models import faces_table, train_file, write_model
from tests.harness.made_predictions import made_predictions

AGES = [20, 30, 60]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with the embeddings of three faces, of a run without predictions."""
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    (tmp_path / "runs" / "mobile-7").mkdir(parents=True)  # as the made card names it
    return write_model(tmp_path / "mobile", faces_table(AGES, ["train", "val", "test"]))


def predictions_of(folder: Path) -> Path:
    return folder.parent / "runs" / "mobile-7" / "predictions.parquet"


def faces_of(*ages: int) -> pd.DataFrame:
    return pd.DataFrame({"file": [train_file(age) for age in ages]})


def test_embeddings_are_of_all_splits_in_the_order_of_the_faces(folder: Path) -> None:
    embeddings = read_embeddings(faces_of(60, 20), folder)
    assert (embeddings.shape, embeddings.dtype) == ((2, 64), np.float32)
    assert np.allclose(embeddings[0], embedding_of_age(60), atol=1e-3)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)


def test_face_without_embedding_has_zeros(folder: Path) -> None:
    embeddings = read_embeddings(faces_of(20, 99, 30), folder)
    assert (embeddings != 0).any(axis=1).tolist() == [True, False, True]


def test_card_of_another_version_still_names_its_run(folder: Path) -> None:
    write_values(folder, made_values(format=0))
    assert run_of(folder).id == "mobile-7"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null"])
def test_card_that_cannot_be_read_is_told(folder: Path, content: str) -> None:
    (folder / "card.json").write_text(content)
    with pytest.raises(ModelError, match=r"card of the model.*agemodel export"):
        run_of(folder)


def test_missing_model_and_missing_run_are_told(folder: Path) -> None:
    with pytest.raises(ModelError, match="There is no model 'other'"):
        run_of(folder.with_name("other"))
    write_values(folder, made_values(run="gone"))
    with pytest.raises(RunError, match=r"There is no run 'gone'.*git checkout"):
        run_of(folder)


def test_distributions_are_in_the_order_of_the_faces(folder: Path) -> None:
    rows = np.eye(116, dtype=np.float32)[[19, 29]]  # all on 20, and on 30 years
    files = [train_file(20), train_file(30)]
    table = made_predictions(files, age_probabilities=list(rows))
    Run(predictions_of(folder).parent).write_predictions(table)
    found = read_distributions(faces_of(30, 99, 20), folder)
    assert (found.shape, found.dtype) == ((3, 116), np.float32)
    assert found[[0, 2]].argmax(1).tolist() == [29, 19]
    assert np.isnan(found[1]).all()


@pytest.mark.parametrize("rows", [[[0.5, 0.5]] * 2, [[0.5], [0.5, 0.5]], []])
def test_distributions_of_another_length_are_told(folder: Path, rows: list) -> None:
    files = [train_file(age) for age in AGES[: len(rows)]]
    table = made_predictions(files, age_probabilities=pd.Series(rows, dtype=object))
    table = pa.Table.from_pandas(table, PREDICTION_SCHEMA.arrow, preserve_index=False)
    pq.write_table(table, predictions_of(folder))
    with pytest.raises(RunError, match="other ages"):
        read_distributions(faces_of(20), folder)
