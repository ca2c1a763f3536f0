"""Run all benchmarks, or those that are named, and renew docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from agemodel.core.errors import AgeModelError
from benchmarks.benchmark_page import SECTIONS, render, write_page
from tests.harness.measurements import (
    Missing,
    describe_machine,
    merge,
    read_results,
    write_results,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 when everything asked for was measured or could not be here."""
    args = build_parser().parse_args(arguments)
    machine, code = describe_machine(), 0
    for name in args.names or SECTIONS:
        try:
            found = importlib.import_module(f"benchmarks.{name}").run()
        except Missing as reason:
            print(f"{name}: not measured, left as it was. {reason}", file=sys.stderr)
        except AgeModelError as error:
            print(f"{name}: {error}", file=sys.stderr)
            code = 1
        else:
            _keep(name, machine, found, args.dry_run)
    return code


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        type=_section,
        help=f"{', '.join(SECTIONS)}; all unless given",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the figures, write nothing"
    )
    return parser


def _section(name: str) -> str:
    if name not in SECTIONS:
        raise argparse.ArgumentTypeError(
            f"there is no {name!r}: choose from {', '.join(SECTIONS)}"
        )
    return name


def _keep(name: str, machine: dict, found: dict, dry_run: bool) -> None:
    """Print a section; unless it is a trial, merge it into the results and page."""
    print(render(merge({}, name, machine, found)))
    if not dry_run:
        results = merge(read_results(), name, machine, found)
        write_results(results)
        write_page(results)


if __name__ == "__main__":
    sys.exit(main())
