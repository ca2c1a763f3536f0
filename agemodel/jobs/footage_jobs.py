"""Processes that look at footage beside the app, one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.jobs.named_jobs import NamedJobs
from agemodel.jobs.records import FOOTAGE, Job, read_job

FOOTAGE_JOBS = NamedJobs(FOOTAGE, "The footage", paths.footage_dir)
footage_job, results_folder = FOOTAGE_JOBS.job, FOOTAGE_JOBS.results_folder
running_footage, list_footage_jobs = FOOTAGE_JOBS.running, FOOTAGE_JOBS.list


def start_footage(name: str, arguments: Sequence[str]) -> Job:
    """Start the command `footage` as a job; of a name that is known, go on.

    Raises:
        RunError: the name is that of results of other videos, or see `NamedJobs.start`.
    """
    job = footage_job(name)
    record, out = read_job(job), results_folder(job)
    first = record.command[5:6] if record else ()
    if (first or out.exists()) and first != tuple(arguments[:1]):
        raise RunError(
            f"There are results '{name}' of other videos. Choose another name."
        )
    command = ("footage", "--out", str(out), "--job", name, *arguments)
    return FOOTAGE_JOBS.start(name, command)
