"""What the drill of kills counts, and when it kills."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.drills.kills import Report, after, once
from tests.harness.made_home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_kills_losses_and_what_goes_on_are_counted(home: Home) -> None:
    report = Report()
    assert not report.run_until(home.begin(["sleep", "60"]), after(0.05))
    assert report.run_until(home.begin(["true"]), after(math.inf))
    assert (report.kills, report.gone_on) == (1, 1)
    report.finished = report.equal = 1
    assert [finding.kept for finding in report.findings()] == [True] * 5
    report.losses.append("a file")
    assert [finding.kept for finding in report.findings()] == [True, False] + [True] * 3
    with pytest.raises(RuntimeError, match="ended with 1"):
        report.run_until(home.begin(["false"]), after(math.inf))


def test_moment_comes_once_something_is_so_or_the_process_has_ended(home: Home) -> None:
    flag = home.folder / "flag"
    process = home.begin(["sh", "-c", f"touch {flag}; sleep 60"])
    once(flag.exists, 0)(process)
    assert flag.exists()
    assert process.poll() is None
    process.kill()
    process.wait()
    once(lambda: False, 0)(process)
