"""The record of a run's newest job, from which any process reads its state.

It lies in the run's folder. The process that starts a job writes it, and the job's own
process writes it again when it begins and when it ends. A job that ended without doing
so was killed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.core.files import runs_place, sweep, write_whole, writing
from agemodel.core.json_records import record_from
from agemodel.jobs.locks import records_lock
from agemodel.jobs.processes import birth_of, is_alive
from agemodel.runs.run_folder import Run

RECORD = "job.json"
LOG = "process.log"
TRAIN, EVALUATE, EXPORT = "train", "evaluate", "export"
FOOTAGE, BULK = "footage", "bulk"
RUNNING, STOPPED, FAILED, FINISHED = "running", "stopped", "failed", "finished"

INTERRUPTED = 130
"""The exit status of a command that was asked to stop and did."""

PARTICIPLES = {
    TRAIN: "trained",
    EVALUATE: "evaluated",
    EXPORT: "exported",
    FOOTAGE: "looked at",
    BULK: "estimated",
}
_LOG_BYTES = 16_384
_TAIL_LINES = 12
_TENSORFLOW_LINE = re.compile(
    r"[IWE]\d{4} \d\d:\d\d|[IWE]0000 00:00|WARNING: All log messages before absl"
    r"|INFO: Created TensorFlow Lite|fully_quantize: "
)
"""Lines that TensorFlow writes about the machine, not about the job."""


@dataclass(frozen=True)
class Job:
    """A process that works on a run, footage or a folder; running or ended.

    Attributes:
        run_id: the run's id.
        kind: `TRAIN`, `EVALUATE`, `EXPORT`, `FOOTAGE` or `BULK`.
        command: its arguments, without the program.
        pid: the number of the process.
        birth: as returned by `processes.birth_of`.
        started: when it began, in UTC, ISO 8601.
        log_from: where its lines begin in the run's `process.log`, in bytes.
        ended: when it ended, in UTC; empty while it runs, or where it was killed.
        code: its exit status, where it was not killed.
        stop_asked: whether it was asked to stop.
    """

    run_id: str
    kind: str
    command: tuple[str, ...]
    pid: int
    birth: str
    started: str
    log_from: int = 0
    ended: str = ""
    code: int | None = None
    stop_asked: bool = False

    @property
    def state(self) -> str:
        """`RUNNING`, `STOPPED`, `FAILED` or `FINISHED`, at this moment."""
        if self.ended:
            if self.code == INTERRUPTED:
                return STOPPED
            return FAILED if self.code else FINISHED
        if is_alive(self.pid, self.birth):
            return RUNNING
        return STOPPED if self.stop_asked else FAILED


def read_job(run: Run) -> Job | None:
    """Read the newest job of a run; None where it has none.

    Raises:
        RunError: the record is damaged.
    """
    try:
        job = record_from(Job, json.loads((run.folder / RECORD).read_text("utf-8")))
        if job.kind not in PARTICIPLES:
            raise ValueError(f"kind {job.kind!r}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RunError(
            f"{RECORD} of run {run.id} is damaged ({error}): what was last done with "
            "the run cannot be told. Starting something anew writes it again."
        ) from error
    return job


def is_running(run: Run) -> bool:
    """Whether a run's job is at work; not where its record is damaged."""
    try:
        job = read_job(run)
    except RunError:
        return False
    return job is not None and job.state == RUNNING


def write_job(run: Run, job: Job) -> None:
    """Write the record of a job, with `records_lock` held.

    Raises:
        RunError: the disk refuses it.
    """
    text = json.dumps(asdict(job), indent=1) + "\n"
    with writing(f"{RECORD} of run {run.id}", runs_place(), RunError):
        write_whole(run.folder / RECORD, text.encode())


def list_jobs() -> list[tuple[Run, Job]]:
    """The newest job of each local run, latest first, without damaged records."""
    found = []
    for path in paths.runs_dir().glob(f"*/{RECORD}"):
        run = Run(path.parent)
        with suppress(RunError):
            if job := read_job(run):
                found.append((run, job))
    return sorted(found, key=lambda pair: pair[1].started, reverse=True)


def new_job(run: Run, kind: str, command: Sequence[str], pid: int) -> Job:
    """The record of a process that has just been started."""
    log = run.folder / LOG
    return Job(
        run_id=run.id,
        kind=kind,
        command=tuple(command),
        pid=pid,
        birth=birth_of(pid) or "",
        started=_now(),
        log_from=log.stat().st_size if log.exists() else 0,
    )


def is_local(run: Run) -> bool:
    """Whether the run was made here; the others ship and are never changed."""
    return run.folder.is_relative_to(paths.runs_dir())


def busy_refusal(job: Job) -> str:
    """The sentence that refuses another job on the same run."""
    return (
        f"Run {job.run_id} is being {PARTICIPLES[job.kind]} by process {job.pid}. "
        "Wait for its end, or stop it."
    )


@contextmanager
def recorded(run: Run, kind: str, command: Sequence[str]) -> Iterator[None]:
    """Record this process as the run's job until the block ends.

    A run that ships gets no record: its files stay as published.

    Raises:
        RunError: another process is at work on the run, or the disk refuses what is
            written into the run's folder.
    """
    if not is_local(run):
        yield
        return
    code: int = 1
    _begin(run, kind, command)
    try:
        with writing(f"The folder of run {run.id}", runs_place(), RunError):
            yield
        code = 0
    except KeyboardInterrupt:
        code = INTERRUPTED
        raise
    finally:
        # A full disk refuses the record, too; the error raised above says more.
        with suppress(RunError), records_lock():
            job = read_job(run)
            if job and _is_own(job):
                write_job(run, replace(job, ended=_now(), code=code))


def read_tail(run: Run, job: Job) -> str:
    """The last lines of a job's output, without TensorFlow's about the machine."""
    try:
        with (run.folder / LOG).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(job.log_from, size - _LOG_BYTES))
            content = file.read(_LOG_BYTES)
    except OSError:
        return ""
    written = content.decode("utf-8", "replace").splitlines()
    kept = [line for line in written if not _TENSORFLOW_LINE.match(line)]
    return "\n".join(kept[-_TAIL_LINES:])


def _begin(run: Run, kind: str, command: Sequence[str]) -> None:
    """Write the record, unless the process that started this one did.

    Raises:
        RunError: another process is at work on the run.
    """
    with records_lock():
        known = None
        with suppress(RunError):
            known = read_job(run)
        at_work = known is not None and known.state == RUNNING
        if known and at_work and not _is_own(known):
            raise RunError(busy_refusal(known))
        sweep(run.folder)  # no other process writes here now
        if not at_work:
            write_job(run, new_job(run, kind, command, os.getpid()))


def _is_own(job: Job) -> bool:
    return job.pid == os.getpid() and is_alive(job.pid, job.birth)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
