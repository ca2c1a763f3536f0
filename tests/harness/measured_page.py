"""The command line of a page of measurements, a section a module with a `run`."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agemodel.core.files import write_whole
from tests.harness.measurements import (
    Missing,
    describe_machine,
    merge,
    read_results,
    write_results,
)


@dataclass(frozen=True)
class MeasuredPage:
    """A page that a command renews, section by section."""

    prog: str  # the command
    description: str  # what it does
    sections: Collection[str]  # their names
    results: Path  # the file that keeps what was measured
    render: Callable[[dict[str, Any]], str]  # makes the page of some results
    page: Path  # where that of all results lies

    def renew(
        self,
        arguments: Sequence[str] | None,
        measure: Callable[[str], dict[str, Any]],
    ) -> int:
        """Measure the sections that a command line names; 1 where one failed.

        A section that raises `Missing` lacks something here, and stays as it was.
        """
        args = self._parse(arguments)
        machine, code = describe_machine(), 0
        for name in args.names or self.sections:
            try:
                found = measure(name)
            except Missing as reason:
                print(
                    f"{name}: not measured, left as it was. {reason}", file=sys.stderr
                )
            except Exception:  # a broken one must not keep the others from running
                traceback.print_exc()
                code = 1
            else:
                self._keep(name, machine, found, args.dry_run)
        return code

    def _parse(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        parser = argparse.ArgumentParser(prog=self.prog, description=self.description)
        parser.add_argument(
            "names",
            nargs="*",
            metavar="NAME",
            type=self._section,
            help=f"{', '.join(self.sections)}; all unless given",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="print the figures, write nothing"
        )
        return parser.parse_args(arguments)

    def _keep(
        self, name: str, machine: dict[str, Any], found: dict[str, Any], dry_run: bool
    ) -> None:
        """Print a section; unless it is a trial, merge it into results and page."""
        print(self.render(merge({}, name, machine, found)))
        if not dry_run:
            results = merge(read_results(self.results), name, machine, found)
            write_results(results, self.results)
            write_whole(self.page, self.render(results).encode())

    def _section(self, name: str) -> str:
        if name not in self.sections:
            raise argparse.ArgumentTypeError(
                f"there is no {name!r}: choose from {', '.join(self.sections)}"
            )
        return name
