from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.runs.config import TrainConfig
from agemodel.runs.licence import licence_of
from agemodel.runs.run_folder import (
    SHIPPED_FILES,
    Run,
    find_run,
    list_runs,
    open_run,
    ship_run,
)
from tests.harness.bit_flips import flipped
from tests.harness.made_predictions import made_predictions

CONFIG = TrainConfig("recipe", "mobile", epochs=3)
NO_FOLDER_NAMES = ["", ".", "..", "../x", "a/b", "/tmp", ".x", "-x", "a b", "a\n", "é"]


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Local runs and shipped runs of this test alone."""
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "shipped")
    return tmp_path / "runs"


@pytest.fixture
def run() -> Run:
    return open_run(CONFIG, "first")


def ship(run_id: str) -> Run:
    """A run in the folder of those that come with the project."""
    folder = paths.SHIPPED_RUNS / run_id
    folder.mkdir(parents=True)
    shipped = Run(folder)
    shipped.write_json("config.json", CONFIG.as_dict())
    return shipped


def predictions(count: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return made_predictions(
        [f"{k}.jpg" for k in range(count)],
        age=rng.integers(1, 100, count).astype(np.int16),
        age_years=rng.uniform(1, 100, count).astype(np.float32),
        decided=rng.uniform(0, 1, count) < 0.9,
        age_probabilities=list(rng.dirichlet(np.ones(8), count).astype(np.float32)),
    )


def test_new_run_holds_its_recipe_and_its_surroundings(run: Run) -> None:
    assert run.read_config() == CONFIG
    environment = run.read_json("environment.json")
    assert environment["packages"]["numpy"] == np.__version__
    assert environment["cpus"] == os.cpu_count()
    assert {"agemodel", "python", "commit", "machine", "started"} <= set(environment)


def test_run_of_the_same_recipe_is_gone_on_with(run: Run) -> None:
    before = (run.folder / "environment.json").read_bytes()
    assert open_run(CONFIG, "first") == run
    assert (run.folder / "environment.json").read_bytes() == before


def test_run_of_another_recipe_is_not_gone_on_with(run: Run) -> None:
    other = TrainConfig("recipe", "mobile", epochs=4)
    with pytest.raises(RunError, match=r"another recipe\. Choose another id"):
        open_run(other, "first")
    assert run.read_config() == CONFIG


def test_run_with_a_damaged_recipe_is_not_written_over(run: Run) -> None:
    (run.folder / "config.json").write_text("{", "utf-8")
    with pytest.raises(RunError, match=r"config\.json of run first is damaged"):
        open_run(CONFIG, "first")


def test_folder_that_was_left_before_its_recipe_was_written_is_taken(
    runs_folder: Path,
) -> None:
    (runs_folder / "begun").mkdir(parents=True)
    assert open_run(CONFIG, "begun").read_config() == CONFIG


@pytest.mark.parametrize("run_id", [*NO_FOLDER_NAMES[1:], "x" * 82])
def test_id_that_is_no_folder_name_is_refused(run_id: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="use letters, digits"):
        open_run(CONFIG, run_id)
    assert list(tmp_path.iterdir()) == []


def test_recipe_whose_name_is_no_folder_name_needs_an_id() -> None:
    config = TrainConfig("../recipe", "mobile")
    with pytest.raises(RunError, match="cannot name a run"):
        open_run(config)
    assert open_run(config, "ok").id == "ok"


@pytest.mark.parametrize("run_id", [*NO_FOLDER_NAMES, "second"])
def test_run_that_is_not_there_is_refused_with_those_that_are(
    run_id: str, run: Run
) -> None:
    ship("shipped")
    with pytest.raises(RunError, match="The runs are: first, shipped"):
        find_run(run_id)


def test_no_runs_yet_is_said() -> None:
    assert list_runs() == []
    with pytest.raises(RunError, match="none yet"):
        find_run("first")


def test_runs_are_listed_by_id_and_a_local_one_hides_its_shipped_namesake() -> None:
    ship("second"), ship("alone")
    for run_id in ("second", "first"):
        open_run(CONFIG, run_id)
    found = list_runs()
    assert [run.id for run in found] == ["first", "second", "alone"]
    assert [run.folder.parent for run in found[:2]] == [paths.runs_dir()] * 2
    assert find_run("second") == found[1]
    assert find_run("alone").folder.parent == paths.SHIPPED_RUNS


def test_predictions_come_back_as_they_were_written(run: Run) -> None:
    frame = predictions()
    run.write_predictions(frame)
    pd.testing.assert_frame_equal(run.read_predictions(), frame)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"decided": None}, "has no column decided"),
        ({"age": ["30"]}, "column age is of .*string, not of int16"),
        ({"age": [30.0]}, "column age is of double, not of int16"),
        ({"age": [40_000]}, "other types"),
    ],
)
def test_predictions_of_another_form_are_refused_by_the_columns_name(
    run: Run, change: dict[str, list | None], words: str
) -> None:
    frame = made_predictions(["a.jpg"]).assign(**change)
    run.write_table("predictions.parquet", frame.dropna(axis=1))
    with pytest.raises(RunError, match=rf"other columns.*{words}.*evaluate first"):
        run.read_predictions()


def test_history_before_the_first_epoch_is_empty(run: Run) -> None:
    assert run.read_history().empty


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\x00"])
@pytest.mark.parametrize("name", ["metrics.json", "calibration.json"])
def test_damaged_file_of_an_evaluation_says_how_to_make_it_again(
    run: Run, name: str, text: str
) -> None:
    (run.folder / name).write_text(text, "utf-8")
    with pytest.raises(RunError, match=f"{name} of run first.*agemodel evaluate first"):
        run.read_json(name)


def test_missing_file_of_an_evaluation_says_how_to_make_it(run: Run) -> None:
    for read in (run.read_predictions, lambda: run.read_json("metrics.json")):
        with pytest.raises(RunError, match="python -m agemodel evaluate first"):
            read()


@pytest.mark.parametrize("name", ["config.json", "status.json"])
@pytest.mark.parametrize("content", [None, b"{", b"\xff", b"[]", b"7"])
def test_damaged_file_of_a_training_says_what_can_be_done(
    run: Run, name: str, content: bytes | None
) -> None:
    (run.folder / name).unlink(missing_ok=True)
    if content is not None:
        (run.folder / name).write_bytes(content)
    with pytest.raises(RunError, match=rf"{name}.*Restore it from a copy"):
        run.read_json(name)


@pytest.mark.parametrize(
    "changes", [{"epochs": "three"}, {"epochs": 0}, {"colour": 1}, {"name": None}]
)
def test_recipe_that_does_not_hold_together_names_its_run(
    run: Run, changes: dict
) -> None:
    run.write_json("config.json", CONFIG.as_dict() | changes)
    with pytest.raises(RunError, match=r"config\.json of run first: .*Restore it"):
        run.read_config()


@pytest.mark.parametrize(
    "content", [b"", b'a,b\n"1', b"\xff\xfe\x00", b"a\n1,2\n3,4,5"]
)
def test_damaged_history_says_what_can_be_done(run: Run, content: bytes) -> None:
    (run.folder / "history.csv").write_bytes(content)
    with pytest.raises(RunError, match=r"history\.csv of run first.*Restore it"):
        run.read_history()


@pytest.mark.parametrize("length", [0, 3, 100, -1])
def test_predictions_cut_short_are_damaged(run: Run, length: int) -> None:
    run.write_predictions(predictions())
    path = run.folder / "predictions.parquet"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(RunError, match=r"is damaged.*agemodel evaluate first"):
        run.read_predictions()


def test_a_run_that_was_not_evaluated_is_not_shipped(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="agemodel evaluate"):
        ship_run(Run(tmp_path))


@pytest.fixture
def local(tmp_path: Path) -> Run:
    """A run to ship, each of whose files but the recipe holds its own name."""
    run = Run(tmp_path / "local" / "one")
    run.folder.mkdir(parents=True)
    for name in (*SHIPPED_FILES, "last.keras"):
        (run.folder / name).write_bytes(name.encode())
    run.write_json("config.json", CONFIG.as_dict())
    return run


@pytest.fixture
def shipped(local: Run) -> Run:
    return ship_run(local)


def test_shipping_copies_what_is_kept_and_its_checksums(
    local: Run, shipped: Run
) -> None:
    files = shipped.read_json("manifest.json")["files"]
    assert set(files) == set(SHIPPED_FILES)
    assert not (shipped.folder / "last.keras").exists()
    for name, entry in files.items():
        content = (shipped.folder / name).read_bytes()
        assert content == (local.folder / name).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["licence"] == licence_of(CONFIG)


@pytest.mark.parametrize("name", SHIPPED_FILES)
def test_every_file_of_a_run_that_ships_is_held_to_its_checksum(
    shipped: Run, name: str
) -> None:
    whole = shipped.read(name)
    for content in (b"", whole[:-1], flipped(whole, 3)):
        (shipped.folder / name).write_bytes(content)
        with pytest.raises(RunError, match=rf"{name} of run one is damaged.*checkout"):
            shipped.read(name)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": {"log.txt": 3}}'])
def test_a_damaged_manifest_is_named(shipped: Run, text: str) -> None:
    (shipped.folder / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(RunError, match=r"manifest\.json of run one is .*checkout"):
        shipped.read("metrics.json")


def test_a_file_that_the_manifest_has_lost_is_refused(shipped: Run) -> None:
    path = shipped.folder / "manifest.json"
    path.write_text(path.read_text("utf-8").replace('"metrics.json"', '"metrics"'))
    assert shipped.read("config.json")
    with pytest.raises(RunError, match=r"metrics\.json of run one"):
        shipped.read("metrics.json")


def test_a_run_that_ships_may_be_evaluated_again(shipped: Run) -> None:
    before = json.loads((shipped.folder / "manifest.json").read_text("utf-8"))["files"]
    shipped.write_json("metrics.json", {"mae_years": 4.5})
    shipped.write_predictions(predictions())
    assert shipped.read_json("metrics.json") == {"mae_years": 4.5}
    assert len(shipped.read_predictions()) == 400
    after = json.loads((shipped.folder / "manifest.json").read_text("utf-8"))["files"]
    assert after["metrics.json"]["licence"] == before["metrics.json"]["licence"]
    assert after["config.json"] == before["config.json"]


def test_what_does_not_ship_of_a_run_that_does_is_made_by_replacing_its_figures(
    shipped: Run,
) -> None:
    with pytest.raises(RunError, match=r"does not ship.*evaluate one --replace$"):
        shipped.read_projection()


def test_every_flipped_bit_in_a_file_of_a_run_made_here_is_told(run: Run) -> None:
    frame = pd.DataFrame({"epoch": [1, 2], "val_age_mae_years": [7.25, 6.5]})
    run.write_history(frame)
    pd.testing.assert_frame_equal(run.read_history(), frame)
    for name, read in (
        ("history.csv", run.read_history),
        ("config.json", run.read_config),
    ):
        good = (run.folder / name).read_bytes()
        for bit in range(0, 8 * len(good), 13):
            (run.folder / name).write_bytes(flipped(good, bit))
            with pytest.raises(RunError, match=f"{name} of run first"):
                read()


def test_a_file_that_a_run_that_ships_has_lost_is_missing_not_yet_to_come(
    shipped: Run,
) -> None:
    for name, read in (
        ("config.json", shipped.read_config),
        ("history.csv", shipped.read_history),
        ("predictions.parquet", shipped.read_predictions),
        ("metrics.json", lambda: shipped.read_json("metrics.json")),
    ):
        (shipped.folder / name).unlink()
        assert shipped.expects(name)
        with pytest.raises(RunError, match=rf"{name} of run one is missing.*checkout"):
            read()
    assert list_runs() == [shipped]
