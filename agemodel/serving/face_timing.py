"""The time an exported model takes for a face: as benchmarked, or measured now."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agemodel.core import paths
from agemodel.core.errors import ModelError

BENCHMARKS = paths.ROOT / "benchmarks" / "results.json"
FACES = 40
_WARM_UP = 3
_CHIP_PX = 200


@dataclass(frozen=True)
class FaceTiming:
    """Milliseconds for a cropped face, from its pixels to the estimate.

    Attributes:
        median_ms: of all faces.
        low_ms: first quartile.
        high_ms: third quartile.
        faces: how many.
        machine: what it was measured on; empty for this one, now.
    """

    median_ms: float
    low_ms: float
    high_ms: float
    faces: int
    machine: str = ""


def benchmarked(sha256: str, path: Path = BENCHMARKS) -> FaceTiming | None:
    """A model's time in the benchmarks; None if they were run on another model.

    Args:
        sha256: of the exported model.
        path: of the benchmarks' results.

    Raises:
        ModelError: the results are damaged.
    """
    try:
        section = json.loads(path.read_text("utf-8"))["throughput"]
        machine, found = section["machine"], section["found"]["aligned"]["estimate_ms"]
        if machine["model"]["sha256"] != sha256:
            return None
        return FaceTiming(
            found["median"],
            found["q25"],
            found["q75"],
            found["n"],
            f"{machine['processor']}, {machine['cores']} cores",
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path.name} of the benchmarks is damaged ({type(error).__name__}). Make "
            "it again: make bench"
        ) from error


def measure(folder: Path, faces: int = FACES) -> FaceTiming:
    """Time an exported model on this machine, one face at a time, with one thread.

    Args:
        folder: of the model.
        faces: how many; they are noise, which takes as long as any face.

    Raises:
        ModelError: the model is missing, damaged or of another version.
    """
    from agemodel.serving.estimator import Estimator

    estimator = Estimator(folder, workers=1)
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (_CHIP_PX, _CHIP_PX, 3), dtype=np.uint8)
    taken = []
    for _ in range(_WARM_UP + faces):
        start = time.perf_counter()
        estimator.estimate_aligned(rgb)
        taken.append((time.perf_counter() - start) * 1000)
    low, median, high = np.quantile(taken[_WARM_UP:], (0.25, 0.5, 0.75)).tolist()
    return FaceTiming(median, low, high, faces)
