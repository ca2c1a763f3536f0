"""Processes that look at footage beside the app, one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.jobs import control
from agemodel.jobs.named_jobs import NamedJobs
from agemodel.jobs.records import FOOTAGE, Job, read_job
from agemodel.runs.run_folder import Run

FOOTAGE_JOBS = NamedJobs(
    FOOTAGE, "The footage", paths.footage_dir, paths.footage_jobs_dir
)
footage_job, results_folder = FOOTAGE_JOBS.job, FOOTAGE_JOBS.results_folder
running_footage, list_footage_jobs = FOOTAGE_JOBS.running, FOOTAGE_JOBS.list


def start_footage(
    name: str, arguments: Sequence[str], program: Sequence[str] = control.PROGRAM
) -> Job:
    """Start looking at footage; of a name that is known, go on.

    Args:
        name: of the job and its results.
        arguments: paths and options of the command `footage`.
        program: the program and its first arguments.

    Raises:
        RunError: the name is that of results of other videos, or see `NamedJobs.start`.
    """
    job = footage_job(name)
    known, out = asked_for(job), results_folder(job)
    if (known or out.exists()) and known[:1] != tuple(arguments[:1]):
        raise RunError(
            f"There are results '{name}' of other videos. Choose another name."
        )
    command = ("footage", "--out", str(out), "--job", name, *arguments)
    return FOOTAGE_JOBS.start(name, command, program)


def asked_for(job: Run) -> tuple[str, ...]:
    """The arguments that a job was started with; none where it never was.

    Raises:
        RunError: its record is damaged.
    """
    known = read_job(job)
    return known.command[5:] if known else ()
