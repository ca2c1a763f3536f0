"""Photos for bulk runs, and an estimator that some of them kill.

`FakeEstimator` answers by white blocks (see `fakes`), so what each file should give is
known; a red photo ends the process that estimates it, a blue one makes it fail.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa

from agemodel.bulk import BulkOptions, Counts, bulk_run, run_bulk
from agemodel.bulk.file_list import Task
from agemodel.bulk.scheduling import Finished
from agemodel.bulk.shard_work import Work
from agemodel.core.tables import read_parquet
from agemodel.images import encode_png
from agemodel.serving import Estimate, PhotoResult, estimate_photo, to_record
from agemodel.serving.photo_estimates import FaceEstimator
from tests.harness.fakes import FakeEstimator, png_with_faces

RED, BLUE = (255, 0, 0), (0, 0, 255)
BROKEN = b"no picture"


class FragileEstimator(FakeEstimator):
    """Dies of red and fails on blue; faces narrower than 20 px have no age."""

    def __init__(self) -> None:
        super().__init__(no_age_below_px=20)

    def estimate(self, rgb: np.ndarray) -> list[Estimate]:
        colour = tuple(rgb[0, 0].tolist())
        if colour == RED:
            os.kill(os.getpid(), signal.SIGKILL)
        if colour == BLUE:
            raise ZeroDivisionError("blue")
        return super().estimate(rgb)


class FragileWork(Work):
    """Work by a `FragileEstimator`, whatever the model."""

    def _estimator(self) -> FaceEstimator:
        return FragileEstimator()


class InlinePool:
    """Does the tasks here, one after the other: for photos that kill nobody."""

    files_begun = 0

    def __init__(self, work: Work, workers: int) -> None:
        self._estimate, self._most = work.load(), workers
        self._tasks: list[Task] = []

    @property
    def is_free(self) -> bool:
        return len(self._tasks) < self._most

    def submit(self, task: Task) -> None:
        self._tasks.append(task)

    def wait(self) -> list[Finished]:
        task = self._tasks.pop(0)
        return [Finished(task, self._estimate(task, lambda: None))]

    def close(self) -> None:
        pass


def run_inline(
    source: Path | str,
    out: Path | str,
    options: BulkOptions,
    on_progress: Callable[..., None] = lambda *_: None,
) -> Counts:
    """A bulk run in this process alone, by a `FragileEstimator`."""
    with patch.multiple(bulk_run, Work=FragileWork, LocalPool=InlinePool):
        return run_bulk(str(source), str(out), options, on_progress)


def plain(colour: tuple[int, int, int]) -> bytes:
    """A photo of one colour."""
    return encode_png(np.full((40, 40, 3), colour, np.uint8))


def write_photos(folder: Path, count: int) -> list[Path]:
    """Photos with no face, one or two, of ages that tell them apart, by their names.

    Photo number n has faces of 21 + n % 70 years and, where n % 3 is 2, of 15 px, too
    small for an age; where n % 3 is 0 it has none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04d}.png" for number in range(count)]
    for number, path in enumerate(paths):
        widths = (21 + number % 70, 15)[: number % 3]
        path.write_bytes(png_with_faces(*widths))
    return paths


def write_mixed_photos(folder: Path) -> tuple[list[Path], set[Path]]:
    """Seventy photos and those among them, 0, 31 and 32, that end processes.

    On number 50 the estimator fails, and 69 is no picture.
    """
    photos = write_photos(folder, 70)
    dead = {photos[0], photos[31], photos[32]}
    for path in dead:
        path.write_bytes(plain(RED))
    photos[50].write_bytes(plain(BLUE))
    photos[69].write_bytes(BROKEN)
    return photos, dead


def tables(out: Path, folder: str) -> list[dict[str, Any]]:
    """The rows of all parts in a folder of a run."""
    parts = [read_parquet(path) for path in sorted((out / folder).iterdir())]
    return pa.concat_tables(parts).to_pylist() if parts else []


def check_rows(out: Path, photos: list[Path], dead: set[Path]) -> None:
    """Every photo has one row, in order, and the faces that it has by itself."""
    files, faces = tables(out, "files"), tables(out, "faces")
    assert [row["row"] for row in files] == list(range(len(photos)))
    assert [row["file"] for row in files] == list(map(str, photos))
    assert {Path(row["file"]) for row in files if row["ended_process"]} == dead
    estimator = FragileEstimator()
    ages: list[tuple[int, float]] = []
    for path, row in zip(photos, files, strict=True):
        if path in dead:
            result = PhotoResult(str(path), error=row["error"])
        else:
            try:
                result = estimate_photo(estimator, path, str(path))
            except ZeroDivisionError:
                result = PhotoResult(str(path), error=row["error"])
        said = to_record(result)
        assert (row["error"], row["width"]) == (said["error"], said["width"])
        ages += [(row["row"], face["age_years"]) for face in said["faces"]]
    assert [(face["row"], face["age_years"]) for face in faces] == ages
