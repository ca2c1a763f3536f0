"""Photos for bulk runs, and an estimator that some of them kill.

`FakeEstimator` answers by white blocks (see `fakes`), so what each file should give is
known; a red photo ends the process that estimates it, a blue one makes it fail.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np

from agemodel.bulk.shard_work import Work
from agemodel.images import encode_png
from agemodel.serving import Estimate
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
