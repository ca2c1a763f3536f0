from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agemodel.core.errors import RunError
from agemodel.jobs import control
from agemodel.jobs.footage_jobs import (
    FOOTAGE_JOBS,
    footage_job,
    list_footage_jobs,
    results_folder,
    running_footage,
    start_footage,
)
from agemodel.jobs.progress import read_progress
from agemodel.jobs.records import FINISHED
from agemodel.runs.run_folder import list_runs
from tests.harness.made_footage import FPS, together, walk, write_blocks
from tests.harness.made_jobs import IDLE, wait_for_end


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A job does nothing, and is ended when its test is."""
    monkeypatch.setattr(control, "PROGRAM", IDLE)
    yield
    for job in list_footage_jobs():
        control.stop(job, at_once=True)


def test_one_run_over_footage_at_a_time(runs_folder: Path) -> None:
    start_footage("first", ["a.mp4"])
    running = running_footage()
    assert running is not None and running.id == "first"
    with pytest.raises(RunError, match="'first' is being looked at"):
        start_footage("second", ["b.mp4"])
    control.stop(footage_job("first"))
    assert wait_for_end(footage_job("first")).stop_asked
    assert running_footage() is None
    start_footage("second", ["b.mp4"])
    assert [job.id for job in list_footage_jobs()] == ["second", "first"]
    assert list_runs() == []


def test_going_on_asks_for_the_same_again(runs_folder: Path) -> None:
    start_footage("first", ["a.mp4", "--slot=1h"])
    control.stop(footage_job("first"), at_once=True)
    first = wait_for_end(footage_job("first"))
    out = str(results_folder(footage_job("first")))
    again = FOOTAGE_JOBS.go_on(footage_job("first"))
    wanted = ("footage", "--out", out, "--job", "first", "a.mp4", "--slot=1h")
    assert first.command == again.command == wanted
    control.stop(footage_job("first"), at_once=True)
    wait_for_end(footage_job("first"))
    with pytest.raises(RunError, match="never looked at"):
        FOOTAGE_JOBS.go_on(footage_job("unknown"))


def test_results_of_other_videos_are_not_written_over(runs_folder: Path) -> None:
    start_footage("monday", ["a.mp4", "--slot=1h"])
    control.stop(footage_job("monday"), at_once=True)
    wait_for_end(footage_job("monday"))
    with pytest.raises(RunError, match="'monday' of other videos"):
        start_footage("monday", ["b.mp4"])
    results_folder(footage_job("entrance_2026-11-27")).mkdir()  # of a camera
    with pytest.raises(RunError, match="of other videos"):
        start_footage("entrance_2026-11-27", ["a.mp4"])
    start_footage("monday", ["a.mp4", "--slot=15min"])


@pytest.mark.parametrize("name", ["", "../x", ".hidden", "a b", "x" * 99])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(RunError, match="cannot be a name"):
        start_footage(name, ["a.mp4"])


def test_a_real_job_records_its_progress_and_its_end(
    runs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_blocks(tmp_path / "a.avi", together(2 * FPS, walk(0, 9)))
    monkeypatch.setattr(control, "PROGRAM", (sys.executable, "-m", "agemodel"))
    start_footage("real", [str(clip), str(tmp_path / "gone.mp4")])
    job = footage_job("real")
    assert wait_for_end(job).state == FINISHED
    progress = read_progress(job)
    assert progress is not None and progress.share == 1
    assert (results_folder(job) / "_run.json").exists()
    assert "gone.mp4 is not there" in (job.folder / "process.log").read_text()
