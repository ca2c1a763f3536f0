"""Run all drills, or those that are named, and renew docs/reliability.md."""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.drills.report import DRILLS, render, write_page
from tests.harness.measurements import (
    Missing,
    describe_machine,
    merge,
    read_results,
    write_results,
)

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Drill; 0 when every promise was kept that could be drilled here."""
    args = build_parser().parse_args(arguments)
    machine, code = describe_machine(), 0
    for name in args.names or DRILLS:
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
        _keep(name, machine, found, args.dry_run)
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
        "findings": [finding.as_dict() for finding in findings],
        "notes": list(notes),
    }


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        type=_drill,
        help=f"{', '.join(DRILLS)}; all unless given",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the figures, write nothing"
    )
    return parser


def _drill(name: str) -> str:
    if name not in DRILLS:
        raise argparse.ArgumentTypeError(
            f"there is no {name!r}: choose from {', '.join(DRILLS)}"
        )
    return name


def _keep(
    name: str, machine: dict[str, Any], found: dict[str, Any], dry_run: bool
) -> None:
    """Print a section; unless it is a trial, merge it into the results and page."""
    print(render(merge({}, name, machine, found)))
    if not dry_run:
        results = merge(read_results(RESULTS), name, machine, found)
        write_results(results, RESULTS)
        write_page(results)


if __name__ == "__main__":
    sys.exit(main())
