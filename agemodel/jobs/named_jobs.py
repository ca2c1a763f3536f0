"""Processes beside the app that work on no training run, one of a kind at a time.

Each has a name: its results lie in the kind's folder under that name, its record,
progress and log, as of any job, in `.jobs` there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agemodel.core.errors import RunError
from agemodel.core.file_names import is_plain_name
from agemodel.core.files import runs_place, writing
from agemodel.jobs import control
from agemodel.jobs.records import PARTICIPLES, RECORD, Job, is_running, read_job
from agemodel.runs.run_folder import Run

_JOBS = ".jobs"


@dataclass(frozen=True)
class NamedJobs:
    """The jobs of a kind.

    Attributes:
        kind: of `jobs.records`.
        noun: what is worked on, to begin a sentence with.
        folder: of the results, one a job.
    """

    kind: str
    noun: str
    folder: Callable[[], Path]

    def job(self, name: str) -> Run:
        """The folder of a job's record, progress and log.

        Raises:
            RunError: the name cannot be one.
        """
        if not is_plain_name(name):
            raise RunError(
                f"{name!r} cannot be a name: use letters, digits, . _ and -."
            )
        return Run(self.folder() / _JOBS / name)

    def results_folder(self, job: Run) -> Path:
        """Where the results of a job lie."""
        return self.folder() / job.id

    def start(self, name: str, command: Sequence[str]) -> Job:
        """Start a command as a job; of a name that is known, go on.

        Raises:
            RunError: the name cannot be one, another job is at work, the process cannot
                be started, or the disk refuses its record.
        """
        job, running = self.job(name), self.running()
        if running is not None:
            raise RunError(
                f"{self.noun} '{running.id}' is being {PARTICIPLES[self.kind]}. Two at "
                "once would slow each other down: wait for its end, or stop it."
            )
        with writing(f"{self.noun} '{name}'", runs_place(), RunError):
            job.folder.mkdir(parents=True, exist_ok=True)
        return control.start(job, self.kind, command)

    def go_on(self, job: Run) -> Job:
        """Start a job again as it was started; what is done is not done again.

        Raises:
            RunError: it was never started, its record is damaged, or as `start`.
        """
        known = read_job(job)
        if known is None:
            raise RunError(
                f"{self.noun} '{job.id}' was never {PARTICIPLES[self.kind]}."
            )
        return self.start(job.id, known.command)

    def running(self) -> Run | None:
        """The job that is at work; None where none is."""
        return next((job for job in self.list() if is_running(job)), None)

    def list(self) -> list[Run]:
        """All jobs, the newest first."""
        found = sorted(
            self.folder().glob(f"{_JOBS}/*/{RECORD}"),
            key=lambda path: path.stat().st_mtime_ns,
            reverse=True,
        )
        return [Run(path.parent) for path in found]
