"""The command `footage`: who came, from recorded video."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agemodel.cli.exit_codes import DONE, FAILED
from agemodel.cli.progress_bars import Bar
from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import FootageError

if TYPE_CHECKING:
    from agemodel.footage.footage_run import FootageResult, FootageRun
    from agemodel.footage.footage_settings import FootageSettings
    from agemodel.footage.run_progress import OnRunProgress, Progress

SEARCHING = "seconds of footage"
_BAR = {"unit": "s", "unit_scale": True, "leave": False}
_UNITS_S = {"s": 1, "min": 60, "m": 60, "h": 3600}


def add_commands(commands: Any) -> None:
    """Add `footage` to the parser."""
    parser = commands.add_parser(
        "footage", help="who came, from recorded video: visits, ages, shares"
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="a video, or a folder of videos"
    )
    parser.add_argument(
        "--sample", action="store_true", help="a made video, to see what comes out"
    )
    parser.add_argument("--job", metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="for the results; a stopped run goes on there",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="an HTML page of the results for whoever asked who came",
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="TIME",
        help="when the first video begins, such as 2026-11-27T09:00; else by its name",
    )
    add_settings(parser)
    parser.add_argument(
        "--same-person",
        action="store_true",
        help="count who comes back within the run once: compares templates of faces, "
        "in memory alone, to which other law may apply; a stopped run begins anew",
    )
    parser.add_argument("--model", metavar="NAME", help="the app's unless given")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a visit, then one a slot"
    )
    parser.set_defaults(run=_footage)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options of looking and summing up, named as the settings are."""
    for option, setting, kind, form, text in (
        ("--slot", "slot_s", seconds_of, "TIME", "visits are summed up by: 1h"),
        ("--smallest-face", "smallest_face_px", float, "PX", "that counts: 60"),
        ("--looks", "looks_per_s", float, "N", "a second: 3"),
        ("--zone", "zone", _zone, "L,T,R,B", "part whose faces count: 0,0,1,1"),
        ("--hide-below", "least_count", int, "N", "counts that are hidden: below 10"),
    ):
        parser.add_argument(option, dest=setting, type=kind, metavar=form, help=text)
    parser.add_argument(
        "--bands", choices=("three", "four", "nine"), help="of ages; four unless given"
    )


def settings_of(args: argparse.Namespace) -> FootageSettings:
    """The settings that were asked for.

    Raises:
        ConfigError: one is out of range.
    """
    from agemodel.footage.footage_settings import FootageSettings

    asked = {one.name: getattr(args, one.name, None) for one in fields(FootageSettings)}
    return FootageSettings(**{k: v for k, v in asked.items() if v is not None})


def _footage(args: argparse.Namespace) -> int:
    from agemodel.footage.run_preview import offered_preview, preview_path
    from agemodel.jobs.footage_jobs import footage_job
    from agemodel.jobs.footage_uploads import remove_uploads
    from agemodel.jobs.processes import stoppable
    from agemodel.jobs.progress import ProgressFile
    from agemodel.jobs.records import FOOTAGE, recorded

    if args.job is None:
        with stoppable(), Bar(**_BAR) as bar:
            return _look(args, bar, lambda _: None)
    job = footage_job(args.job)
    with (
        recorded(job, FOOTAGE, sys.argv[1:]),
        stoppable(),
        offered_preview(preview_path()) as show,
    ):
        try:
            return _look(args, ProgressFile(job.folder), show)
        finally:
            remove_uploads(args.paths)


def _look(
    args: argparse.Namespace, on_progress: OnProgress, show: OnRunProgress
) -> int:
    from agemodel.footage.clip_files import find_clips
    from agemodel.footage.footage_run import FootageRun
    from agemodel.footage.stretches import read_start
    from agemodel.models import app_model
    from agemodel.serving import Estimator

    settings = settings_of(args)
    start = read_start(args.start) if args.start else None
    found = find_clips([*args.paths, *_sample(args)])
    if not found.clips:
        raise FootageError("\n".join(found.problems) or "Give a video, or --sample.")
    for problem in found.problems:
        print(problem, file=sys.stderr)
    if found.others:
        said = f"Files left out, no videos by their names: {found.others:,}."
        print(said, file=sys.stderr)
    estimator = Estimator.load(args.model or app_model.read_name(), workers=1)
    run = FootageRun(args.out, estimator, settings, start)
    try:
        result = run.run(found.clips, _told(on_progress, show))
    except KeyboardInterrupt:
        print(_stopped(run), file=sys.stderr)
        if not args.job:  # the page has a button that does it
            print(_following(settings.same_person), file=sys.stderr)
        raise
    if args.report:
        from agemodel.report import write_footage_report

        write_footage_report(args.out, args.report)
    _show(result, args.json)
    bad = found.problems or any(counts.problem for counts in result.counts)
    return FAILED if bad else DONE


def _told(on_progress: OnProgress, show: OnRunProgress) -> OnRunProgress:
    """Progress in whole seconds of footage, and as it is to be shown."""

    def tell(progress: Progress) -> None:
        show(progress)
        done, total = int(progress.done_s), max(1, round(progress.total_s))
        on_progress(min(done, total), total, SEARCHING)

    return tell


def _sample(args: argparse.Namespace) -> list[Path]:
    if not args.sample:
        return []
    from agemodel.core.paths import footage_dir
    from agemodel.footage.sample_clip import write_sample

    return [write_sample(footage_dir() / ".sample")]


def _stopped(run: FootageRun) -> str:
    done, clips = run.done
    return f"Stopped: {done:,} of {clips:,} videos are done, and their results written."


def _following(begins_anew: bool) -> str:
    if begins_anew:
        return "The same command begins anew, for nobody's face was kept."
    return "The same command goes on; at most five minutes are looked at again."


def _show(result: FootageResult, as_json: bool) -> None:
    from agemodel.footage.footage_tables import slot_record
    from agemodel.footage.footage_words import lines_of

    for counts in result.counts:
        if counts.problem:
            print(counts.problem, file=sys.stderr)
    if not as_json:
        for line in lines_of(result):
            print(line)
        return
    for record in result.records:
        print(json.dumps(record))
    for number, slot in enumerate(result.slots, start=1):
        print(json.dumps(slot_record(number, slot)))


def seconds_of(text: str) -> float:
    """A length of time such as 1h, 30min or 900s."""
    for unit, seconds in _UNITS_S.items():
        number = text.strip().removesuffix(unit)
        if number != text.strip() and number.replace(".", "", 1).isdigit():
            return float(number) * seconds
    raise argparse.ArgumentTypeError(f"{text!r}: expected such as 1h, 30min or 900s")


def _zone(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected four fractions such as 0,0.5,1,1"
        ) from error
