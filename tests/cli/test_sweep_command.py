"""Real trainings of a tiny recipe, by the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from agemodel import cli
from agemodel.core import paths
from agemodel.jobs.records import RUNNING, read_job
from tests.harness.made_home import Home, write_archive
from tests.harness.waiting import wait_until

IDS = ("tiny-learning_rate_0.001", "tiny-learning_rate_0.002")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A made dataset, imported."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.must("data", "import", write_archive(home.archive))
    return home


@pytest.fixture(autouse=True)
def folders(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in home.environment().items():
        monkeypatch.setenv(name, value)


def sweep(recipe: Path) -> list[str]:
    return ["sweep", str(recipe), "--set", "learning_rate=1e-3,2e-3"]


@pytest.mark.slow
def test_a_killed_sweep_goes_on_and_its_runs_are_compared(
    home: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe = home.write_recipe(epochs=6)
    first, second = map(home.run_of, IDS)
    command = [sys.executable, "-m", "agemodel", *sweep(recipe)]
    begun = subprocess.Popen(command, cwd=paths.ROOT)
    log = first.folder / "process.log"
    wait_until(lambda: log.exists() and "epoch 1/" in log.read_text())
    job = read_job(first)
    assert job is not None
    os.kill(begun.pid, signal.SIGKILL)
    begun.wait()
    wait_until(lambda: not psutil.pid_exists(job.pid))
    assert not second.folder.exists()

    assert cli.main(sweep(recipe)) == 0
    said = capfd.readouterr().out.splitlines()
    assert "2 runs, 1 at a time." in said
    assert {f"{run_id}: done" for run_id in IDS} <= set(said)
    assert said[-1].startswith("On the Training page: training?runs=tiny-learning_rate")
    for run in (first, second):
        assert len(run.read_history()) == 6
        last = read_job(run)
        assert last is not None and last.state != RUNNING
    best, worse = (float(line.split()[0]) for line in said[-3:-1])
    assert best <= worse
    assert {line.split(maxsplit=1)[1] for line in said[-3:-1]} == {
        "learning_rate 0.001",
        "learning_rate 0.002",
    }
    before = [(run.folder / "last.keras").stat().st_mtime_ns for run in (first, second)]
    assert cli.main(sweep(recipe)) == 0  # nothing is left to do
    assert before == [
        (run.folder / "last.keras").stat().st_mtime_ns for run in (first, second)
    ]


@pytest.mark.slow
def test_a_variant_that_fails_is_told_with_its_last_words(
    home: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe = home.write_recipe(epochs=1)
    settings = ["--name", "odd", "--set", "network=seed_cnn,unheard"]
    assert cli.main(["sweep", str(recipe), *settings, "--workers", "2"]) == 1
    said = capfd.readouterr().out
    assert "odd-network_seed_cnn: done" in said
    assert "odd-network_unheard: failed\nnetwork is 'unheard'; expected one of" in said
    assert "training?runs=odd-network_seed_cnn\n" in said


@pytest.mark.slow
def test_tasks_of_a_private_ray_cluster_train_as_well(
    home: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray")
    recipe = home.write_recipe(epochs=1)
    options = ["--name", "ray", "--engine", "ray", "--workers", "2"]
    assert cli.main([*sweep(recipe), *options]) == 0
    said = capfd.readouterr().out
    assert "2 runs, 2 at a time." in said
    assert said.count(": done\n") == 2
    assert len(home.run_of("ray-learning_rate_0.001").read_history()) == 1


def test_without_a_dataset_nothing_begins(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGEMODEL_DATA", str(home.folder / "none"))
    assert cli.main(sweep(home.write_recipe(epochs=1))) == 1
    assert "data import" in capsys.readouterr().err
