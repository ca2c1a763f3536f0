"""The lock that lets one process train at a time, whoever started it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.core.file_locks import is_locked, try_lock
from agemodel.core.files import runs_place, sweep, write_whole, writing

TRAINING = ".training.lock"
HOLDER = ".training.json"
"""Names the run in training, while the lock is held."""

RECORDS = ".jobs.lock"
MOMENT_S = 1.0
"""How long the lock may still be held by a process that only asks for the holder, or
that was just killed."""

_PATIENCE_S = 10.0


@contextmanager
def training_lock(run_id: str) -> Iterator[None]:
    """Hold the lock of trainings until the block ends.

    Raises:
        RunError: another training is under way; its run is named.
    """
    held = _try_lock(TRAINING, MOMENT_S)
    if held is None:
        raise RunError(refusal(_run_of_holder()))
    holder = paths.runs_dir() / HOLDER
    with held:
        with _writing():
            sweep(paths.runs_dir(), HOLDER)
            write_whole(holder, json.dumps({"run": run_id}).encode())
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)


def run_in_training(patience_s: float = 0.0) -> str | None:
    """The id of the run that any process trains now; None when there is none.

    It is empty where a training is under way, but its run is not known.

    Args:
        patience_s: how long to wait for the end of a training.

    Raises:
        RunError: the lock file cannot be opened.
    """
    path = paths.runs_dir() / TRAINING
    try:
        return _run_of_holder() if is_locked(path, patience_s) else None
    except OSError as error:
        raise RunError(f"{path} cannot be opened: {error}.") from error


def refusal(run_id: str) -> str:
    """The sentence that refuses a second training.

    Args:
        run_id: the run in training; empty where it is not known.
    """
    which = f"Run {run_id} is" if run_id else "A run is"
    return (
        f"{which} being trained. Two trainings at once would slow each other down: "
        "wait for its end, or stop it."
    )


@contextmanager
def records_lock() -> Iterator[None]:
    """Hold the lock of the jobs' records until the block ends.

    Raises:
        RunError: another process holds it for long.
    """
    held = _try_lock(RECORDS, _PATIENCE_S)
    if held is None:
        raise RunError(
            f"Another program holds {paths.runs_dir() / RECORDS}. Try again."
        )
    with held:
        yield


def _try_lock(name: str, patience_s: float) -> AbstractContextManager[object] | None:
    with _writing():
        paths.runs_dir().mkdir(parents=True, exist_ok=True)
        return try_lock(paths.runs_dir() / name, patience_s)


def _writing() -> AbstractContextManager[None]:
    return writing("The lock of who works on runs", runs_place(), RunError)


def _run_of_holder() -> str:
    try:
        return str(json.loads((paths.runs_dir() / HOLDER).read_text("utf-8"))["run"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
