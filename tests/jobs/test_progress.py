from __future__ import annotations

import json

import pytest

from agemodel.jobs import progress
from agemodel.jobs.progress import (
    FILE,
    JobProgress,
    ProgressFile,
    delete_progress,
    read_progress,
)
from agemodel.runs.run_folder import Run


class Clock:
    """A clock that the test turns."""

    now = 1000.0

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def test_progress_is_written_once_a_second_and_at_the_end(
    run: Run, clock: Clock
) -> None:
    assert read_progress(run) is None
    report = ProgressFile(run.folder)
    seen = []
    for done in range(1, 31):  # ten a second
        report(done, 30, "training")
        found = read_progress(run)
        assert found is not None
        seen.append(found.done)
        clock.now += 0.1001
    assert sorted(set(seen)) == [1, 11, 21, 30]
    assert [path.name for path in run.folder.glob("*progress*")] == [FILE]


def test_pace_is_that_of_this_process_and_of_what_it_does_now(
    run: Run, clock: Clock
) -> None:
    report = ProgressFile(run.folder)
    report(5, 10, "finding faces")
    clock.now += 100
    report(60, 120, "training")  # resumed in the middle
    clock.now += 20
    report(70, 120, "training")
    found = read_progress(run)
    assert found is not None
    assert (found.began_done, found.share) == (60, 70 / 120)
    # 10 steps took 20 s, so 50 more take 100; 30 s of them are over.
    assert found.seconds_left(clock.now + 30) == pytest.approx(70)
    assert found.seconds_left(clock.now + 1000) == 0


@pytest.mark.parametrize(
    ("done", "total", "took_s"),
    [(70, None, 20), (60, 120, 20), (70, 120, 1)],
    ids=["no total", "no step", "too early"],
)
def test_time_left_is_not_guessed(done: int, total: int | None, took_s: float) -> None:
    now = 1000.0 + took_s
    assert JobProgress("x", done, total, 60, 1000.0, now).seconds_left(now) is None


def test_share_is_unknown_without_a_total_and_never_above_one() -> None:
    assert JobProgress("x", 3, None, 0, 0, 0).share is None
    assert JobProgress("x", 3, 2, 0, 0, 0).share == 1


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null", '{"text": 1}'])
def test_damaged_progress_is_none(run: Run, content: str) -> None:
    (run.folder / FILE).write_text(content)
    assert read_progress(run) is None
    (run.folder / FILE).write_text(
        json.dumps(dict.fromkeys(JobProgress.__dataclass_fields__, "x"))
    )
    assert read_progress(run) is None
    delete_progress(run)
    delete_progress(run)
    assert not (run.folder / FILE).exists()
