"""Finders of faces that many cameras share."""

from __future__ import annotations

import queue

import numpy as np

from agemodel.footage.looks import FindsLooks, Look, LookFinder
from agemodel.live.live_session import SETTINGS
from agemodel.serving import Estimator


class FinderPool:
    """As many finders as frames are looked at at once; threads may share one pool."""

    def __init__(self, estimator: Estimator, count: int) -> None:
        """Load so many finders, 24 MB each; a call waits where all are at work.

        Raises:
            ModelError: the detector's files are missing or damaged.
        """
        self._free: queue.SimpleQueue[FindsLooks] = queue.SimpleQueue()
        for _ in range(count):
            self._free.put(LookFinder(estimator, SETTINGS))

    def __call__(self, rgb: np.ndarray, time_s: float) -> list[Look]:
        """The looks of a frame, shape (h, w, 3), uint8."""
        finder = self._free.get()
        try:
            return finder(rgb, time_s)
        finally:
            self._free.put(finder)
