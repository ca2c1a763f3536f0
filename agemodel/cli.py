"""The command line: `python -m agemodel COMMAND`.

Each command imports what it needs when it runs, so that `--help` and `predict` start
without TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agemodel import __version__, paths
from agemodel.errors import AgeModelError

if TYPE_CHECKING:
    from agemodel.dataset.archive import ImportReport
    from agemodel.estimator import Estimator
    from agemodel.results import PhotoResult

DONE, FAILED = 0, 1
NAMED_REJECTS = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those of the process unless given.

    Returns:
        0 when all went well, 1 when something failed; wrong usage exits with 2.
    """
    args = build_parser().parse_args(arguments)
    try:
        return args.run(args)
    except AgeModelError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe has left: `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def build_parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m agemodel",
        description="Apparent age and gender of faces, with honest uncertainty.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_predict(commands)
    _add_data(commands)
    _add_train(commands)
    _add_run_command(commands, "evaluate", "measure a run on val and test", _evaluate)
    export = _add_run_command(commands, "export", "make a run the app's model", _export)
    export.add_argument("name", metavar="NAME", help="of the model; the app's: mobile")
    _add_run_command(commands, "ship", "copy a run to assets/runs/", _ship)
    return parser


def _add_predict(commands: Any) -> None:
    parser = commands.add_parser("predict", help="estimate the faces in photos")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--aligned", action="store_true", help="each file is a cropped face already"
    )
    parser.add_argument("--model", default="mobile", metavar="NAME")
    parser.set_defaults(run=_predict)


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="get UTKFace, or say what is there")
    actions = data.add_subparsers(required=True, metavar="ACTION")
    importer = actions.add_parser("import", help="from a .tar.gz, a .zip or a folder")
    importer.add_argument("source", type=Path, metavar="ARCHIVE_OR_FOLDER")
    importer.add_argument("--force", action="store_true", help="import it once more")
    importer.set_defaults(run=_data_import)
    download = actions.add_parser(
        "download", help="from Kaggle's mirror or an address, then import it"
    )
    download.add_argument(
        "--from", dest="url", metavar="URL", help="of an archive, http or https"
    )
    download.add_argument(
        "--accept-licence", action="store_true", help="do not ask about the terms"
    )
    download.add_argument("--sha256", default="", metavar="HEX", help="of the archive")
    download.add_argument("--keep", action="store_true", help="do not delete what came")
    download.set_defaults(run=_data_download)
    actions.add_parser("status", help="what is imported").set_defaults(run=_data_status)
    describer = actions.add_parser("describe", help="measure the faces, for assets/")
    describer.set_defaults(run=_data_describe)


def _add_train(commands: Any) -> None:
    parser = commands.add_parser("train", help="train a network by a recipe")
    parser.add_argument("config", metavar="CONFIG", help="a TOML file, or a name")
    parser.add_argument(
        "--run", dest="run_id", metavar="ID", help="name it, or go on with it"
    )
    parser.set_defaults(run=_train)


def _add_run_command(
    commands: Any, name: str, help_text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=help_text)
    parser.add_argument("run_id", metavar="RUN")
    parser.set_defaults(run=run)
    return parser


def _predict(args: argparse.Namespace) -> int:
    from agemodel.estimator import Estimator

    estimator = Estimator.load(args.model)
    files = list(_expand(args.paths))
    results = _judge_all(estimator, files, args.aligned)
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


def _judge_all(
    estimator: Estimator, files: Sequence[Path], aligned: bool
) -> Iterator[PhotoResult]:
    from agemodel.results import judge, judge_aligned

    function = judge_aligned if aligned else judge
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda file: function(estimator, file, str(file)), files)


def _print_json(results: Iterator[PhotoResult]) -> int:
    from agemodel.results import to_record

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
    if not result.estimates:
        return [f"{result.name}: no face found."]
    return [
        f"{result.name}: face {number}: {face.age_years:.0f} years "
        f"({face.age_low:.0f} to {face.age_high:.0f}), {face.age_group}, "
        f"{face.gender} (p_female {face.p_female:.2f})"
        for number, face in enumerate(result.estimates, start=1)
    ]


def _data_import(args: argparse.Namespace) -> int:
    from agemodel.dataset.archive import import_dataset

    with _Bar(unit="B", unit_scale=True) as bar:
        report = import_dataset(
            args.source, paths.data_dir(), progress=bar, force=args.force
        )
    _print_import(report)
    return DONE


def _data_download(args: argparse.Namespace) -> int:
    from agemodel.dataset.download import LICENCE, download_dataset

    accepted = args.accept_licence
    if not accepted:
        print(LICENCE)
        accepted = sys.stdin.isatty() and _agrees("Do you accept these terms? [y/N] ")
    with (
        _Bar(unit="B", unit_scale=True) as bar,
        _Bar(unit="B", unit_scale=True) as import_bar,
    ):
        report = download_dataset(
            paths.data_dir(),
            args.url,
            licence_accepted=accepted,
            sha256=args.sha256,
            keep=args.keep,
            progress=bar,
            import_progress=import_bar,
        )
    _print_import(report.imported)
    if report.kept:
        print(f"What came is kept: {report.kept}")
    return DONE


def _agrees(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _print_import(report: ImportReport) -> None:
    print(report.sentence)
    for reason, count in report.reasons.items():
        names = [name for name, why in report.rejects if why == reason]
        more = " ..." if count > len(names[:NAMED_REJECTS]) else ""
        print(f"  {count:,}: {reason} {', '.join(names[:NAMED_REJECTS])}{more}")


def _data_status(args: argparse.Namespace) -> int:
    from agemodel.dataset.index import dataset_status

    status = dataset_status(paths.data_dir())
    print(status.sentence)
    return DONE if status.present else FAILED


def _data_describe(args: argparse.Namespace) -> int:
    from agemodel.dataset.description import describe
    from agemodel.dataset.estimates import MODEL

    with _Bar(unit="face") as bar:
        summary = describe(paths.data_dir(), paths.models_dir() / MODEL, bar)
    print(summary.sentence)
    return DONE


def _train(args: argparse.Namespace) -> int:
    from agemodel.config import read_config

    config = read_config(args.config)
    from agemodel.training import train

    with _Bar(unit="face") as search, _Bar(unit="step") as bar:
        run = train(
            config,
            paths.data_dir(),
            run_id=args.run_id,
            progress=search,
            on_step=lambda done, total: bar(done, total, "training"),
            on_epoch=lambda row: print(_epoch_line(row, config.epochs), flush=True),
        )
    print(f"Done: run {run.id}. Next: python -m agemodel evaluate {run.id}")
    return DONE


def _epoch_line(row: dict[str, Any], epochs: int) -> str:
    return (
        f"epoch {row['epoch']}/{epochs}: val MAE {row['val_age_mae_years']:.3f} years, "
        f"val gender {row['val_gender_accuracy']:.2%}, train MAE "
        f"{row['age_mae_years']:.3f} years, {row['seconds']:.0f} s"
    )


def _evaluate(args: argparse.Namespace) -> int:
    from agemodel.runs import find_run

    run = find_run(args.run_id)
    from agemodel.evaluation import evaluate

    with _Bar(unit="face") as bar:
        result = evaluate(run, paths.data_dir(), bar)
    for name, part in result["splits"].items():
        low, high = part["mae_years_95"]
        print(
            f"{name}: n {part['n']}, MAE {part['mae_years']:.3f} years ({low:.2f} to "
            f"{high:.2f}), CS@5 {part['cs5']:.1%}, gender {part['gender_accuracy']:.2%}"
            f", coverage {part['coverage']:.1%}"
        )
    return DONE


def _export(args: argparse.Namespace) -> int:
    from agemodel.runs import find_run

    run = find_run(args.run_id)
    from agemodel.export import export

    print(f"Exported to {export(run, args.name, paths.data_dir())}.")
    return DONE


def _ship(args: argparse.Namespace) -> int:
    from agemodel.runs import find_run, ship_run

    print(f"Shipped to {ship_run(find_run(args.run_id)).folder}.")
    return DONE


class _Bar:
    """A progress bar that appears with the first report; callable as `Progress`."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._bar: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, total: int | None, text: str) -> None:
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(disable=None, **self._options)
        self._bar.total = total
        self._bar.set_description(text, refresh=False)
        self._bar.update(done - self._bar.n)
