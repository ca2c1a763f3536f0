"""Run all benchmarks, or those that are named, and renew docs/benchmarks.md."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from agemodel.core.errors import AgeModelError
from benchmarks.benchmark_page import SECTIONS, render, write_page
from tests.harness.measured_page import MeasuredPage
from tests.harness.measurements import RESULTS, Missing, describe_machine


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 when everything asked for was measured or could not be here."""
    page = MeasuredPage(
        "python -m benchmarks", str(__doc__), SECTIONS, RESULTS, render, write_page
    )
    args = page.parse(arguments)
    machine, code = describe_machine(), 0
    for name in args.names:
        try:
            found = importlib.import_module(f"benchmarks.{name}").run()
        except Missing as reason:
            print(f"{name}: not measured, left as it was. {reason}", file=sys.stderr)
        except AgeModelError as error:
            print(f"{name}: {error}", file=sys.stderr)
            code = 1
        else:
            page.keep(name, machine, found, args.dry_run)
    return code


if __name__ == "__main__":
    sys.exit(main())
