"""From a run to the app's model, and what the app's model then says."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agemodel.core import paths
from agemodel.core.errors import DatasetError, ModelError, RunError
from agemodel.core.labels import AGES
from agemodel.dataset.index import image_path
from agemodel.images import read_image
from agemodel.learning import evaluate, face_outputs
from agemodel.learning import export as exporting
from agemodel.learning.export import export
from agemodel.learning.training_loop import train
from agemodel.metrics.distributions import distribution_around
from agemodel.models.model_folder import ModelFolder
from agemodel.report import report_html
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, open_run, ship_run
from agemodel.serving import Estimator
from tests.harness.coloured_faces import import_coloured_faces
from tests.harness.uncompiled import uncompiled

DISTRIBUTION = TrainConfig(
    name="distribution",
    network="mobile",
    input_px=32,
    framing="chip",
    epochs=1,
    epoch_faces=32,
    batch_size=16,
    learning_rate=3e-3,
    dropout=0.0,
)
NUMBER = replace(
    DISTRIBUTION,
    name="number",
    network="seed_cnn",
    gender_weight=100.0,
    epoch_faces=0,
    epochs=4,
)
pytestmark = pytest.mark.slow
PARTS = {"train": 320, "val": 60, "test": 30}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def data(home: Path) -> Path:
    return import_coloured_faces(home, **PARTS)


def trained(
    config: TrainConfig, home: Path, data: Path, train: Callable[..., Run] = train
) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGEMODEL_RUNS", str(home / "runs"))
        run = train(config, data, config.name)
        evaluate.evaluate(run, data)
    return run


@pytest.fixture(scope="module")
def distribution(home: Path, data: Path) -> Run:
    """An evaluated run of a network that says a distribution and can explain."""
    return trained(DISTRIBUTION, home, data, uncompiled()(train))


@pytest.fixture(scope="module")
def number(home: Path, data: Path) -> Run:
    """An evaluated run of a network that says one number; trained in seconds."""
    return trained(NUMBER, home, data)


@pytest.fixture(scope="module", params=["distribution", "number"])
def evaluated(request: pytest.FixtureRequest) -> Run:
    """Both in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def model(evaluated: Run, home: Path, data: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGEMODEL_MODELS", str(home / "models"))
        return export(evaluated, evaluated.id, data)


def test_every_face_of_the_split_is_predicted(evaluated: Run) -> None:
    table = evaluated.read_predictions()
    assert table["split"].value_counts().to_dict() == PARTS
    assert table["file"].is_unique
    assert (table["age_low"] <= table["age_years"]).all()
    assert (table["age_years"] <= table["age_high"]).all()
    sums = np.stack(table["age_probabilities"].tolist()).sum(axis=1)
    np.testing.assert_allclose(sums, 1, atol=0.01)  # stored with four decimals


def test_metrics_are_those_of_the_predictions(evaluated: Run) -> None:
    table, figures = evaluated.read_predictions(), evaluated.read_json("metrics.json")
    test = table[table["split"] == "test"]
    error = (test["age_years"] - test["age"]).abs()
    part = figures["splits"]["test"]
    assert part["n"] == 30
    assert part["mae_years"] == pytest.approx(error.mean(), rel=1e-5)
    assert part["cs5"] == pytest.approx((error <= 5).mean())
    says_female = test["p_female"] >= 0.5
    right = (says_female == (test["gender"] == 1)).mean()
    assert part["gender_accuracy"] == pytest.approx(right)


def test_the_interval_holds_four_fifths_of_the_faces_it_was_chosen_on(
    evaluated: Run,
) -> None:
    table = evaluated.read_predictions().query("split == 'val'")
    inside = table["age"].between(table["age_low"], table["age_high"])
    # At least 80 % of 60, and the conformal rank ceil(61 * 0.8) = 49 is the 82nd
    # per cent; ties and the widening to the estimate itself can only add.
    assert 0.8 <= inside.mean() <= 0.95


def test_without_a_model_a_run_cannot_be_evaluated(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path))
    run = open_run(DISTRIBUTION, "untrained")
    with pytest.raises(RunError, match="agemodel train"):
        evaluate.evaluate(run, data)


