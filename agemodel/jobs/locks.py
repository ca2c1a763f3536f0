"""Who may train: one process at a time, whoever started it.

A training holds a lock on a file in `paths.runs_dir()`. The system lets go of it when
the process ends, however it ends, so nothing has to be cleared away.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.core.files import runs_place, writing

TRAINING = ".training.lock"
RECORDS = ".jobs.lock"
_PATIENCE_S = 10.0
MOMENT_S = 1.0
"""For so long who asks for the lock's holder may have it himself, or a process that is
killed still hold it."""


@contextmanager
def training_lock(run_id: str) -> Iterator[None]:
    """Be the one training until the block ends.

    Raises:
        RunError: another training is under way; its run is named.
    """
    with _opened(TRAINING) as file:
        if not _acquire(file, MOMENT_S):
            raise RunError(refusal(_holder(file)))
        with _writing():
            file.seek(0)
            file.truncate()
            file.write(json.dumps({"run": run_id, "pid": os.getpid()}))
            file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def run_in_training(patience_s: float = 0.0) -> str | None:
    """The id of the run that is trained now, by any process; None when there is none.

    Where the id cannot be told, it is empty.

    Args:
        patience_s: how long to wait for the end of a training.
    """
    path = paths.runs_dir() / TRAINING
    if not path.exists():
        return None
    try:
        with path.open(encoding="utf-8") as file:  # where nothing may be written, too
            return None if _acquire(file, patience_s) else _holder(file)
    except OSError as error:
        raise RunError(f"{path} cannot be opened: {error}.") from error


def refusal(run_id: str) -> str:
    """Why no second training is started."""
    which = f"Run {run_id} is" if run_id else "A run is"
    return (
        f"{which} being trained. Two trainings at once would slow each other down: "
        "wait for its end, or stop it."
    )


@contextmanager
def records_lock() -> Iterator[None]:
    """Be the only one who changes records of jobs, for a moment.

    Raises:
        RunError: somebody holds it for long.
    """
    with _opened(RECORDS) as file:
        if not _acquire(file, _PATIENCE_S):
            raise RunError(
                f"Another program holds {paths.runs_dir() / RECORDS}. Try again."
            )
        yield


@contextmanager
def _opened(name: str) -> Iterator[IO[str]]:
    path: Path = paths.runs_dir() / name
    with _writing():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not "w": that would empty the file before the lock is held.
        file = path.open("a+", encoding="utf-8")
    with file:
        yield file


def _writing() -> AbstractContextManager[None]:
    return writing("The lock of who works on runs", runs_place(), RunError)


def _acquire(file: IO[str], patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        return str(json.loads(file.read())["run"])
    except (ValueError, KeyError, TypeError):
        return ""
