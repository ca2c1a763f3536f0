"""The command `bulk`: photos in any number, on all cores."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from agemodel.cli.argument_types import add_engine, positive_count
from agemodel.cli.exit_codes import DONE, FAILED, STOPPED
from agemodel.cli.progress_bars import Bar
from agemodel.core.callbacks import OnProgress

_SOURCE_HELP = (
    "a folder (with the folders in it), a pattern such as 'photos/**/*.jpg', a list of "
    "files (text with a path a line, or Parquet with a column 'path'), or an address "
    "such as s3://bucket/photos"
)
_OUT_HELP = "a folder for the results, or an address"
_LINE_EVERY_S = 30.0


def add_commands(commands: Any) -> None:
    """Add `bulk` to the parser."""
    parser = commands.add_parser("bulk", help="estimate the faces in very many photos")
    parser.add_argument("source", metavar="SOURCE", help=_SOURCE_HELP)
    parser.add_argument("out", metavar="OUT", help=_OUT_HELP)
    parser.add_argument(
        "--resume", action="store_true", help="go on with the run that is in OUT"
    )
    parser.add_argument(
        "--aligned", action="store_true", help="each file is a cropped face already"
    )
    parser.add_argument("--model", metavar="NAME", help="the app's unless given")
    add_engine(parser)
    parser.add_argument(
        "--workers", type=positive_count, metavar="N", help="as many as there are cores"
    )
    parser.add_argument("--job", metavar="NAME", help=argparse.SUPPRESS)
    parser.set_defaults(run=partial(_bulk, parser))


def _bulk(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if args.address and args.engine != "ray":
        parser.error("--address is of a Ray cluster: add --engine ray")
    from agemodel.bulk import BulkOptions, run_bulk
    from agemodel.jobs.processes import stoppable

    options = BulkOptions(
        model=args.model,
        aligned=args.aligned,
        engine=args.engine,
        workers=args.workers,
        address=args.address,
        resume=args.resume,
    )
    with stoppable(), closing(_Report()) as report:
        try:
            with _recorded(args.job) as report.on_progress:
                counts = run_bulk(args.source, args.out, options, report)
        except KeyboardInterrupt:
            report.close()
            print(f"{report.stopped()} Go on by --resume.", file=sys.stderr)
            return STOPPED
    print(
        f"Done: {counts.files:,} files, {counts.faces:,} faces; {counts.errors:,} of "
        f"the files failed. {report.per_second():.1f} files a second. The results are "
        f"in {args.out}."
    )
    return FAILED if counts.errors else DONE


@contextmanager
def _recorded(name: str | None) -> Iterator[OnProgress | None]:
    """Record this process as a page's job, if it is one; what writes its progress."""
    if name is None:
        yield None
        return
    from agemodel.jobs.bulk_jobs import BULK_JOBS
    from agemodel.jobs.progress import ProgressFile
    from agemodel.jobs.records import BULK, recorded

    job = BULK_JOBS.job(name)
    with recorded(job, BULK, sys.argv[1:]):
        yield ProgressFile(job.folder)


class _Report:
    """Progress on standard error: a bar on a terminal, elsewhere a line now and then.

    An `OnProgress`.

    Attributes:
        on_progress: who is told as well.
    """

    def __init__(self) -> None:
        self._text, self._bar = "", Bar()
        self.on_progress: OnProgress | None = None
        self._began_s, self._told_s = 0.0, 0.0
        self._begun = self._done = 0
        self._total: int | None = None

    def __call__(self, done: int, total: int | None, text: str) -> None:
        if text != self._text:
            self._begin(done, text)
        self._done, self._total = done, total
        self._bar(done, total, text)
        if self.on_progress:
            self.on_progress(done, total, text)
        now = time.monotonic()
        if not sys.stderr.isatty() and now - self._told_s >= _LINE_EVERY_S:
            self._told_s = now
            print(f"{text}: {self.line()}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the bar, so that others may print."""
        self._bar.__exit__()

    def line(self) -> str:
        """How far it is, how fast, and how long it will take."""
        from agemodel.jobs.forecast import duration_in_words

        if not self._total:
            return f"{self._done:,} files."
        rate = self.per_second()
        far = f"{self._done:,} of {self._total:,} files, {rate:.1f} a second"
        if not rate:
            return f"{far}."
        return f"{far}, {duration_in_words((self._total - self._done) / rate)} left."

    def stopped(self) -> str:
        """What is said of a run that was stopped."""
        of = f" of {self._total:,}" if self._total else ""
        return f"Stopped: about {self._done:,}{of} files were done ({self._text})."

    def _begin(self, done: int, text: str) -> None:
        self.close()
        self._text, self._bar = text, Bar(unit="file")
        self._begun = done
        self._began_s = self._told_s = time.monotonic()

    def per_second(self) -> float:
        """How many files it did a second."""
        passed_s = time.monotonic() - self._began_s
        return (self._done - self._begun) / passed_s if passed_s else 0.0
