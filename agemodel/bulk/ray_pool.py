"""Tasks of a Ray cluster: one that is there, or a private one on this machine.

Shards travel as names and come back as rows, so only this process writes results, and
the machines need no folder in common but the photos'. They are Ray's tasks, not actors:
actors that are given every CPU leave none for what they wait for, and hang. Ray repeats
nothing by itself (`max_retries=0`): whatever dies, a process or a machine, is heard of
here, and `scheduling` halves and repeats. Only so many tasks are handed over at a time.
"""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Any

from agemodel.bulk.file_list import Task
from agemodel.bulk.parts import Part
from agemodel.bulk.scheduling import Finished
from agemodel.bulk.shard_work import Work
from agemodel.core.errors import AgeModelError, ClusterError
from agemodel.jobs.ray_cluster import join_cluster

_PER_CPU = 2
"""Tasks handed over for each CPU, so that none waits for this process."""
_ASK_EVERY_S = 10.0
_HEAR_S = 1.0
_PATIENCE_S = 60.0

_log = logging.getLogger(__name__)


class RayPool:
    """The CPUs of a Ray cluster, each with an estimator of its own.

    Attributes:
        files_begun: always 0, for tasks are heard of when they have ended.
    """

    files_begun = 0

    def __init__(
        self, work: Work, workers: int | None = None, address: str | None = None
    ) -> None:
        """Join or start the cluster, and load the estimator once to see that it can.

        Args:
            work: what is done.
            workers: at most so many tasks at once; as many as there are CPUs, and as
                many waiting, unless given.
            address: of a cluster, or 'auto' for the one on this machine; a private one
                unless given.

        Raises:
            ClusterError: Ray is not installed, the cluster cannot be reached or has no
                CPU, or its processes cannot load the model.
        """
        self._ray = join_cluster(address, workers)
        self._workers = workers
        self._at_work: dict[Any, Task] = {}
        self._most, self._asked_s = 0, 0.0
        self._estimate = self._ray.remote(num_cpus=1, max_retries=0)(_estimate)
        self._deaths = _deaths(self._ray.exceptions)
        try:
            self._work = self._ray.put(work)
            self._check()
        except BaseException:
            self.close()
            raise

    @property
    def is_free(self) -> bool:
        return len(self._at_work) < self._room()

    def submit(self, task: Task) -> None:
        self._at_work[self._estimate.remote(self._work, task)] = task

    def wait(self) -> list[Finished]:
        ready, _ = self._ray.wait(list(self._at_work), timeout=_HEAR_S)
        return [self._finished(one, self._at_work.pop(one)) for one in ready]

    def close(self) -> None:
        for one in self._at_work:
            self._ray.cancel(one, force=True)
        self._at_work.clear()
        self._ray.shutdown()

    def _check(self) -> None:
        """Do a task of no files."""
        if not self._cpus():
            raise ClusterError("The Ray cluster has no CPU: expected one at least.")
        nothing = Task(0, 0, ())
        first = self._estimate.remote(self._work, nothing)
        while not self._ray.wait([first], timeout=_PATIENCE_S)[0]:
            _log.warning("Waiting for a free CPU of the Ray cluster.")
        if self._finished(first, nothing).part is None:
            raise ClusterError(
                "The processes of the Ray cluster end while they load the model: see "
                "Ray's logs of them."
            )

    def _finished(self, done: Any, task: Task) -> Finished:
        errors = self._ray.exceptions
        try:
            return Finished(task, self._ray.get(done))
        except errors.RayTaskError as error:
            if isinstance(error.cause, AgeModelError):
                raise error.cause from None
            raise ClusterError(
                "A process of the Ray cluster cannot work: expected this version of "
                f"the project and its requirements there, got '{error.cause}'."
            ) from error
        except self._deaths as error:
            return Finished(task, None, type(error).__name__)
        except errors.RayError as error:
            raise ClusterError(f"The Ray cluster fails: {error}") from error

    def _room(self) -> int:
        """How many tasks may be handed over; machines may come and go."""
        if self._workers:
            return self._workers
        if not self._most or time.monotonic() - self._asked_s > _ASK_EVERY_S:
            self._asked_s = time.monotonic()
            self._most = _PER_CPU * max(1, self._cpus())
        return self._most

    def _cpus(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))


def _deaths(errors: Any) -> tuple[type[Exception], ...]:
    """The errors by which Ray tells that a process, its machine or its rows are gone.

    `OutOfMemoryError` is of a process that Ray ended for its memory.
    """
    return (
        errors.WorkerCrashedError,
        errors.LocalRayletDiedError,
        errors.NodeDiedError,
        errors.ObjectLostError,
        errors.OutOfMemoryError,
    )


def _estimate(work: Work, task: Task) -> Part:
    """Estimate the files of a task in a process of the cluster."""
    part: Part = _loaded(work)(task, lambda: None)
    return part


@cache
def _loaded(work: Work) -> Any:
    """Load the estimator, once a process."""
    return work.load()
