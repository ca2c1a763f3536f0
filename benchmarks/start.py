"""The start of a new process: time to the first estimate, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from time import perf_counter
from typing import Any

from agemodel.core import paths
from benchmarks.speed_limits import at_most
from benchmarks.timings import summarise

STARTS = 9
MOST_MB = 250.0
"""MB are 1,000,000 bytes; the table's MiB are 1,048,576."""


def run() -> dict[str, Any]:
    """Start processes, one after another, that import, load and estimate."""
    _start()  # fills the system's file caches
    starts = [_start() for _ in range(STARTS)]
    heavy = [start.pop("heavy") for start in starts]
    found: dict[str, Any] = {
        **{key: summarise([start[key] for start in starts]) for key in starts[0]},
        "heavy": sorted(set().union(*heavy)),
    }
    return {**found, "limits": limits(found)}


def limits(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Limits of the memory and of heavy imports."""
    peak_mb = found["peak_mib"]["median"] * 1024**2 / 1e6
    return [
        at_most(
            "memory of a process that estimates, at its most, MB", peak_mb, MOST_MB
        ),
        at_most("of TensorFlow, Keras and Streamlit, imported", len(found["heavy"]), 0),
    ]


def _start() -> dict[str, Any]:
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.server_start"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    whole_s = perf_counter() - started
    return {"whole_ms": whole_s * 1000, **json.loads(done.stdout.splitlines()[-1])}