@pytest.fixture(scope="module")
def untested(home: Path) -> tuple[Run, Path]:
    """An evaluated run whose dataset has no face of test, and that dataset."""
    data = import_coloured_faces(home / "untested", train=32, val=16, test=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGEMODEL_RUNS", str(home / "runs"))
        run = train(replace(NUMBER, epochs=1), data, "untested")
    evaluate.evaluate(run, data)
    return run, data


def test_without_a_face_of_test_a_run_is_exported_and_not_reported_on(
    untested: tuple[Run, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, data = untested
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path))
    assert list(run.read_json("metrics.json")["splits"]) == ["val"]
    card = ModelFolder(export(run, "untested", data)).card
    assert (list(card.metrics), card.stability.n) == (["val"], 0)
    with pytest.raises(RunError, match=r"without a face of test.*evaluate untested"):
        report_html(run)


@pytest.fixture
def shipped_run(
    untested: tuple[Run, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """A copy of that run among those that ship."""
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "shipped")
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    return ship_run(untested[0])


def contents(run: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.folder.iterdir()}


def test_a_run_that_ships_is_not_evaluated_but_its_copy_is(
    shipped_run: Run, untested: tuple[Run, Path], tmp_path: Path
) -> None:
    before, (_, data) = contents(shipped_run), untested
    with pytest.raises(RunError, match=r"stays as it is\. Copy .*/runs/NAME"):
        evaluate.evaluate(shipped_run, data)
    copy = Run(tmp_path / "runs" / "mine")
    shutil.copytree(shipped_run.folder, copy.folder)
    assert evaluate.evaluate(copy, data)["run"] == "mine"
    assert copy.read_json("metrics.json")["run"] == "mine"
    assert contents(shipped_run) == before


def test_a_run_that_ships_is_replaced_only_when_all_is_measured(
    shipped_run: Run,
    untested: tuple[Run, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, (_, data) = contents(shipped_run), untested
    with pytest.raises(DatasetError, match="no dataset"):
        evaluate.evaluate(shipped_run, tmp_path / "none", replace_shipped=True)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(evaluate, "measure_stability", interrupted)
        evaluate.evaluate(shipped_run, data, replace_shipped=True)
    assert contents(shipped_run) == before
    (shipped_run.folder / "metrics.json").unlink()
    evaluate.evaluate(shipped_run, data, replace_shipped=True)
    assert shipped_run.read_json("metrics.json")["splits"]["val"]["n"] == 16


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_exported_model_says_what_the_run_said(
    evaluated: Run, model: Path, data: Path
) -> None:
    estimator = Estimator(model, workers=1)
    table = evaluated.read_predictions().query("split == 'test'").head(10)
    for row in table.itertuples():
        estimate = estimator.estimate_aligned(chip(data, row.file))
        off = estimator.card.difference_from_keras
        years = max(0.05, 2 * off.age_years)
        assert estimate.age_years == pytest.approx(row.age_years, abs=years)
        assert estimate.age_low == pytest.approx(row.age_low, abs=2 * years)
        assert estimate.p_female == pytest.approx(row.p_female, abs=0.05)
        if evaluated.id == "number":
            assert estimate.heatmap is None
            assert estimate.embedding is None
        else:
            assert estimate.heatmap is not None
            assert estimate.heatmap.shape == (1, 1)  # 32 px, halved five times
            assert estimate.embedding is not None
            assert estimate.embedding.dtype == np.float16


def test_faces_of_the_split_come_with_their_embeddings(
    evaluated: Run, model: Path, data: Path
) -> None:
    card = json.loads((model / "card.json").read_text())
    if evaluated.id == "number":
        assert "faces_file" not in card
        return
    faces = pd.read_parquet(model / card["faces_file"]["file"])
    assert len(faces) == sum(PARTS.values())
    vectors = np.stack([np.frombuffer(row, "<f2") for row in faces["embedding"]])
    assert vectors.shape == (410, 64)
    assert np.isfinite(vectors).all()
    table = evaluated.read_predictions()
    assert faces["file"].tolist() == table["file"].tolist()
    estimator, rows = Estimator(model, workers=1), range(0, 410, 60)
    said = [estimator.estimate_aligned(chip(data, faces["file"][row])) for row in rows]
    spread = np.abs(vectors).max()
    for row, estimate in zip(rows, said, strict=True):
        off = np.abs(estimate.embedding - vectors[row]).max()
        relative = 2 * card["difference_from_keras"]["embedding"]
        assert off <= max(relative, 0.01) * spread + 0.01


def chip(data: Path, file: str) -> np.ndarray:
    return read_image(image_path(data, file)).rgb


def test_a_run_without_its_embeddings_is_not_exported(
    distribution: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    bare = Run(tmp_path / distribution.id)
    shutil.copytree(distribution.folder, bare.folder)
    for name in ("embeddings.parquet", "projection.npz"):
        (bare.folder / name).unlink()
        with pytest.raises(RunError, match=f"no {name}.*agemodel evaluate"):
            export(bare, "bare", data)


def test_a_run_trained_on_since_it_was_evaluated_is_not_exported(
    number: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    run = Run(tmp_path / number.id)
    shutil.copytree(number.folder, run.folder)
    model = face_outputs.load_best(run)
    model.layers[-1].set_weights([w + 1 for w in model.layers[-1].get_weights()])
    model.save(run.folder / "best.keras")
    with pytest.raises(RunError, match=rf"trained on since.*evaluate {run.id}"):
        export(run, "stale", data)
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("name", ["", "../out", ".hidden", "a b", "a\nb"])
def test_what_can_be_no_name_is_not_exported(
    number: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    with pytest.raises(ModelError, match="cannot name a model"):
        export(number, name, data)
    assert list(tmp_path.iterdir()) == []


def test_quantising_that_costs_accuracy_is_not_done(
    number: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path))
    monkeypatch.setattr(exporting, "MAX_MAE_CHANGE_YEARS", -100.0)
    card = json.loads((export(number, "exact", data) / "card.json").read_text())
    assert card["weights"] == "float32"
    assert card["difference_from_keras"]["age_years"] < 0.001
    monkeypatch.setattr(exporting, "MAX_MAE_CHANGE_YEARS", 100.0)
    monkeypatch.setattr(exporting, "MAX_GENDER_CHANGE", 1.0)
    small = json.loads((export(number, "small", data) / "card.json").read_text())
    assert small["weights"] == "int8"
    assert small["bytes"] < card["bytes"]
    assert small["difference_from_keras"]["age_years"] > 0


def test_a_model_that_answers_otherwise_is_refused(
    number: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path))
    monkeypatch.setattr(exporting, "MAX_MAE_CHANGE_YEARS", -100.0)
    nothing = {"age_years": float("nan"), "p_female": 0.0, "mae_years": 1.0}
    nothing |= {"keras_mae_years": 1.0}
    monkeypatch.setattr(exporting, "compare", lambda *_: nothing)
    with pytest.raises(ModelError, match="ages differ too much"):
        export(number, "wrong", data)
    assert not (tmp_path / "wrong").exists()


def test_the_card_tells_where_the_model_comes_from(evaluated: Run, model: Path) -> None:
    card = json.loads((model / "card.json").read_text())
    assert card["run"] == evaluated.id
    assert card["metrics"] == evaluated.read_json("metrics.json")["splits"]
    off = card["difference_from_keras"]
    assert abs(off["mae_years"] - off["keras_mae_years"]) <= 0.05
    page = (model / "card.md").read_text()
    assert card["sha256"] in page
    assert f"{card['metrics']['test']['mae_years']:.2f}" in page


def test_a_number_becomes_the_distribution_with_its_interval() -> None:
    distribution = distribution_around(40.0, half_width_years=10.0)
    assert distribution @ AGES == pytest.approx(40, abs=0.05)
    inside = distribution[(AGES >= 30) & (AGES <= 50)].sum()
    # 80 % lie within 30..50; whole-year bins reach half a year further on each side.
    assert 0.79 < inside < 0.83


@pytest.fixture(scope="module")
def shipped() -> Estimator:
    return Estimator.load()


def test_the_shipped_model_says_of_real_faces_what_its_run_said(
    shipped: Estimator, real_archive: Path
) -> None:
    """One crop for training and serving: the chips go in as photos, through search."""
    from agemodel.runs.run_folder import find_run

    table = find_run(shipped.card.run).read_predictions()
    rows = table[table["split"] == "test"].sample(150, random_state=0)
    with tarfile.open(real_archive) as archive:
        named = ((Path(member.name).name, member) for member in archive)
        wanted = {*rows["file"]}
        files = {n: archive.extractfile(m).read() for n, m in named if n in wanted}
    found = [shipped.estimate(read_image(files[name]).rgb) for name in rows["file"]]
    seen = pd.Series([len(faces) > 0 for faces in found], index=rows.index)
    assert seen.mean() >= 0.98
    ages = np.array([faces[0].age_years for faces in found if faces])
    same = np.abs(ages - rows["age_years"][seen])
    assert np.median(same) < 0.7
    error = np.abs(ages - rows["age"][seen]).mean()
    expected = np.abs(rows["age_years"] - rows["age"])[seen].mean()
    assert error < expected + 0.4
