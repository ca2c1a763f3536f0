"""The time for photos of several sizes, from bytes to estimates, and its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np

from agemodel.images import read_image
from agemodel.serving import Estimator
from benchmarks.speed_limits import at_most
from benchmarks.timings import in_ms, stopwatch, take_turns
from tests.harness import made_photos

PARTS = ("decode", "detect", "crop", "network")
"""`crop` is the rest: crop, quality and calibration."""

MOST_12_MP_MS = 1500.0
MOST_50_TO_12_MP = 1.5
"""Large JPEGs are decoded at a part of their size, so they should not take longer."""


def run() -> dict[str, Any]:
    """Measure every size with few and with many faces."""
    estimator = Estimator.load()
    photos = [
        measure_photo(estimator, megapixels, faces)
        for megapixels in made_photos.SIZES
        for faces in made_photos.LAYOUTS
    ]
    return {"photos": photos, "limits": limits(photos)}


def limits(photos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Limits for photos with one face: 12 MP, and 50 MP relative to it."""
    ms = {p["megapixels"]: p["whole_ms"]["median"] for p in photos if p["faces"] == 1}
    return [
        at_most("12 MP, one face, ms", ms["12"], MOST_12_MP_MS),
        at_most("50 MP against 12 MP, times", ms["50"] / ms["12"], MOST_50_TO_12_MP),
    ]


def measure_photo(estimator: Estimator, megapixels: str, faces: int) -> dict[str, Any]:
    """Time one photo from a JPEG's bytes to estimates, whole and in parts."""
    data = made_photos.make_photo(*made_photos.SIZES[megapixels], faces)
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
    """Seconds for each of `PARTS`, by the steps of `Estimator.estimate`."""
    started = perf_counter()
    rgb = read_image(data).rgb
    decoded = perf_counter()
    with estimator._worker() as worker, timed_calls(worker, "run") as network_s:
        detections = worker.detector.detect(rgb)
        detected = perf_counter()
        for detection in detections:
            estimator._estimate(worker, rgb, detection)
        estimated = perf_counter()
    network = float(np.sum(network_s))
    crop = estimated - detected - network
    seconds = (decoded - started, detected - decoded, crop, network)
    return dict(zip(PARTS, seconds, strict=True))


@contextmanager
def timed_calls(owner: object, method: str) -> Iterator[list[float]]:
    """Within the context, each call of a method adds its seconds to the list."""
    work, seconds = getattr(owner, method), []

    def timed(*arguments: Any) -> Any:
        started = perf_counter()
        found = work(*arguments)
        seconds.append(perf_counter() - started)
        return found

    with patch.object(owner, method, timed):
        yield seconds
