"""Start and stop the processes that train, evaluate and export.

They run the commands of `python -m agemodel`, each in a session of its own: they go on
when the process that started them ends, or gets Ctrl-C at its terminal.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from agemodel.core import paths
from agemodel.core.errors import ModelError, RunError
from agemodel.core.files import runs_place, writing
from agemodel.dataset.index import images_dir
from agemodel.jobs.best import has_model, is_evaluated, is_trained
from agemodel.jobs.locks import MOMENT_S, records_lock, refusal, run_in_training
from agemodel.jobs.processes import end_process, start_process
from agemodel.jobs.progress import delete_progress
from agemodel.jobs.records import (
    EVALUATE,
    EXPORT,
    LOG,
    RUNNING,
    TRAIN,
    Job,
    busy_refusal,
    list_jobs,
    new_job,
    read_job,
    write_job,
)
from agemodel.models.app_model import DEFAULT_MODEL, check_name
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, list_runs, open_run

PROGRAM = (sys.executable, "-m", "agemodel")
_NICENESS = 10
"""Keeps the page that shows the progress quick."""


def start_training(config: TrainConfig, run_id: str) -> Job:
    """Start training a new run.

    Args:
        config: the recipe.
        run_id: the run's name; made from the recipe's where empty.

    Raises:
        DatasetError: there is no dataset to train on.
        RunError: the name is invalid or taken, another training is under way, or the
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
    """Resume a run after its last finished epoch.

    Raises:
        DatasetError: there is no dataset to train on.
        RunError: the run has nothing left to train, or another training is under way.
    """
    images_dir(paths.data_dir())
    if is_trained(run):
        raise RunError(f"Run {run.id} was trained to its end.")
    return start(run, TRAIN, ("train", "--run", run.id))


def start_evaluation(run: Run) -> Job:
    """Start evaluating a run, finished or stopped.

    Raises:
        DatasetError: there is no dataset.
        RunError: there is no model yet, or another job is at work on the run.
    """
    images_dir(paths.data_dir())
    if not has_model(run):
        raise RunError(f"Run {run.id} has no model yet: no epoch was finished.")
    return start(run, EVALUATE, ("evaluate", run.id))


def start_export(run: Run, name: str) -> Job:
    """Start exporting an evaluated run as a model of that name.

    Raises:
        DatasetError: there is no dataset.
        ModelError: the name is invalid, or taken by a model of another run.
        RunError: the run is not evaluated, or another job is at work on it.
    """
    images_dir(paths.data_dir())
    check_name(name)
    if name == DEFAULT_MODEL:
        raise ModelError(f"{name} is the model that ships. Choose another name.")
    model = ModelFolder.named(name)
    if model.exists and model.card.run != run.id:
        raise ModelError(
            f"There is a model {name} of run {model.card.run} already. Choose another "
            "name."
        )
    if not is_evaluated(run):
        raise RunError(f"Run {run.id} is not evaluated yet, or was trained on since.")
    return start(run, EXPORT, ("export", run.id, name))


def start(run: Run, kind: str, command: Sequence[str]) -> Job:
    """Start a job and write its record.

    Args:
        run: a local run.
        kind: `TRAIN`, `EVALUATE`, `EXPORT`, `FOOTAGE` or `BULK`.
        command: of `python -m agemodel`, with its arguments.

    Raises:
        RunError: the run ships with the project, another job is at work on it, another
            training is under way, the process cannot be started, or the disk refuses
            its record.
    """
    run.check_may_change()
    what = f"What is done with run {run.id}"
    with writing(what, runs_place(), RunError), records_lock():
        _refuse_if_busy(run, kind)
        delete_progress(run)
        process = _spawn(run.folder / LOG, [*PROGRAM, *command])
        job = new_job(run, kind, command, process.pid)
        try:
            write_job(run, job)
        except RunError:
            process.kill()  # without a record it cannot be watched or stopped
            raise
    return job


def stop(run: Run, *, at_once: bool = False) -> None:
    """Ask the run's newest job to end; what it has finished is kept.

    Args:
        run: a run, with or without a job.
        at_once: end the process without asking, for one that does not react.

    Raises:
        RunError: the record is damaged; or the disk refuses it, though the process is
            asked to end.
    """
    with records_lock():
        job = read_job(run)
        if job is None or job.state != RUNNING:
            return
        try:
            write_job(run, replace(job, stop_asked=True))
        finally:
            end_process(job.pid, job.birth, at_once=at_once)


def recorded_training() -> str | None:
    """The id of the run in training according to the records; None if there is none."""
    for run, job in list_jobs():
        if job.kind == TRAIN and job.state == RUNNING:
            return run.id
    return None


def _refuse_if_busy(run: Run, kind: str) -> None:
    if kind == TRAIN:
        _refuse_second_training()
    for other, job in list_jobs():
        if other == run and job.state == RUNNING:
            raise RunError(busy_refusal(job))


def _refuse_second_training() -> None:
    """Refuse by the lock, or by the record of a process that does not hold it yet."""
    running = run_in_training(MOMENT_S)
    if running is None:
        running = recorded_training()
    if running is not None:
        raise RunError(refusal(running))


def _spawn(log: Path, command: Sequence[str]) -> subprocess.Popen[bytes]:
    log.touch()  # a disk that refuses it is told as such
    try:
        process = start_process(command, log, paths.ROOT)
    except OSError as error:
        raise RunError(f"No process could be started: {error}.") from error
    _lower_priority(process.pid)
    # A process that has ended stays listed until its parent has waited for it.
    threading.Thread(target=process.wait, name="reaper", daemon=True).start()
    return process


def _lower_priority(pid: int) -> None:
    """Lower a new process's priority before it has threads, which inherit it."""
    with contextlib.suppress(psutil.Error):  # it may have ended already
        process = psutil.Process(pid)
        if psutil.WINDOWS:
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            process.nice(max(psutil.Process().nice(), _NICENESS))
