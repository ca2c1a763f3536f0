"""The estimator's overhead over its network, and estimates a second by workers."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from time import perf_counter
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.card import Card
from agemodel.models.model_folder import ModelFolder
from agemodel.serving import Estimator
from benchmarks.speed_limits import at_least, at_most
from benchmarks.timings import in_ms, stopwatch, summarise, take_turns
from tests.harness import made_photos

WORKERS = (1, 2)
WHATS = ("photo", "aligned", "network")
BURST_S = 1.0
"""About how long one measurement of throughput lasts."""

MOST_ADDED_MS = 1.0
LEAST_GAIN = 1.7
"""Two workers against one."""


def run() -> dict[str, Any]:
    """Aligned faces one by one, then as many as workers can."""
    found: dict[str, Any] = {
        "aligned": measure_aligned(Estimator.load(workers=1)),
        "throughput": measure_throughput(),
    }
    return {**found, "limits": limits(found, os.cpu_count() or 1)}


def limits(found: dict[str, Any], cores: int) -> list[dict[str, Any]]:
    """Limits of the overhead and, given two cores, of a second worker's gain."""
    added = at_most(
        "added to the network by the estimator, ms a face",
        found["aligned"]["added_ms"],
        MOST_ADDED_MS,
    )
    rates = {
        (row["what"], row["workers"]): row["per_second"]["median"]
        for row in found["throughput"]
    }
    gains = [
        at_least(f"two workers against one, {words}, times", gain, LEAST_GAIN)
        for what, words in (("photo", "photos"), ("aligned", "cropped faces"))
        for gain in [rates[what, 2] / rates[what, 1]]
    ]
    return [added, *(gains if cores > 1 else [])]


def measure_aligned(estimator: Estimator) -> dict[str, Any]:
    """The estimator's overhead over runs of its network, for aligned faces."""
    chips = itertools.cycle(made_photos.aligned_faces())
    floor = _Floor(estimator.card)

    def estimate() -> float:
        chip = next(chips)
        return stopwatch(lambda: estimator.estimate_aligned(chip))

    times = take_turns({"estimate": estimate, "invoke": floor.seconds}, most=400)
    return {
        "chip_px": made_photos.CHIP_PX,
        "invokes": floor.invokes,
        "estimate_ms": in_ms(times["estimate"]),
        "invoke_ms": in_ms(times["invoke"]),
        **overhead(times["estimate"], times["invoke"]),
    }


def overhead(estimate_s: list[float], invoke_s: list[float]) -> dict[str, float]:
    """Ratio and difference of the medians: `ratio` and `added_ms`."""
    estimate, invoke = np.median(estimate_s), np.median(invoke_s)
    return {
        "ratio": round(float(estimate / invoke), 3),
        "added_ms": round(float(estimate - invoke) * 1000, 3),
    }


class _Floor:
    """The same network with its input in place: nothing is timed but `invoke`."""

    def __init__(self, card: Card) -> None:
        content = ModelFolder.named(DEFAULT_MODEL).read_model()
        self.invokes = 2 if card.flip_average else 1
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        side = card.input_px
        self._pixels = np.full((1, side, side, 3), 127, np.float32)

    def seconds(self) -> float:
        """For as many runs as the estimator makes a face."""
        total = 0.0
        for _ in range(self.invokes):
            self._interpreter.set_tensor(self._input["index"], self._pixels)
            total += stopwatch(self._interpreter.invoke)
        return total


def measure_throughput() -> list[dict[str, Any]]:
    """A second's estimates with as many threads as workers, pixels already decoded.

    Beside them the faces a second of as many bare networks: what there is to reach.
    """
    works = {workers: _works(workers) for workers in WORKERS}
    found = []
    for what in WHATS:
        measures = {
            workers: burst(works[workers][what], workers) for workers in WORKERS
        }
        found += [
            {"what": what, "workers": workers, "per_second": summarise(rates)}
            for workers, rates in take_turns(measures).items()
        ]
    return found


def _works(workers: int) -> dict[str, Callable[[], object]]:
    """One piece of each kind of work, for this many threads at once."""
    portrait, chip = made_photos.read_portraits()[0], made_photos.aligned_faces()[0]
    estimator = Estimator.load(workers=workers)
    floors: SimpleQueue[_Floor] = SimpleQueue()
    for _ in range(workers):
        floors.put(_Floor(estimator.card))

    def network() -> None:
        floor = floors.get()
        floor.seconds()
        floors.put(floor)

    return {
        "photo": partial(estimator.estimate, portrait),
        "aligned": partial(estimator.estimate_aligned, chip),
        "network": network,
    }


def burst(
    work: Callable[[], object], threads: int, seconds: float = BURST_S
) -> Callable[[], float]:
    """A measure of how often a second so many threads together do a piece of work."""
    work()
    count = max(threads, round(seconds / max(stopwatch(work), 1e-4)))

    def per_second() -> float:
        with ThreadPoolExecutor(threads) as pool:
            started = perf_counter()
            for done in [pool.submit(work) for _ in range(count)]:
                done.result()
            return count / (perf_counter() - started)

    return per_second
