"""Processes that estimate a folder of photos beside the app, one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from agemodel.core import paths
from agemodel.jobs.named_jobs import NamedJobs
from agemodel.jobs.records import BULK, Job

BULK_JOBS = NamedJobs(BULK, "The folder", paths.bulk_dir)


def start_bulk(name: str, source: str, options: Sequence[str] = ()) -> Job:
    """Start the command `bulk` as a job; of a name that is known, go on.

    Raises:
        RunError: see `NamedJobs.start`.
    """
    out = str(BULK_JOBS.results_folder(BULK_JOBS.job(name)))
    command = ("bulk", "--job", name, "--resume", *options, "--", source, out)
    return BULK_JOBS.start(name, command)
