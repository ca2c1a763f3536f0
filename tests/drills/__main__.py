"""Run all drills, or those that are named, and renew docs/reliability.md."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.drills.report import DRILLS, render, write_page
from tests.harness.measured_page import MeasuredPage
from tests.harness.measurements import Missing, describe_machine

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Drill; 0 when every promise was kept that could be drilled here."""
    page = MeasuredPage(
        "python -m tests.drills", str(__doc__), DRILLS, RESULTS, render, write_page
    )
    args = page.parse(arguments)
    machine, code = describe_machine(), 0
    for name in args.names:
        try:
            found = found_by(importlib.import_module(f"tests.drills.{name}"))
        except Missing as reason:
            print(f"{name}: not drilled, left as it was. {reason}", file=sys.stderr)
            continue
        except Exception:  # one broken drill must not keep the others from running
            traceback.print_exc()
            code = 1
            continue
        if any(finding["kept"] is False for finding in found["findings"]):
            code = 1
        page.keep(name, machine, found, args.dry_run)
    return code


def found_by(drill: ModuleType) -> dict[str, Any]:
    """What a drill promises and finds, in plain values.

    Its `run()` gives a list of `Finding`, or such a list and a list of notes, sentences
    that stand below the table.
    """
    outcome = drill.run()
    findings, notes = outcome if isinstance(outcome, tuple) else (outcome, [])
    return {
        "promise": " ".join(drill.PROMISE.split()),
        "findings": [asdict(finding) for finding in findings],
        "notes": list(notes),
    }


if __name__ == "__main__":
    sys.exit(main())
