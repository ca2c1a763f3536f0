"""Run all drills, or those that are named, and renew docs/reliability.md."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.drills.report import DRILLS, PAGE, render
from tests.harness.measured_page import MeasuredPage

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Drill; 0 when every promise was kept that could be drilled here."""
    page = MeasuredPage(
        "python -m tests.drills", str(__doc__), DRILLS, RESULTS, render, PAGE
    )
    kept: list[bool | None] = []

    def drill(name: str) -> dict[str, Any]:
        found = found_by(name)
        kept.extend(finding["kept"] for finding in found["findings"])
        return found

    return page.renew(arguments, drill) or int(False in kept)


def found_by(name: str) -> dict[str, Any]:
    """What a drill promises and finds, in plain values.

    Its `run()` gives a list of `Finding`, or such a list and a list of notes, sentences
    that stand below the table.
    """
    drill = importlib.import_module(f"tests.drills.{name}")
    outcome = drill.run()
    findings, notes = outcome if isinstance(outcome, tuple) else (outcome, [])
    return {
        "promise": " ".join(drill.PROMISE.split()),
        "findings": [asdict(finding) for finding in findings],
        "notes": list(notes),
    }


if __name__ == "__main__":
    sys.exit(main())
