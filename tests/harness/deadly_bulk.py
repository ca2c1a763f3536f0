"""The command line whose estimator red photos kill, for drills of bulk runs."""

from __future__ import annotations

import sys

from agemodel import cli
from agemodel.bulk import bulk_run
from tests.harness.bulk_photos import FragileWork

PROGRAM = (sys.executable, "-m", "tests.harness.deadly_bulk")

if __name__ == "__main__":
    bulk_run.Work = FragileWork  # type: ignore[misc]
    sys.exit(cli.main())
