"""The estimator: its start, photos of several sizes, overhead and throughput."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from agemodel import paths
from agemodel.estimator import DEFAULT_MODEL, Estimator
from agemodel.images import read_image
from benchmarks import photos
from benchmarks.timing import in_ms, stopwatch, summarise, take_turns

STARTS = 9
WORKERS = (1, 2)
BURST_S = 1.0
"""About how long one measurement of throughput lasts."""
PARTS = ("decode", "detection", "faces")


def run() -> dict[str, Any]:
    """All four parts of this section.

    Raises:
        ModelError: the model is missing or damaged.
    """
    estimator = Estimator.load()
    return {
        "start": measure_start(),
        "photos": [
            measure_photo(estimator, megapixels, faces)
            for megapixels in photos.SIZES
            for faces in photos.LAYOUTS
        ],
        "aligned": measure_aligned(estimator),
        "throughput": measure_throughput(),
    }


def measure_start() -> dict[str, Any]:
    """Start processes, one after another, that import, load and estimate."""
    _start()  # fills the system's file caches
    starts = [_start() for _ in range(STARTS)]
    heavy = [start.pop("heavy") for start in starts]
    return {
        **{key: summarise([start[key] for start in starts]) for key in starts[0]},
        "heavy": sorted(set().union(*heavy)),
    }


def _start() -> dict[str, Any]:
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.startup"],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    whole_s = perf_counter() - started
    return {"whole_ms": whole_s * 1000, **json.loads(done.stdout.splitlines()[-1])}


def measure_photo(estimator: Estimator, megapixels: str, faces: int) -> dict[str, Any]:
    """From a JPEG's bytes to estimates, and which part takes how long."""
    data = photos.make_photo(*photos.SIZES[megapixels], faces)
    parts: list[dict[str, float]] = []

    def by_parts() -> float:
        parts.append(timed_parts(estimator, data))
        return sum(parts[-1].values())

    def whole() -> float:
        return stopwatch(lambda: estimator.estimate(read_image(data).rgb))

    times = take_turns({"whole": whole, "by_parts": by_parts})
    return {
        "megapixels": megapixels,
        "faces": faces,
        "found": len(estimator.estimate(read_image(data).rgb)),
        "jpeg_bytes": len(data),
        "whole_ms": in_ms(times["whole"]),
        **{f"{name}_ms": in_ms([part[name] for part in parts[1:]]) for name in PARTS},
    }


def timed_parts(estimator: Estimator, data: bytes) -> dict[str, float]:
    """Seconds for each of `PARTS`, by what `Estimator.estimate` does itself."""
    started = perf_counter()
    rgb = read_image(data).rgb
    decoded = perf_counter()
    with estimator._worker() as worker:
        detections = worker.detector.detect(rgb)
        detected = perf_counter()
        for detection in detections:
            estimator._estimate(worker, rgb, detection)
    judged = perf_counter()
    seconds = (decoded - started, detected - decoded, judged - detected)
    return dict(zip(PARTS, seconds, strict=True))


def measure_aligned(estimator: Estimator) -> dict[str, Any]:
    """What the estimator adds to the bare runs of its network, for aligned faces."""
    chips = itertools.cycle(photos.aligned_faces())
    floor = _Floor(estimator.card)

    def estimate() -> float:
        chip = next(chips)
        return stopwatch(lambda: estimator.estimate_aligned(chip))

    times = take_turns({"estimate": estimate, "invoke": floor.seconds}, most=400)
    return {
        "chip_px": photos.CHIP_PX,
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

    def __init__(self, card: dict[str, Any]) -> None:
        content = (paths.models_dir() / DEFAULT_MODEL / card["file"]).read_bytes()
        self.invokes = 2 if card["flip_average"] else 1
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        side = int(card["input_px"])
        self._pixels = np.full((1, side, side, 3), 127, np.float32)

    def seconds(self) -> float:
        """For as many runs as the estimator makes a face."""
        total = 0.0
        for _ in range(self.invokes):
            self._interpreter.set_tensor(self._input["index"], self._pixels)
            total += stopwatch(self._interpreter.invoke)
        return total


def measure_throughput() -> list[dict[str, Any]]:
    """Estimates a second with as many threads as workers, pixels already decoded."""
    portrait, chip = photos.read_portraits()[0], photos.aligned_faces()[0]
    found = []
    for what in ("photo", "aligned"):
        measures: dict[int, Callable[[], float]] = {}
        for workers in WORKERS:
            estimator = Estimator.load(workers=workers)
            works: dict[str, Callable[[], object]] = {
                "photo": partial(estimator.estimate, portrait),
                "aligned": partial(estimator.estimate_aligned, chip),
            }
            measures[workers] = burst(works[what], workers)
        found += [
            {"what": what, "workers": workers, "per_second": summarise(rates)}
            for workers, rates in take_turns(measures).items()
        ]
    return found


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
