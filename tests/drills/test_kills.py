"""The drill of kills, with a few of them, and that it would notice a loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agemodel.explorer import marks
from tests.drills import kills_of_data
from tests.drills.kill_report import UNDISTURBED, KillReport, after, once
from tests.drills.kills_of_data import kill_markings
from tests.harness.made_home import Home

KILLS = 2


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def kept(report: KillReport) -> list[bool | None]:
    return [finding.kept for finding in report.findings()]


def test_marks_survive_kills(home: Home) -> None:
    report = kill_markings(home, KILLS, np.random.default_rng(0))
    assert report.kills == KILLS
    assert kept(report) == [True] * 4


def test_mark_that_is_lost_is_noticed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills_of_data, "read_marks", lambda folder: {})
    report = kill_markings(home, 1, np.random.default_rng(0))
    assert report.losses
    assert kept(report)[1] is False
    assert marks.read_marks(home.data)


def test_work_that_fails_after_a_kill_ends_the_drill(home: Home) -> None:
    report = KillReport("Work")
    assert not report.run_until(home.begin(["sleep", "60"]), after(0.05))
    assert report.run_until(home.begin(["true"]), UNDISTURBED)
    assert (report.kills, report.gone_on) == (1, 1)
    with pytest.raises(RuntimeError, match="ended with 1"):
        report.run_until(home.begin(["false"]), UNDISTURBED)


def test_moment_comes_once_something_is_so_or_the_process_has_ended(home: Home) -> None:
    flag = home.folder / "flag"
    process = home.begin(["sh", "-c", f"touch {flag}; sleep 60"])
    once(flag.exists, 0)(process)
    assert flag.exists()
    assert process.poll() is None
    process.kill()
    process.wait()
    once(lambda: False, 0)(process)
