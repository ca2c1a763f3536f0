"""Whether memory grows with the work, and whether it comes back after it."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path

import numpy as np

from agemodel.serving import Estimator, read_sample, read_samples
from tests.harness.driver import Server
from tests.harness.findings import Finding, all_of, at_most
from tests.harness.mixed_photos import mixed_tasks
from tests.harness.process_memory import private_mb
from tests.harness.visitor import Visitor
from tests.harness.waiting import pass_time
from tests.harness.watched import watch_server

PROMISE = """
Memory does not grow with the work: by less than 1 MB for 1,000 estimates and for 1,000
uploads, after warm-up. 60 s after the last tab's closing it is back within 50 MB of
what it was before the first.
"""
ESTIMATES = 10_000
WARM_UP = 1_000
STEP = 500
UPLOADS = 500
UPLOADS_A_STEP = 100
"""The first step is the warm-up."""

MOST_GROWTH_MB = 1.0
MOST_OVER_MB = 50.0
BACK_AFTER_S = 60.0
SETTLED_S = 15.0


def run() -> tuple[list[Finding], list[str]]:
    """Estimate, then upload."""
    notes = [
        "Growth with estimates is the slope of a straight line through the memory "
        "that the process has from the system, after warm-up. Growth with uploads is "
        "that of the bytes in use, because what is freed and kept comes and goes by "
        f"several MB: the median over steps of {UPLOADS_A_STEP} uploads, the first of "
        "which is the warm-up. Every upload is a visit of its own, and its tab is "
        "closed at its end."
    ]
    return [*estimates_grow(ESTIMATES), *uploads_grow(UPLOADS, UPLOADS_A_STEP)], notes


def estimates_grow(estimates: int, warm_up: int = WARM_UP) -> list[Finding]:
    """Estimate photos one after another in this process."""
    estimator, tasks = Estimator.load(), mixed_tasks()
    at: list[int] = []
    held: list[float] = []
    done = turn = 0
    while done < estimates:
        done += len(tasks[turn % len(tasks)].estimate(estimator))
        turn += 1
        if done >= warm_up and done // STEP > (at[-1] // STEP if at else 0):
            gc.collect()
            at.append(done)
            held.append(private_mb(os.getpid()))
    return [
        Finding("Estimates one after another", f"{done:,}"),
        at_most("Growth for 1,000 of them", slope(at, held), MOST_GROWTH_MB, "MB", 2),
    ]


def uploads_grow(uploads: int, step: int) -> list[Finding]:
    """Bring one photo after another, each in a visit of its own, and wait."""
    held, served = [], 0
    with tempfile.TemporaryDirectory() as folder, watch_server(Path(folder)) as watched:
        server = watched.server
        pass_time(SETTLED_S)
        before = private_mb(server.pid)
        for _ in range(uploads // step):
            served += bring(server, step)
            pass_time(BACK_AFTER_S)
            held.append(watched.in_use_mb())
        over = private_mb(server.pid) - before
    growth = float(np.median(np.diff(held))) / step * 1_000
    back = f"Over the start {BACK_AFTER_S:.0f} s after the last tab"
    return [
        all_of("Uploads that were estimated", served, uploads),
        at_most("Growth for 1,000 uploads", growth, MOST_GROWTH_MB, "MB", 2),
        at_most(back, over, MOST_OVER_MB, "MB"),
    ]


def bring(server: Server, uploads: int) -> int:
    """Upload photos by turns; how many were estimated."""
    samples = read_samples()
    served = 0
    for number in range(uploads):
        sample = samples[number % len(samples)]
        with Visitor(server.url) as visitor:
            drawn = visitor.upload(visitor.open(), sample.file, read_sample(sample))
            visitor.fetch(drawn.pictures)
        served += bool(drawn.ages) and not drawn.failed
    return served


def slope(at: list[int], held_mb: list[float]) -> float:
    """MB for 1,000, of the straight line through the figures."""
    return float(np.polyfit(at, held_mb, 1)[0] * 1_000)
