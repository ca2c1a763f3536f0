"""Processes that look at footage beside the app, one at a time.

Each has a name: its results lie in `paths.footage_dir()` under that name, its record,
progress and log, as of any job, in `paths.footage_jobs_dir()`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.core.files import runs_place, writing
from agemodel.jobs import control
from agemodel.jobs.records import FOOTAGE, RECORD, RUNNING, Job, read_job
from agemodel.runs.run_folder import Run

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


def footage_job(name: str) -> Run:
    """The folder of a job's record, progress and log.

    Raises:
        RunError: the name cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise RunError(f"{name!r} cannot be a name: use letters, digits, . _ and -.")
    return Run(paths.footage_jobs_dir() / name)


def results_folder(job: Run) -> Path:
    """Where the results of a job lie."""
    return paths.footage_dir() / job.id


def start_footage(
    name: str, arguments: Sequence[str], program: Sequence[str] = control.PROGRAM
) -> Job:
    """Start looking at footage; of a name that is known, go on.

    Args:
        name: of the job and its results.
        arguments: paths and options of the command `footage`.
        program: the program and its first arguments.

    Raises:
        RunError: the name cannot be one, or is that of results of other videos, another
            run is at work, the process cannot be started, or the disk refuses its
            record.
    """
    job = footage_job(name)
    known = asked_for(job)
    if (known or results_folder(job).exists()) and known[:1] != tuple(arguments[:1]):
        raise RunError(
            f"There are results '{name}' of other videos. Choose another name."
        )
    running = running_footage()
    if running is not None:
        raise RunError(
            f"The footage '{running.id}' is being looked at. Two at once would slow "
            "each other down: wait for its end, or stop it."
        )
    with writing(f"The footage '{name}'", runs_place(), RunError):
        job.folder.mkdir(parents=True, exist_ok=True)
    out = ("--out", str(results_folder(job)), "--job", name)
    return control.start(job, FOOTAGE, ("footage", *out, *arguments), program)


def running_footage() -> Run | None:
    """The job that is at work; None where none is."""
    return next((job for job in list_footage_jobs() if _is_running(job)), None)


def list_footage_jobs() -> list[Run]:
    """All jobs, the newest first."""
    found = sorted(
        paths.footage_jobs_dir().glob(f"*/{RECORD}"),
        key=lambda path: path.stat().st_mtime_ns,
        reverse=True,
    )
    return [Run(path.parent) for path in found]


def go_on(job: Run) -> Job:
    """Start a job again as it was started; what is done is not done again.

    Raises:
        RunError: it was never started, its record is damaged, or as `start_footage`.
    """
    known = asked_for(job)
    if not known:
        raise RunError(f"The footage '{job.id}' was never looked at.")
    return start_footage(job.id, known)


def asked_for(job: Run) -> tuple[str, ...]:
    """The arguments that a job was started with; none where it never was.

    Raises:
        RunError: its record is damaged.
    """
    known = read_job(job)
    return known.command[5:] if known else ()


def _is_running(job: Run) -> bool:
    try:
        record = read_job(job)
    except RunError:
        return False
    return record is not None and record.state == RUNNING
