"""Hours of a camera on a made clock, in which blocks come and go."""

from __future__ import annotations

import gc
import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from agemodel.footage.footage_settings import FootageSettings
from agemodel.live.camera_list import Camera
from agemodel.live.camera_run import CameraRun
from tests.harness.made_estimators import card_only
from tests.harness.made_footage import BlockFinder
from tests.harness.process_memory import private_mb
from tests.harness.waiting import PATIENCE_S

HOUR_S = 3600.0
SIZE = (160, 120)
_EVERY_S, _STAY_S = 40.0, 12.0
_AWAY_AFTER_S = 7200.0
"""So often the camera is lost once."""


@dataclass
class Hours:
    """What a process holds at the end of each hour."""

    memory_mb: list[float] = field(default_factory=list)  # that it has for itself
    # how many of each class of the package there are
    objects: list[Counter[str]] = field(default_factory=list)

    def note(self, hour: int) -> None:
        """Note an hour, once."""
        if hour > len(self.memory_mb):
            gc.collect()
            self.memory_mb.append(private_mb(os.getpid()))
            self.objects.append(
                Counter(
                    type(one).__name__
                    for one in gc.get_objects()
                    if str(type(one).__module__).startswith("agemodel.")
                )
            )


def blocks_at(time_s: float) -> np.ndarray:
    """A picture in which three blocks pass every 40 seconds, shape (120, 160, 3)."""
    picture = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
    for lane in range(3):
        passed = time_s % _EVERY_S - 9 * lane
        if 0 <= passed < _STAY_S:
            x, y = round(5 + 10 * passed), 5 + 35 * lane
            picture[y : y + 20, x : x + 20] = 240
    return picture


class MadeHours:
    """A camera that gives the next frame once the last one was looked at.

    It is a `cv2.VideoCapture`, and the clock of the run.
    """

    def __init__(self, per_s: float, until_s: float, start: datetime) -> None:
        self._step_s = 1.001 / per_s  # each frame is due, however sums are rounded
        self._until_s, self._start = until_s, start
        self._clock_s = 0.0
        self._asked = threading.Event()
        self.hours = Hours()

    def watch(self, out: Path, settings: FootageSettings) -> Hours:
        """Watch it to its end."""
        run = CameraRun(
            Camera("entrance", usb=0),
            out,
            card_only(),
            settings,
            find_looks=BlockFinder(),
            open_capture=lambda _: self,
            wait=self._wait,
            clock=lambda: self._clock_s,
            now=lambda: self._start + timedelta(seconds=self._clock_s),
        )
        run.run(self._is_over, lambda _: None)
        return self.hours

    def grab(self) -> bool:
        if not self._asked.wait(PATIENCE_S):  # what looks has failed
            return False
        self._asked.clear()
        before, self._clock_s = self._clock_s, self._clock_s + self._step_s
        return self._clock_s // _AWAY_AFTER_S == before // _AWAY_AFTER_S

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, blocks_at(self._clock_s)

    def release(self) -> None:
        pass

    def _is_over(self) -> bool:
        """Asked after each frame, and before each stretch."""
        self.hours.note(int(self._clock_s // HOUR_S))
        self._asked.set()
        return self._clock_s >= self._until_s

    def _wait(self, seconds: float) -> None:
        self._clock_s += seconds
