"""How far a job is: a small file that it writes, at most once a second, for others."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from agemodel.core.files import write_whole
from agemodel.runs.run_folder import Run

FILE = "progress.json"
INTERVAL_S = 1.0
STEPS = "training"
"""What is being done while the optimizer's steps are counted."""

_SURE_AFTER_S = 5.0
"""What is done in less says little of how long the rest takes."""


@dataclass(frozen=True)
class Progress:
    """How far a job is with what it does now.

    Attributes:
        text: what is being done.
        done: how much of it.
        total: of how much; None where that is not known.
        began_done: how much was done when this process began with it.
        began_at: when that was, seconds since 1970.
        at: when this was written.
    """

    text: str
    done: int
    total: int | None
    began_done: int
    began_at: float
    at: float

    @property
    def share(self) -> float | None:
        """The part that is done, 0..1; None where the whole is not known."""
        return min(1.0, self.done / self.total) if self.total else None

    def seconds_left(self, now: float) -> float | None:
        """How long the rest takes at the pace so far; None where that is not known.

        Args:
            now: seconds since 1970.
        """
        took, steps = self.at - self.began_at, self.done - self.began_done
        if not self.total or steps <= 0 or took < _SURE_AFTER_S:
            return None
        left = (self.total - self.done) * took / steps
        return max(0.0, left - max(0.0, now - self.at))


class ProgressFile:
    """Writes a run's progress; callable as an `OnProgress`."""

    def __init__(self, folder: Path, interval_s: float = INTERVAL_S) -> None:
        """Take note of where to write; nothing is written yet.

        Args:
            folder: of the run.
            interval_s: the shortest time between two writes.
        """
        self._path = folder / FILE
        self._interval_s = interval_s
        self._last: Progress | None = None
        self._written = -interval_s

    def __call__(self, done: int, total: int | None, text: str) -> None:
        """Take note, and write it down unless that was done a moment ago."""
        now = time.time()
        last = self._last
        if last is None or last.text != text or done < last.done:
            began_done, began_at = done, now
        else:
            began_done, began_at = last.began_done, last.began_at
        self._last = Progress(text, done, total, began_done, began_at, now)
        due = time.monotonic() - self._written >= self._interval_s
        if due or done == total:
            self._written = time.monotonic()
            write_whole(self._path, json.dumps(asdict(self._last)).encode())


def read_progress(run: Run) -> Progress | None:
    """What the run's job wrote last; None where it wrote nothing that can be read."""
    try:
        progress = Progress(**json.loads((run.folder / FILE).read_text("utf-8")))
        numbers = (progress.done, progress.began_done, progress.began_at, progress.at)
        if not all(isinstance(number, (int, float)) for number in numbers):
            return None
    except (OSError, ValueError, TypeError):
        return None
    return progress


def forget_progress(run: Run) -> None:
    """Remove what an earlier job of the run wrote."""
    (run.folder / FILE).unlink(missing_ok=True)
