"""The page of what the drills found: made of the results alone, and honest."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.drills.__main__ import RESULTS, main
from tests.drills.report import DRILLS, PAGE, render
from tests.harness.findings import all_of, at_most, none_of
from tests.harness.made_machine import MACHINE
from tests.harness.measurements import Missing, read_results


def test_page_is_what_the_results_make() -> None:
    assert PAGE.read_text("utf-8") == render(read_results(RESULTS))


def test_every_drill_says_what_it_promises() -> None:
    for name in DRILLS:
        drill = importlib.import_module(f"tests.drills.{name}")
        assert drill.PROMISE.strip() and callable(drill.run), name


def test_findings_are_kept_within_their_limits_alone() -> None:
    assert at_most("s", 2.0, 2.0, "s", 1).kept and not at_most("s", 2.1, 2, "s", 1).kept
    assert none_of("x", 0, 9).kept and not none_of("x", 1, 9).kept
    assert all_of("x", 9, 9).kept and not all_of("x", 8, 9).kept
    assert not all_of("x", 0, 0).kept  # nothing tried shows nothing


@pytest.fixture
def drills(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], Any]]:
    """By their names, what drills do here."""
    made: dict[str, Callable[[], Any]] = {}

    def drill(name: str) -> SimpleNamespace:
        return SimpleNamespace(PROMISE="It holds.", run=made[name.rpartition(".")[2]])

    monkeypatch.setattr("tests.harness.measured_page.describe_machine", lambda: MACHINE)
    monkeypatch.setattr("tests.drills.__main__.importlib.import_module", drill)
    return made


def test_what_is_not_kept_stands_out_and_fails(
    drills: dict[str, Callable[[], Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    drills["disk"] = lambda: ([none_of("Lost", 1, 9)], ["A note."])
    drills["kills"] = lambda: [at_most("Time", 1.0, 2.0, "s")]
    assert main(["--dry-run", "disk"]) == 1
    shown = capsys.readouterr().out
    assert "| Lost | 1 of 9 | none | **not kept** |" in shown and "A note." in shown
    assert main(["--dry-run", "kills"]) == 0


def test_drill_that_breaks_fails_and_the_next_is_made(
    drills: dict[str, Callable[[], Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    drills["disk"] = lambda: 1 / 0
    drills["kills"] = lambda: [at_most("Time", 1.0, 2.0, "s")]
    assert main(["--dry-run", "disk", "kills"]) == 1
    out, err = capsys.readouterr()
    assert "ZeroDivisionError" in err and "| Time | 1 s |" in out


def test_drill_that_cannot_be_made_here_leaves_the_page_as_it_is(
    drills: dict[str, Callable[[], Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> None:
        raise Missing("There is no nginx.")

    drills["surface"] = run
    before = RESULTS.read_bytes()
    assert main(["surface"]) == 0
    assert "left as it was. There is no nginx." in capsys.readouterr().err
    assert RESULTS.read_bytes() == before
