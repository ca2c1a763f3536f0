"""The command `predict`: estimates of photos, for people and for programs."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agemodel.cli.exit_codes import DONE, FAILED
from agemodel.core.file_names import shown_name

if TYPE_CHECKING:
    from agemodel.serving import Estimator, PhotoResult


def add_commands(commands: Any) -> None:
    """Add `predict` to the parser."""
    parser = commands.add_parser("predict", help="estimate the faces in photos")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--aligned", action="store_true", help="each file is a cropped face already"
    )
    parser.add_argument("--model", metavar="NAME", help="the app's unless given")
    parser.set_defaults(run=_predict)


def _predict(args: argparse.Namespace) -> int:
    from agemodel.models import app_model
    from agemodel.serving import Estimator

    estimator = Estimator.load(args.model or app_model.read_name())
    files = list(_expand(args.paths))
    results = _estimate_all(estimator, files, args.aligned)
    return _print_json(results) if args.json else _print_table(results, len(files))


def _expand(given: Sequence[Path]) -> Iterator[Path]:
    """Files as they are, folders as the pictures in them, by name."""
    from agemodel.images import SUFFIXES

    for path in given:
        if not path.is_dir():
            yield path
            continue
        found = sorted(
            file
            for file in path.rglob("*")
            if file.suffix.lower() in SUFFIXES and file.is_file()
        )
        # A folder without pictures is read as a file, for its error.
        yield from found or [path]


def _estimate_all(
    estimator: Estimator, files: Sequence[Path], aligned: bool
) -> Iterator[PhotoResult]:
    from agemodel.serving import estimate_aligned_photo, estimate_photo

    function = estimate_aligned_photo if aligned else estimate_photo
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda file: function(estimator, file, str(file)), files)


def _print_json(results: Iterator[PhotoResult]) -> int:
    from agemodel.serving import to_record

    code = DONE
    for result in results:
        print(json.dumps(to_record(result), ensure_ascii=False), flush=True)
        code = FAILED if result.error else code
    return code


def _print_table(results: Iterator[PhotoResult], count: int) -> int:
    from tqdm import tqdm

    code, lines = DONE, []
    for result in tqdm(results, total=count, unit="file", disable=None):
        lines += _table_lines(result)
        code = FAILED if result.error else code
    print("\n".join(lines))
    return code


def _table_lines(result: PhotoResult) -> list[str]:
    if result.error:
        return [result.error]
    name = shown_name(result.name)
    if not result.estimates:
        return [f"{name}: no face found."]
    return [
        f"{name}: face {number}: {face.age_years:.0f} years "
        f"({face.age_low:.0f} to {face.age_high:.0f}), {face.age_group}, "
        f"{face.gender} (p_female {face.p_female:.2f})"
        for number, face in enumerate(result.estimates, start=1)
    ]
