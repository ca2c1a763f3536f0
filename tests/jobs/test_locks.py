from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.jobs import locks
from agemodel.jobs.locks import records_lock, run_in_training, training_lock
from tests.harness.waiting import wait_until

HOLDER = (
    "import sys\n"
    "from agemodel.jobs.locks import training_lock\n"
    "with training_lock('other'):\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)


def holder() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=paths.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_lock_of_another_process_is_told_and_goes_away_with_it(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "MOMENT_S", 0.1)
    with holder() as process:
        assert run_in_training() == "other"
        with pytest.raises(RunError, match="Run other is being trained"):
            training_lock("mine").__enter__()
        os.kill(process.pid, number)
    wait_until(lambda: run_in_training() is None)
    with training_lock("mine"):
        pass


def test_asking_leaves_no_trace_where_nothing_was_trained(runs_folder: Path) -> None:
    assert run_in_training() is None
    assert not runs_folder.exists()


def test_who_asks_while_a_training_begins_does_not_keep_it_from_beginning(
    runs_folder: Path,
) -> None:
    asks = "import sys\nfrom agemodel.jobs.locks import run_in_training\n"
    asks += "while True: run_in_training()\n"
    runs_folder.mkdir()
    (runs_folder / locks.TRAINING).touch()
    with subprocess.Popen([sys.executable, "-c", asks], cwd=paths.ROOT) as process:
        for _ in range(50):
            with training_lock("mine"):
                pass
        process.kill()


def test_lock_file_that_says_nothing_still_refuses(
    runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "MOMENT_S", 0.1)
    with holder() as process:
        (runs_folder / locks.HOLDER).write_text("{")
        assert run_in_training() == ""
        with pytest.raises(RunError, match="A run is being trained"):
            training_lock("mine").__enter__()
        process.kill()


def test_records_are_changed_by_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_PATIENCE_S", 0.1)
    with records_lock(), pytest.raises(RunError, match="Another program holds"):
        records_lock().__enter__()
