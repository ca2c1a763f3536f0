"""The pace at which training faces are read and varied: two processes against one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

from agemodel.images import encode_jpeg
from agemodel.learning.face_reading import Faces, Readers
from agemodel.runs.config import TrainConfig, read_config
from benchmarks.speed_limits import at_least
from benchmarks.timings import summarise, take_turns
from tests.harness import made_photos

BATCHES, RECIPE = 16, "mobile"
COUNTS = (1, 2)
LEAST_GAIN = 1.8


def run() -> dict[str, Any]:
    """Measure faces a second by the number of processes, in turns."""
    config = read_config(RECIPE)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        batches = [_write_batch(Path(folder), config)] * BATCHES
        ways = {
            count: _reading(stack.enter_context(Readers(count)), batches, config)
            for count in COUNTS
        }
        found = take_turns(ways, seconds=30.0, least=5)
    rates = {str(count): summarise(values) for count, values in found.items()}
    gain = rates["2"]["median"] / rates["1"]["median"]
    limit = at_least("two processes that read against one, times", gain, LEAST_GAIN)
    return {"recipe": RECIPE, "faces_per_second": rates, "limits": [limit]}


def _write_batch(folder: Path, config: TrainConfig) -> Faces:
    faces = made_photos.aligned_faces()
    paths = [folder / f"{number}.jpg" for number in range(config.batch_size)]
    for number, path in enumerate(paths):
        path.write_bytes(encode_jpeg(faces[number % len(faces)]))
    return [(path, None) for path in paths]


def _reading(
    readers: Readers, batches: list[Faces], config: TrainConfig
) -> Callable[[], float]:
    """Faces a second of an epoch's batches, asked for by threads as Keras does."""

    def per_second() -> float:
        started = perf_counter()
        with ThreadPoolExecutor(readers.threads) as threads:
            list(threads.map(lambda one: readers.read(one, config, (0, 0)), batches))
        return len(batches) * config.batch_size / (perf_counter() - started)

    return per_second
