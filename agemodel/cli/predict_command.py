"""The command `predict`: estimates of photos, for people and for programs."""

from __future__ import annotations

import argparse
import codecs
import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

from agemodel.cli.exit_codes import DONE, FAILED, STOPPED
from agemodel.core.file_names import shown_name
from agemodel.core.words import counted

if TYPE_CHECKING:
    from agemodel.serving import Estimate, Estimator, PhotoResult, Upload

    Show = Callable[[PhotoResult], None]

_PATHS_HELP = (
    "a photo, a folder (with the folders in it), a .zip of photos, or - for a photo "
    "through a pipe"
)


def add_commands(commands: Any) -> None:
    """Add `predict` to the parser."""
    parser = commands.add_parser("predict", help="estimate the faces in photos")
    parser.add_argument("paths", nargs="+", metavar="PATH", help=_PATHS_HELP)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--aligned", action="store_true", help="each file is a cropped face already"
    )
    parser.add_argument("--model", metavar="NAME", help="the app's unless given")
    parser.set_defaults(run=_predict)


def _predict(args: argparse.Namespace) -> int:
    from agemodel.models import app_model
    from agemodel.serving import Estimator, PhotoPaths

    estimator = Estimator.load(args.model or app_model.read_name())
    paths = PhotoPaths()
    photos = paths.find(args.paths)
    if same := paths.same_count:
        more = counted(same, "more name", "more names")
        print(f"{more} of the same photos left out.", file=sys.stderr)
    show = _show_json if args.json else _show_lines
    with closing(_estimate_all(estimator, photos, args.aligned)) as results:
        return _show_all(results, len(photos), show)


def _estimate_all(
    estimator: Estimator, photos: Sequence[Upload], aligned: bool
) -> Generator[PhotoResult]:
    """The results in the order of the photos; closed, it begins no more of them."""
    from agemodel.serving import estimate_upload

    estimate = partial(estimate_upload, estimator, aligned=aligned)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield from pool.map(estimate, photos)
    finally:
        pool.shutdown(cancel_futures=True)


def _show_all(results: Iterable[PhotoResult], count: int, show: Show) -> int:
    """Show each result as it comes; a stop keeps what was shown."""
    from tqdm import tqdm

    code, done = DONE, 0
    progress = tqdm(results, total=count, unit="file", disable=None, leave=False)
    try:
        for result in progress:
            with tqdm.external_write_mode():
                show(result)
            done += 1
            code = FAILED if result.error else code
    except KeyboardInterrupt:
        progress.close()
        print(f"Stopped: {done:,} of {count:,} files are done.", file=sys.stderr)
        return STOPPED
    return code


def _show_json(result: PhotoResult) -> None:
    from agemodel.serving import to_record

    is_unicode = codecs.lookup(sys.stdout.encoding or "ascii").name.startswith("utf")
    print(json.dumps(to_record(result), ensure_ascii=not is_unicode), flush=True)


def _show_lines(result: PhotoResult) -> None:
    if result.error:
        print(result.error, file=sys.stderr)
        return
    for line in _lines(result):
        print(line, flush=True)


def _lines(result: PhotoResult) -> list[str]:
    name = shown_name(result.name)
    notes = [f"{name}: {note}" for note in result.notes]
    if not result.estimates:
        return [f"{name}: no face found.", *notes]
    faces = [
        f"{name}: face {number}: {_age_in_words(face)}{face.gender} "
        f"(p_female {face.p_female:.2f})" + (f". {face.reason}" if face.reason else "")
        for number, face in enumerate(result.estimates, start=1)
    ]
    return faces + notes


def _age_in_words(face: Estimate) -> str:
    if face.reason:
        return "no age, "
    return (
        f"{face.age_years:.0f} years ({face.age_low:.0f} to {face.age_high:.0f}), "
        f"{face.age_group}, "
    )
