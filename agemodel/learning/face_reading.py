"""Reading the faces of a batch, in this process or in several of their own.

Nothing here needs Keras, so that a process that only reads starts quickly.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from agemodel.dataset.labelled_faces import plain_crop, read_face
from agemodel.faces import CropSquare
from agemodel.learning.augmentation import augmented_crop
from agemodel.runs.config import TrainConfig

Faces = list[tuple[Path, CropSquare | None]]
"""Where pictures are, and their faces in them; None: the whole picture."""


def read_faces(
    faces: Faces, config: TrainConfig, variation: tuple[int, int] | None = None
) -> np.ndarray:
    """Read and cut out faces, shape (n, input_px, input_px, 3), uint8.

    Args:
        faces: n of them.
        config: the recipe.
        variation: the epoch and the first face's place in it, from which with the
            recipe's seed every random variation follows; None: the faces as they are.

    Raises:
        ImageError: a file cannot be read.
    """
    if variation is None:
        return np.stack([plain_crop(*face, config.input_px) for face in faces])
    epoch, first = variation
    crops = []
    for place, face in enumerate(faces, start=first):
        rng = np.random.default_rng([config.seed, epoch, place])
        crops.append(augmented_crop(*read_face(*face), config, rng))
    return np.stack(crops)


class Readers:
    """Processes that read faces; a context manager that ends them.

    They are spawned, for a fork of a process with threads may hang, and end with the
    process that started them, however that ends.
    """

    def __init__(self, count: int = 1) -> None:
        """Set up `count` processes of one thread each; below 2, this process reads."""
        self.count, self._pool = count, None
        if count > 1:
            spawning = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(count, spawning, initializer=_begin)

    @property
    def threads(self) -> int:
        """How many threads should ask: one a process, and one to spare, if several."""
        return self.count + 1 if self._pool else 1

    def read(
        self, faces: Faces, config: TrainConfig, variation: tuple[int, int] | None
    ) -> np.ndarray:
        """Return what `read_faces` does; several threads may call it at once."""
        if self._pool is None:
            return read_faces(faces, config, variation)
        return self._pool.submit(read_faces, faces, config, variation).result()

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
