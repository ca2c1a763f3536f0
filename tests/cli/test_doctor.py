from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agemodel import cli
from agemodel.cli import doctor
from agemodel.cli.doctor import BAD, NOTE, OK, examine, unready
from agemodel.core import paths
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import open_run
from tests.harness.bit_flips import flipped
from tests.harness.plain_predictions import SERVED


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data and runs of this test alone, and a copy of the models that ship."""
    shutil.copytree(paths.ASSETS / "models", tmp_path / "models")
    for name in ("DATA", "RUNS", "MODELS"):
        monkeypatch.setenv(f"AGEMODEL_{name}", str(tmp_path / name.lower()))
    return tmp_path


@pytest.fixture
def model(folders: Path) -> Path:
    return folders / "models" / "mobile" / "model.tflite"


def test_a_sound_project_is_found_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {OK, NOTE}
    for subject in (
        "model: mobile",
        "face detector",
        "labels: 23,704",
        f"run {SERVED}",
    ):
        assert any(line.startswith(f"ok    {subject}") for line in lines), subject


def test_a_missing_model_is_red_with_the_way_to_mend_it(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, doctor._model)
    model.unlink()
    assert cli.main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert not found["sound"]
    (check,) = found["checks"]
    assert check["level"] == BAD
    assert "agemodel export RUN NAME" in check["text"]


def only(monkeypatch: pytest.MonkeyPatch, look) -> None:
    """Let `examine` look at one thing alone."""
    checks = lambda: doctor._looked_at("it", look)  # noqa: E731
    monkeypatch.setattr(doctor, "examine", checks)


@pytest.mark.parametrize("file", ["model.tflite", "card.json"])
def test_readiness_goes_red_for_a_damaged_model_and_green_again(
    model: Path, file: str
) -> None:
    path = model.with_name(file)
    good = path.read_bytes()
    assert unready() == []
    for content in (flipped(good, 8 * len(good) // 2), good[:-1], b""):
        path.write_bytes(content)
        (problem,) = unready()
        assert "mobile" in problem and "git checkout" in problem
    path.unlink()
    (problem,) = unready()
    assert "agemodel export" in problem
    path.write_bytes(good)
    assert unready() == []


def test_readiness_goes_red_for_a_damaged_detector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(paths.DETECTORS, tmp_path / "detectors")
    monkeypatch.setattr(paths, "DETECTORS", tmp_path / "detectors")
    assert unready() == []
    (tmp_path / "detectors" / "face_detection_back.tflite").write_bytes(b"")
    (problem,) = unready()
    assert "face_detection_back.tflite differs" in problem


def test_a_model_that_was_chosen_and_is_gone_is_red_with_the_way_back(
    folders: Path,
) -> None:
    (folders / "runs").mkdir()
    (folders / "runs" / "app-model").write_text("mine\n")
    (problem,) = unready()
    assert "agemodel use mobile" in problem


def test_a_damaged_run_and_a_damaged_import_are_told(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    run = open_run(TrainConfig("recipe", "mobile"), "mine")
    (run.folder / "history.csv").write_bytes(b"\xff\xff")
    (folders / "data").mkdir()
    (folders / "data" / "import.json").write_text("{")
    found = {check.subject: check for check in examine()}
    assert found["run mine"].level == found["dataset"].level == BAD
    assert "history.csv of run mine is damaged" in found["run mine"].text
    assert "data import" in found["dataset"].text


def test_a_folder_that_cannot_be_written_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_is_writable", lambda _: False)
    (check,) = doctor._folder("data folder", tmp_path / "no" / "data", "AGEMODEL_DATA")
    assert check.level == NOTE
    assert str(tmp_path) in check.text and "AGEMODEL_DATA" in check.text


def test_little_room_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = doctor._folder("data folder", tmp_path, "AGEMODEL_DATA")
    monkeypatch.setattr(doctor, "ENOUGH_BYTES", 10**18)
    (full,) = doctor._folder("data folder", tmp_path, "AGEMODEL_DATA")
    assert (check.level, full.level) == (OK, NOTE)
    assert "Make room" in full.text


def test_keras_starts_as_training_needs_it_whatever_the_user_has_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"backend": "torch", "floatx": "float16"}
    settings |= {"image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "1")
    assert "tensorflow, float32, channels_last" in doctor._keras()


def test_keras_that_cannot_start_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_START_KERAS", "raise ImportError('no AVX')")
    (check,) = doctor._looked_at("Keras", doctor._keras, NOTE)
    assert check.level == NOTE
    assert "ImportError: no AVX" in check.text


def test_packages_that_are_missing_or_of_other_versions_are_named(
    tmp_path: Path,
) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("# why\n-r other.txt\nno-such-package>=1\nnumpy<1  # old\npandas\n")
    (check,) = doctor._packages(path, BAD)
    assert check.level == BAD
    assert "no-such-package is not installed; numpy " in check.text
    assert "pandas" not in check.text
    path.write_text("pandas>=1\n")
    (check,) = doctor._packages(path, BAD)
    assert check.level == OK
    assert list(doctor._packages(tmp_path / "none.txt", BAD)) == []


def test_a_run_that_ships_without_its_manifest_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shipped" / "one").mkdir(parents=True)
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "shipped")
    (check,) = doctor._looked_at("shipped files", doctor._shipped)
    assert check.level == BAD
    assert "runs/one/manifest.json" in check.text
