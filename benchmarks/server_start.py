"""The measured process of `start`: times to import, load and estimate twice.

Run as a program of its own, it prints one JSON object. Nothing of the package may be
imported above, or its import would not be timed.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agemodel.serving import Estimator

PHOTO = "barack-obama.jpg"
MIB = 1024**2
HEAVY = ("tensorflow", "keras", "streamlit")


def main() -> None:
    """Import, load, estimate twice; print ms and MiB."""
    started = perf_counter()
    from agemodel.serving import Estimator

    imported = perf_counter()
    estimator = Estimator.load()
    loaded, loaded_mib = perf_counter(), resident_mib()
    _estimate(estimator)
    first = perf_counter()
    _estimate(estimator)
    second = perf_counter()
    report = {
        "import_ms": (imported - started) * 1000,
        "load_ms": (loaded - imported) * 1000,
        "first_ms": (first - loaded) * 1000,
        "second_ms": (second - first) * 1000,
        "loaded_mib": loaded_mib,
        "resident_mib": resident_mib(),
        "peak_mib": resident_mib("VmHWM"),
        "heavy": [name for name in HEAVY if name in sys.modules],
    }
    print(json.dumps(report))


def resident_mib(field: str = "VmRSS") -> float:
    """Resident memory of this process in MiB: VmRSS is now, VmHWM its peak.

    Where nothing else is known it is the peak.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return status_kib(status.read_text("utf-8"), field) * 1024 / MIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MIB if sys.platform == "darwin" else peak * 1024 / MIB


def status_kib(status: str, field: str) -> int:
    """A field of /proc/PID/status, in KiB: `VmRSS:     1234 kB`."""
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines[field].split()[0])


def _estimate(estimator: Estimator) -> None:
    from agemodel.core import paths
    from agemodel.images import read_image

    assert estimator.estimate(read_image(paths.SAMPLES / PHOTO).rgb)


if __name__ == "__main__":
    main()
