"""The command line of a page of measurements, a section a module with a `run`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.measurements import merge, read_results, write_results


@dataclass(frozen=True)
class MeasuredPage:
    """A page that a command renews, section by section.

    Attributes:
        prog: the command.
        description: what it does.
        sections: their names.
        results: the file that keeps what was measured.
        render: makes the page of some results.
        write: writes the page of all results.
    """

    prog: str
    description: str
    sections: Collection[str]
    results: Path
    render: Callable[[dict[str, Any]], str]
    write: Callable[[dict[str, Any]], None]

    def parse(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """Read the command line: `names`, all unless given, and `dry_run`."""
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
        found = parser.parse_args(arguments)
        found.names = found.names or list(self.sections)
        return found

    def keep(
        self, name: str, machine: dict[str, Any], found: dict[str, Any], dry_run: bool
    ) -> None:
        """Print a section; unless it is a trial, merge it into results and page."""
        print(self.render(merge({}, name, machine, found)))
        if not dry_run:
            results = merge(read_results(self.results), name, machine, found)
            write_results(results, self.results)
            self.write(results)

    def _section(self, name: str) -> str:
        if name not in self.sections:
            raise argparse.ArgumentTypeError(
                f"there is no {name!r}: choose from {', '.join(self.sections)}"
            )
        return name
