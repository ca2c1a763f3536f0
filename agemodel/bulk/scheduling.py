"""Shards dealt out to the processes of a pool, until each is whole.

A shard is dealt out in tasks of a few files, so that all processes are at work until
the end, and few files are done in vain when a run is stopped.

A process may die over a file: a decoder crashes, or the system takes its memory. Then
the files that it had are halved, and each half is tried in a new process, until one
file is left. If that one ends a process twice more, it has a row that says so, and the
others of its shard have theirs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from agemodel.bulk.file_list import Task
from agemodel.bulk.parts import Part, joined
from agemodel.bulk.shard_work import part_of_ended

TASK_FILES = 50
"""Files of a task: a fifth of a second for cropped faces, ten seconds for photos."""

MOST_DEATHS = 2
"""Of processes over one file by itself, before it is left out."""


@dataclass(frozen=True)
class Finished:
    """A task that a pool is done with.

    Attributes:
        task: as it was submitted.
        part: its rows; None where its process died.
        how: it died, a phrase.
    """

    task: Task
    part: Part | None
    how: str = ""


class Pool(Protocol):
    """Processes that work, each at one task at a time."""

    @property
    def is_free(self) -> bool:
        """Whether it takes another task now."""

    @property
    def files_begun(self) -> int:
        """How many files of the tasks at work are done already, as far as known."""

    def submit(self, task: Task) -> None:
        """Give a task to a process; only where it `is_free`."""

    def wait(self) -> list[Finished]:
        """Wait until something has happened; what is finished, which may be nothing.

        Raises:
            AgeModelError: the processes cannot work at all.
        """

    def close(self) -> None:
        """End all processes at once; what they were at is lost."""


def work_through(
    shards: Iterable[Task], pool: Pool, on_files: Callable[[int], None]
) -> Iterator[tuple[int, Part]]:
    """Give shards to a pool, task by task, and put together what comes back.

    Args:
        shards: all files of one each, read as there is room for them.
        pool: it works at them.
        on_files: called now and then with the number of files that are done.

    Yields:
        The number of a shard and all its rows, as the shards become whole.

    Raises:
        AgeModelError: see `Pool.wait`.
    """
    dealer = _Dealer(shards)
    while dealer.fill(pool):
        for finished in pool.wait():
            whole = dealer.take(finished)
            dealer.fill(pool)  # first, so that no process waits for the disk
            if whole is not None:
                yield whole
        on_files(dealer.files_done + pool.files_begun)


class _Dealer:
    """What waits, what is at work, and the pieces of shards that are not yet whole."""

    def __init__(self, shards: Iterable[Task]) -> None:
        self.files_done = 0
        self._shards = iter(shards)
        self._pieces: deque[Task] = deque()
        self._at_work = 0
        self._missing: dict[int, int] = {}
        self._parts: dict[int, dict[int, Part]] = {}

    def fill(self, pool: Pool) -> bool:
        """Give the pool what it takes; whether it has anything to do."""
        while pool.is_free:
            task = self._next()
            if task is None:
                break
            pool.submit(task)
            self._at_work += 1
        return self._at_work > 0 or self._is_waiting()

    def take(self, finished: Finished) -> tuple[int, Part] | None:
        """Take what came back; the shard that is whole by it, if one is."""
        self._at_work -= 1
        task, part = finished.task, finished.part
        if part is None:
            part = self._after_death(task, finished.how)
        return None if part is None else self._add(task, part)

    def _next(self) -> Task | None:
        if not self._pieces and (shard := next(self._shards, None)) is not None:
            self._missing[shard.shard] = len(shard.names)
            self._pieces.extend(shard.split(TASK_FILES))
        return self._pieces.popleft() if self._pieces else None

    def _is_waiting(self) -> bool:
        """Whether there is more to do, for which a pool has no room yet."""
        task = self._next()
        if task is not None:
            self._pieces.appendleft(task)
        return task is not None

    def _after_death(self, task: Task, how: str) -> Part | None:
        """Try what is left of a task again, or give its one file up."""
        if len(task.names) > 1:
            self._pieces.extend(task.split(-(-len(task.names) // 2)))
        elif task.deaths + 1 < MOST_DEATHS:
            self._pieces.append(replace(task, deaths=task.deaths + 1))
        else:
            return part_of_ended(task, how)
        return None

    def _add(self, task: Task, part: Part) -> tuple[int, Part] | None:
        self.files_done += len(task.names)
        parts = self._parts.setdefault(task.shard, {})
        parts[task.start] = part
        self._missing[task.shard] -= len(task.names)
        if self._missing[task.shard]:
            return None
        del self._missing[task.shard], self._parts[task.shard]
        return task.shard, joined([parts[start] for start in sorted(parts)])
