"""Somebody's own labelled faces, by the commands of docs/own-faces.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agemodel import cli
from agemodel.core import paths
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.run_folder import find_run, ship_run
from agemodel.serving import Estimator
from tests.harness.coloured_faces import coloured_face

RECIPE = """
name = "mine"
network = "group_cnn"
input_px = 32
framing = "chip"
data = ["mine", "ranges"]
data_weights = [1.0, 0.5]
epoch_faces = 320
epochs = 2
batch_size = 16
learning_rate = 3e-3
"""


def write_faces(folder: Path, ages: np.ndarray, label: str) -> None:
    """Faces whose red tells the age, with labels of the form of `label`."""
    rng = np.random.default_rng(len(ages))  # two sets share no face
    folder.mkdir()
    rows = ["file,age_low,age_high,gender,split"]
    for number, age in enumerate(ages):
        gender = int(rng.integers(0, 2))
        picture = Image.fromarray(coloured_face(int(age), gender, rng))
        picture.save(folder / f"{number}.png")
        split = ("train", "train", "train", "val", "test")[number % 5]
        decade = age // 10 * 10
        values = {"age": age, "decade": decade, "decade_end": decade + 9}
        values |= {"gender": ("male", "female")[gender], "split": split}
        rows.append(f"{number}.png,{label.format(**values)}")
    (folder / "labels.csv").write_text("\n".join(rows))


@pytest.mark.slow
def test_two_hundred_faces_become_a_model_that_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATA", "RUNS", "MODELS"):
        monkeypatch.setenv(f"AGEMODEL_{name}", str(tmp_path / name.lower()))
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "shipped")
    rng = np.random.default_rng(1)
    own = "{age},{age},{gender},{split}"
    write_faces(tmp_path / "own", rng.integers(1, 100, 200), own)
    ranges = "{decade},{decade_end},,{split}"
    write_faces(tmp_path / "ranges", rng.integers(1, 100, 160), ranges)
    (tmp_path / "mine.toml").write_text(RECIPE)
    for name, folder in (("mine", "own"), ("ranges", "ranges")):
        source = str(tmp_path / folder)
        command = ["data", "import", source, "--labels", f"{source}/labels.csv"]
        assert cli.main([*command, "--name", name]) == 0
    assert "mine: own is imported: 200 usable images, 0 rejects" in (
        capsys.readouterr().out
    )
    assert cli.main(["train", str(tmp_path / "mine.toml"), "--run", "mine-1"]) == 0
    assert cli.main(["evaluate", "mine-1"]) == 0
    assert cli.main(["export", "mine-1", "mine"]) == 0
    run = find_run("mine-1")
    table = run.read_predictions()
    assert len(table) == 200
    figures = run.read_json("metrics.json")
    assert figures["splits"]["test"]["n"] == 40
    # A fifth of 160 is test: its ages are known to ten years, its genders not at all.
    measured = figures["sets"]["ranges"]
    assert (measured["split"], measured["n"], measured["n_ranges"]) == ("test", 32, 32)
    assert 0 <= measured["range_accuracy"] <= 1
    assert measured["n_genders"] == 0
    card = ModelFolder(tmp_path / "models" / "mine").card
    assert (card.sets or {})["ranges"].range_accuracy == measured["range_accuracy"]
    assert "ranges (test)" in (tmp_path / "models" / "mine" / "card.md").read_text()
    estimator = Estimator(tmp_path / "models" / "mine", workers=1)
    answer = estimator.estimate_aligned(coloured_face(30, 1, rng))
    assert answer.age_low <= answer.age_years <= answer.age_high
    assert (ship_run(run).folder / "set_predictions.parquet").exists()
