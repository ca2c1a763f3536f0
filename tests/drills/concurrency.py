"""Many at once: threads that share an estimator, and visits that share a server."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from agemodel.serving import Estimator, read_sample, read_samples
from tests.harness.driver import run_server
from tests.harness.findings import Finding, all_of, at_most, none_of
from tests.harness.mixed_photos import Task, mixed_tasks, numbers
from tests.harness.process_memory import peak_private_mb, private_mb
from tests.harness.visitor import Visitor
from tests.harness.waiting import pass_time

PROMISE = """
Sixteen threads that share an estimator get what one gets alone. Fifty people who come
at once and bring a photo at once are all served: 95 % of the pages within 5 s on two
cores, with less than 100 MB more memory.
"""
THREADS = 16
ESTIMATES = 8_000
VISITS = 50
MOST_DIFFERENT = 1e-4
_LARGEST = "Largest difference (years, probability, px)"
MOST_S = 5.0
MOST_MB = 100.0
SETTLED_S = 15.0


Served = tuple[float, float, int]
"""Seconds until the page was drawn, and the cards of a photo; how many ages it has."""


def run() -> tuple[list[Finding], list[str]]:
    """Estimate with threads, then with visits."""
    notes = [
        f"All {VISITS} ask for the page at the same moment, then all bring a photo at "
        "the same moment; they run on the same cores as the server."
    ]
    return [*threads_agree(ESTIMATES), *visits_served(VISITS)], notes


def threads_agree(estimates: int) -> list[Finding]:
    """Estimate photos with many threads, and compare each with the serial answer."""
    tasks = mixed_tasks()
    alone = Estimator.load(workers=1)
    expected = [estimated(task, alone) for task in tasks]
    faces = sum(map(len, expected))
    rounds = -(-estimates // faces)
    work = list(range(len(tasks))) * rounds
    shared = Estimator.load()
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda number: estimated(tasks[number], shared), work))
    differences = [
        difference(rows, expected[number])
        for number, rows in zip(work, found, strict=True)
    ]
    apart = sum(one > MOST_DIFFERENT for one in differences)
    return [
        Finding(f"Estimates with {THREADS} threads", f"{faces * rounds:,}"),
        none_of("Photos estimated otherwise than by one thread", apart, len(work)),
        at_most(_LARGEST, max(differences), MOST_DIFFERENT, "", digits=4),
    ]


def estimated(task: Task, estimator: Estimator) -> np.ndarray:
    """What is said of each face, shape (n, 8); see `mixed_photos.numbers`."""
    rows = [numbers(estimate) for estimate in task.estimate(estimator)]
    return np.array(rows).reshape(-1, 8)


def difference(rows: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference; infinite where the number of faces differs."""
    if rows.shape != expected.shape:
        return np.inf
    return float(np.abs(rows - expected).max(initial=0.0))


def visits_served(visits: int) -> list[Finding]:
    """Open and fill so many tabs at the same moments."""
    with tempfile.TemporaryDirectory() as home, run_server(Path(home)) as server:
        for _ in range(2):
            _visit(server.url, 0, threading.Barrier(1))
        pass_time(SETTLED_S)
        before = private_mb(server.pid)
        with peak_private_mb(server.pid) as peak:
            served = _visit_together(server.url, visits)
    pages, estimates, faces = zip(*served, strict=True)
    return [
        all_of("Visits that got their estimates", sum(map(bool, faces)), visits),
        *_times("page", pages),
        *_times("estimate", estimates),
        at_most("Memory over that before", peak[0] - before, MOST_MB, "MB"),
    ]


def _visit_together(url: str, visits: int) -> Sequence[Served]:
    together = threading.Barrier(visits)
    with ThreadPoolExecutor(visits) as pool:
        return list(pool.map(lambda n: _visit(url, n, together), range(visits)))


def _visit(url: str, number: int, together: threading.Barrier) -> Served:
    """Open a tab when all are ready, bring a photo when all are, and leave with all."""
    samples = read_samples()
    sample = samples[number % len(samples)]
    content = read_sample(sample)
    with Visitor(url) as visitor:
        together.wait()
        started = time.perf_counter()
        page = visitor.open()
        opened = time.perf_counter()
        together.wait()
        brought = time.perf_counter()
        drawn = visitor.upload(page, sample.file, content)
        done = time.perf_counter()
        together.wait()
    faces = 0 if drawn.failed else len(drawn.ages)
    return opened - started, done - brought, faces


def _times(what: str, seconds: Sequence[float]) -> list[Finding]:
    half, most, worst = np.percentile(seconds, [50, 95, 100]).tolist()
    drawn = f"Until the {what} was drawn"
    return [
        Finding(f"{drawn}, median", f"{half:.1f} s"),
        at_most(f"{drawn}, 95 %", most, MOST_S, "s", digits=1),
        Finding(f"{drawn}, worst", f"{worst:.1f} s"),
    ]
