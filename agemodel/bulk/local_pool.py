"""Processes on this machine, an estimator and a thread each.

They are spawned, for a fork of a process with threads may hang. Each has a pipe of its
own, so that it is known whose death ended what; a process whose parent is gone ends
with its next word.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from agemodel.bulk.file_list import Task
from agemodel.bulk.scheduling import Finished
from agemodel.bulk.shard_work import OnFile
from agemodel.core.errors import AgeModelError, BulkError

_READY = "ready"
_SAY_EVERY_S = 0.5
_MOST_FAILED_STARTS = 3
_PATIENCE_S = 5.0


class Loadable(Protocol):
    """What a process is to do: see `shard_work.Work`."""

    def load(self) -> Any: ...


class LocalPool:
    """So many processes; one that dies is replaced."""

    def __init__(self, work: Loadable, workers: int) -> None:
        self._work = work
        self._failed_starts = 0
        self._workers: list[_Worker] = []
        for _ in range(workers):
            self._workers.append(_Worker(work))

    @property
    def is_free(self) -> bool:
        return any(worker.is_free for worker in self._workers)

    @property
    def files_begun(self) -> int:
        return sum(worker.files_done for worker in self._workers)

    def submit(self, task: Task) -> None:
        next(worker for worker in self._workers if worker.is_free).submit(task)

    def wait(self) -> list[Finished]:
        by_connection = {worker.connection: worker for worker in self._workers}
        heard = [by_connection[one] for one in wait(list(by_connection))]  # type: ignore[index]
        found = (self._hear(worker) for worker in heard)
        return [finished for finished in found if finished is not None]

    def close(self) -> None:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.end()

    def _hear(self, worker: _Worker) -> Finished | None:
        try:
            said = worker.connection.recv()
        except (EOFError, OSError):
            return self._replace(worker)
        if isinstance(said, AgeModelError):
            raise said
        if said == _READY:
            self._failed_starts = 0
            worker.is_ready = True
        elif isinstance(said, int):
            worker.files_done = said
        elif worker.task is not None:
            return Finished(worker.release(), said)
        return None

    def _replace(self, dead: _Worker) -> Finished | None:
        how = dead.end()
        if not dead.is_ready:
            self._failed_starts += 1
            if self._failed_starts >= _MOST_FAILED_STARTS:
                raise BulkError(
                    f"The processes end while they start ({how}): expected that they "
                    "load the model. Try: python -m agemodel doctor, or fewer --workers"
                )
        self._workers[self._workers.index(dead)] = _Worker(self._work)
        return None if dead.task is None else Finished(dead.release(), None, how)


class _Worker:
    """A process, seen from outside.

    Attributes:
        connection: to it.
        process: itself.
        is_ready: whether it has loaded its estimator.
        task: that it is at.
        files_done: how many of the task's.
    """

    def __init__(self, work: Loadable) -> None:
        spawning = multiprocessing.get_context("spawn")
        self.connection, theirs = spawning.Pipe()
        self.process = spawning.Process(target=serve, args=(theirs, work), daemon=True)
        with _no_interrupts():
            self.process.start()
        theirs.close()  # else its end would never be heard of
        self.is_ready = False
        self.task: Task | None = None
        self.files_done = 0

    @property
    def is_free(self) -> bool:
        return self.is_ready and self.task is None

    def submit(self, task: Task) -> None:
        self.task = task
        with suppress(OSError):  # where it has died, `wait` hears of that
            self.connection.send(task)

    def release(self) -> Task:
        assert self.task is not None
        task, self.task, self.files_done = self.task, None, 0
        return task

    def end(self) -> str:
        """Wait for the process, or kill it; how it ended."""
        self.process.join(_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()
        return _how(self.process.exitcode or 0)


def serve(connection: Connection, work: Loadable) -> None:
    """Load the work and do it task by task, until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    try:
        try:
            estimate = work.load()
        except AgeModelError as error:
            connection.send(error)
            return
        connection.send(_READY)
        while True:
            task = connection.recv()
            connection.send(estimate(task, _teller(connection)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has ended


def _teller(connection: Connection) -> OnFile:
    done, last = 0, time.monotonic()

    def tell() -> None:
        nonlocal done, last
        done += 1
        if time.monotonic() - last >= _SAY_EVERY_S:
            last = time.monotonic()
            connection.send(done)

    return tell


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Let what starts in the block inherit that Ctrl-C does not interrupt it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _how(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
