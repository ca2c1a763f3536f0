"""A sweep: variants of a recipe, trained some at a time, each by a process of its own.

Each is an ordinary run, trained by `python -m agemodel train`: one that has finished is
left as it is, one that was stopped goes on. A process of a sweep stops when its
standard input ends, as it does however the sweep ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from typing import Any, Protocol

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.jobs.best import is_trained
from agemodel.jobs.control import PROGRAM
from agemodel.jobs.locks import training_lock
from agemodel.jobs.processes import start_process
from agemodel.jobs.ray_cluster import join_cluster
from agemodel.jobs.records import INTERRUPTED, LOG, RUNNING, read_job
from agemodel.runs.run_folder import Run, open_run
from agemodel.runs.variants import Variant

OF_SWEEP = "--of-sweep"
"""The option by which `train` knows that a sweep holds the lock of trainings."""

DONE, STOPPED, FAILED = "done", "stopped", "failed"

_ENDS = {0: DONE, INTERRUPTED: STOPPED, -signal.SIGTERM: STOPPED}
_ENVIRONMENT = {
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
"""Else the first of several would take a GPU's whole memory."""
_ASK_EVERY_S = 0.2
_PATIENCE_S = 60.0


class Engine(Protocol):
    """Where the processes run.

    Attributes:
        places: how many may well run at a time.
    """

    places: int

    def train(self, run: Run, readers: int) -> int:
        """Train a run to its end in a process; its exit status."""

    def close(self) -> None:
        """Stop what is at work; nothing more is begun."""


def run_sweep(
    variants: Sequence[Variant],
    engine: Engine,
    workers: int,
    on_begin: Callable[[Variant], None],
) -> Generator[tuple[Variant, str]]:
    """Train variants; closed, it stops those at work.

    Args:
        variants: at least one.
        engine: closed at the end.
        workers: how many at a time.
        on_begin: called with each that is trained, by one of several threads.

    Yields:
        Each variant when it has ended, and how: `DONE`, `STOPPED` or `FAILED`.

    Raises:
        RunError: a name is that of a run of another recipe, another training is under
            way, or the disk refuses a run's folder.
    """
    for variant in variants:
        if (paths.runs_dir() / variant.run_id / "config.json").exists():
            open_run(variant.config, variant.run_id)  # refuses another recipe's
    readers = max(1, (os.cpu_count() or 1) // workers)

    def train(variant: Variant) -> str:
        run = open_run(variant.config, variant.run_id)
        if is_trained(run):
            return DONE
        _wait_for_end(run)
        on_begin(variant)
        return _ENDS.get(engine.train(run, readers), FAILED)

    pool = ThreadPoolExecutor(workers)
    try:
        with training_lock(f"{variants[0].config.name}, in variants,"):
            begun = {pool.submit(train, variant): variant for variant in variants}
            for ended in as_completed(begun):
                yield begun[ended], ended.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        engine.close()
        pool.shutdown()


def _wait_for_end(run: Run) -> None:
    """Wait for the process of a sweep that was killed a moment ago."""
    deadline = time.monotonic() + _PATIENCE_S
    with suppress(RunError):  # a damaged record is written anew
        while (job := read_job(run)) and job.state == RUNNING:
            if time.monotonic() > deadline:
                return
            time.sleep(_ASK_EVERY_S)


class LocalEngine:
    """Processes of this machine."""

    places = 1

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work: set[subprocess.Popen[bytes]] = set()
        self._is_closed = False

    def train(self, run: Run, readers: int) -> int:
        with self._lock:
            if self._is_closed:
                return INTERRUPTED
            process = _begin(run, readers)
            self._at_work.add(process)
        with process:
            return process.wait()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        for process in self._at_work:
            process.terminate()
        for process in self._at_work:
            try:
                process.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()


class RayEngine:
    """Tasks of a Ray cluster, whose machines have data and runs at the same paths."""

    def __init__(self, address: str | None, workers: int | None) -> None:
        """Join the cluster, or start a private one.

        Raises:
            ClusterError: see `join_cluster`.
        """
        self._ray = join_cluster(address, workers)
        gpus = int(self._ray.cluster_resources().get("GPU", 0))
        self.places = gpus or len(self._ray.nodes())
        self._train = self._ray.remote(
            num_cpus=1,
            num_gpus=int(gpus > 0),
            max_retries=0,
            scheduling_strategy="SPREAD",
        )(_train_there)
        self._lock = threading.Lock()
        self._at_work: list[Any] = []
        self._is_closed = False

    def train(self, run: Run, readers: int) -> int:
        with self._lock:
            if self._is_closed:
                return INTERRUPTED
            task = self._train.remote(run, readers, os.getcwd())
            self._at_work.append(task)
        try:
            return int(self._ray.get(task))
        except self._ray.exceptions.RayError as error:
            with (run.folder / LOG).open("a", encoding="utf-8") as log:
                log.write(f"Its machine or its process is lost: {error}\n")
            return 1

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
        for task in self._at_work:
            self._ray.cancel(task, force=True)
        self._ray.shutdown()


def _train_there(run: Run, readers: int, folder: str) -> int:
    """Train in a process of the cluster, in the folder in which the sweep was begun."""
    os.chdir(folder)
    with _begin(run, readers) as process:
        return process.wait()


def _begin(run: Run, readers: int) -> subprocess.Popen[bytes]:
    command = ["train", "--run", run.id, "--readers", str(readers), OF_SWEEP]
    return start_process(
        [*PROGRAM, *command],
        run.folder / LOG,
        environment=_ENVIRONMENT,
        stdin=subprocess.PIPE,
    )
