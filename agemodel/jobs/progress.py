"""How far a job is: a small file that it writes at most once a second."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from agemodel.core.files import write_whole
from agemodel.core.json_records import record_from
from agemodel.runs.run_folder import Run

FILE = "progress.json"
INTERVAL_S = 1.0
STEPS = "training"
"""The text of a progress that counts the optimizer's steps."""

_SURE_AFTER_S = 5.0
"""A shorter time says little about the time that is left."""


@dataclass(frozen=True)
class JobProgress:
    """How far a job is with its present step.

    Attributes:
        text: the step.
        done: the finished units of it.
        total: all units; None where that is not known.
        began_done: the units that were finished when this process began the step.
        began_at: when that was, in seconds since 1970.
        at: when this was written, in seconds since 1970.
    """

    text: str
    done: int
    total: int | None
    began_done: int
    began_at: float
    at: float

    @property
    def share(self) -> float | None:
        """The finished share, 0 to 1; None where the total is not known."""
        return min(1.0, self.done / self.total) if self.total else None

    def seconds_left(self, now: float) -> float | None:
        """The time left at the pace so far; None where it is not known.

        Args:
            now: the time, in seconds since 1970.
        """
        took, steps = self.at - self.began_at, self.done - self.began_done
        if not self.total or steps <= 0 or took < _SURE_AFTER_S:
            return None
        left = (self.total - self.done) * took / steps
        return max(0.0, left - max(0.0, now - self.at))


class ProgressFile:
    """Writes a run's progress; callable as an `OnProgress`."""

    def __init__(self, folder: Path) -> None:
        """Remember the run's folder; nothing is written yet."""
        self._path = folder / FILE
        self._last: JobProgress | None = None
        self._written = -INTERVAL_S

    def __call__(self, done: int, total: int | None, text: str) -> None:
        """Write the progress, unless it was written a moment ago."""
        now = time.time()
        last = self._last
        if last is None or last.text != text or done < last.done:
            began_done, began_at = done, now
        else:
            began_done, began_at = last.began_done, last.began_at
        self._last = JobProgress(text, done, total, began_done, began_at, now)
        due = time.monotonic() - self._written >= INTERVAL_S
        if due or done == total:
            self._written = time.monotonic()
            write_whole(self._path, json.dumps(asdict(self._last)).encode())


def read_progress(run: Run) -> JobProgress | None:
    """Read what the run's job wrote last; None where nothing can be read."""
    try:
        content = (run.folder / FILE).read_text("utf-8")
        return record_from(JobProgress, json.loads(content))
    except (OSError, ValueError):
        return None


def delete_progress(run: Run) -> None:
    """Delete what an earlier job of the run wrote."""
    (run.folder / FILE).unlink(missing_ok=True)
