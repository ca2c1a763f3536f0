"""Start and stop processes that train, evaluate and export.

They are the commands of `python -m agemodel`, in sessions of their own: neither the end
of who started them nor Ctrl-C at its terminal ends them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from agemodel.core import paths
from agemodel.core.errors import ModelError, RunError
from agemodel.core.files import runs_place, writing
from agemodel.dataset.index import images_dir
from agemodel.jobs.best import has_model, is_evaluated, is_trained
from agemodel.jobs.locks import MOMENT_S, records_lock, refusal, run_in_training
from agemodel.jobs.processes import send
from agemodel.jobs.progress import forget_progress
from agemodel.jobs.records import (
    EVALUATE,
    EXPORT,
    LOG,
    RUNNING,
    TRAIN,
    Job,
    busy,
    is_local,
    list_jobs,
    new_job,
    read_job,
    write_job,
)
from agemodel.models.app_model import DEFAULT_MODEL, check_name
from agemodel.models.cards import CARD, read_card
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, list_runs, open_run

PROGRAM = (sys.executable, "-m", "agemodel")
_NICENESS = 10
"""So that a page which shows the progress is still drawn quickly."""


def start_training(config: TrainConfig, run_id: str) -> Job:
    """Begin a new run.

    Raises:
        DatasetError: there is no dataset to train on.
        RunError: the name is none or taken, another training is under way, or the
            disk does not take the run's folder.
    """
    images_dir(paths.data_dir())
    if run_id in {run.id for run in list_runs()}:
        raise RunError(f"There is a run {run_id} already. Choose another name.")
    _refuse_second_training()
    with writing(f"The run {run_id or config.name}", runs_place(), RunError):
        run = open_run(config, run_id or None)
    return start(run, TRAIN, ("train", "--run", run.id))


def resume_training(run: Run) -> Job:
    """Go on with a run after the last epoch that it finished.

    Raises:
        DatasetError: there is no dataset to train on.
        RunError: the run has nothing left to train, or another training is under way.
    """
    images_dir(paths.data_dir())
    if is_trained(run):
        raise RunError(f"Run {run.id} was trained to its end.")
    return start(run, TRAIN, ("train", "--run", run.id))


def start_evaluation(run: Run) -> Job:
    """Begin to evaluate a run, finished or stopped.

    Raises:
        DatasetError: there is no dataset.
        RunError: there is no model yet, or something is done with the run already.
    """
    images_dir(paths.data_dir())
    if not has_model(run):
        raise RunError(f"Run {run.id} has no model yet: no epoch was finished.")
    return start(run, EVALUATE, ("evaluate", run.id))


def start_export(run: Run, name: str) -> Job:
    """Begin to export an evaluated run as a model of that name.

    Raises:
        DatasetError: there is no dataset.
        ModelError: the name is none, or that of a model of another run.
        RunError: the run is not evaluated, or something is done with it already.
    """
    images_dir(paths.data_dir())
    check_name(name)
    if name == DEFAULT_MODEL:
        raise ModelError(f"{name} is the model that ships. Choose another name.")
    if (paths.models_dir() / name / CARD).exists():
        made_of = read_card(paths.models_dir() / name)["run"]
        if made_of != run.id:
            raise ModelError(
                f"There is a model {name} of run {made_of} already. Choose another "
                "name."
            )
    if not is_evaluated(run):
        raise RunError(f"Run {run.id} is not evaluated yet, or was trained on since.")
    return start(run, EXPORT, ("export", run.id, name))


def start(
    run: Run, kind: str, command: Sequence[str], program: Sequence[str] = PROGRAM
) -> Job:
    """Begin a job and write its record.

    Args:
        run: a local run.
        kind: `TRAIN`, `EVALUATE` or `EXPORT`.
        command: the arguments.
        program: what takes them.

    Raises:
        RunError: the run ships with the project, something is done with it already, a
            second training was asked for, the process cannot be started, or the disk
            does not take its record.
    """
    if not is_local(run):
        raise RunError(f"Run {run.id} ships with the project and stays as it is.")
    what = f"What is done with run {run.id}"
    with writing(what, runs_place(), RunError), records_lock():
        _refuse_if_busy(run, kind)
        forget_progress(run)
        process = _spawn(run.folder / LOG, [*program, *command])
        job = new_job(run, kind, command, process.pid)
        try:
            write_job(run, job)
        except RunError:
            process.kill()  # nobody could watch or stop it
            raise
    return job


def stop(run: Run, *, at_once: bool = False) -> None:
    """Ask the run's job to end; what it has finished is kept.

    Args:
        run: whose newest job is meant.
        at_once: end the process without a word, for one that does not listen.

    Raises:
        RunError: the record is damaged, or the disk does not take it. The process is
            asked all the same.
    """
    with records_lock():
        job = read_job(run)
        if job is None or job.state != RUNNING:
            return
        try:
            write_job(run, replace(job, stop_asked=True))
        finally:
            send(job.pid, job.birth, signal.SIGKILL if at_once else signal.SIGTERM)


def recorded_training() -> str | None:
    """The id of the run that is trained now, by the records; None if there is none."""
    for run, job in list_jobs():
        if job.kind == TRAIN and job.state == RUNNING:
            return run.id
    return None


def _refuse_if_busy(run: Run, kind: str) -> None:
    if kind == TRAIN:
        _refuse_second_training()
    for other, job in list_jobs():
        if other == run and job.state == RUNNING:
            raise RunError(busy(job))


def _refuse_second_training() -> None:
    """A process that has just begun may not hold the lock yet: its record tells."""
    running = run_in_training(MOMENT_S)
    if running is None:
        running = recorded_training()
    if running is not None:
        raise RunError(refusal(running))


def _spawn(log: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"} | os.environ
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(
                arguments,
                cwd=paths.ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise RunError(f"No process could be started: {error}.") from error
    with contextlib.suppress(OSError):  # it may be over already
        own = os.getpriority(os.PRIO_PROCESS, 0)
        # Before it has threads: those that follow take it over.
        os.setpriority(os.PRIO_PROCESS, process.pid, max(own, _NICENESS))
    # A process that has ended stays listed until its parent has asked how.
    threading.Thread(target=process.wait, name="reaper", daemon=True).start()
    return process
