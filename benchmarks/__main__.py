"""Run all benchmarks, or those that are named, and renew docs/benchmarks.md."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from benchmarks.benchmark_page import PAGE, SECTIONS, render
from tests.harness.measured_page import MeasuredPage
from tests.harness.measurements import RESULTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 when everything asked for was measured or could not be here."""
    page = MeasuredPage(
        "python -m benchmarks", str(__doc__), SECTIONS, RESULTS, render, PAGE
    )
    return page.renew(
        arguments, lambda name: importlib.import_module(f"benchmarks.{name}").run()
    )


if __name__ == "__main__":
    sys.exit(main())
