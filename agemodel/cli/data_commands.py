"""`data`: get UTKFace, and say what is there."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agemodel.cli.exit_codes import DONE, FAILED
from agemodel.cli.progress_bars import Bar
from agemodel.core import paths
from agemodel.core.errors import DatasetError

if TYPE_CHECKING:
    from agemodel.dataset.import_report import ImportReport

NAMED_REJECTS = 5


def add_commands(commands: Any) -> None:
    """Add `data` and its actions to the parser."""
    data = commands.add_parser("data", help="get UTKFace, or say what is there")
    actions = data.add_subparsers(required=True, metavar="ACTION")
    importer = actions.add_parser(
        "import",
        help="UTKFace, or with --labels any labelled faces beside it, from a .tar.gz, "
        "a .zip or a folder",
    )
    importer.add_argument("source", type=Path, metavar="ARCHIVE_OR_FOLDER")
    importer.add_argument(
        "--labels", type=Path, metavar="CSV", help="file, age (or age_low, age_high)"
    )
    importer.add_argument(
        "--form",
        default="csv",
        choices=("csv", "fairface", "appa-real", "all-age-faces"),
        help="of the labels",
    )
    importer.add_argument("--name", help="of the set; else its source's")
    importer.add_argument(
        "--licence", default="not stated", help="a note on the set's terms"
    )
    importer.add_argument("--force", action="store_true", help="import it once more")
    importer.set_defaults(run=_import)
    download = actions.add_parser(
        "download",
        help="from Kaggle's mirror, where it goes on when it is started again, or from "
        "an address, then import it",
    )
    download.add_argument(
        "--from", dest="url", metavar="URL", help="of an archive, http or https"
    )
    download.add_argument(
        "--accept-licence", action="store_true", help="do not ask about the terms"
    )
    download.add_argument("--sha256", default="", metavar="HEX", help="of the archive")
    download.add_argument("--keep", action="store_true", help="do not delete what came")
    download.set_defaults(run=_download)
    actions.add_parser("status", help="what is imported").set_defaults(run=_status)
    describer = actions.add_parser("describe", help="measure the faces, for assets/")
    describer.set_defaults(run=_describe)
    marks = actions.add_parser("marks", help="what was said of labels")
    marks.add_argument(
        "--repair", action="store_true", help="keep what a damaged file still holds"
    )
    marks.set_defaults(run=_marks)


def _import(args: argparse.Namespace) -> int:
    from agemodel.dataset.archive import import_dataset

    if args.labels:
        return _import_labelled(args)
    with Bar(unit="B", unit_scale=True) as bar:
        report = import_dataset(
            args.source, paths.data_dir(), progress=bar, force=args.force
        )
    _print_import(report)
    return DONE


def _import_labelled(args: argparse.Namespace) -> int:
    """Import a set for each source that the labels name, and look for copies."""
    from agemodel.dataset.copies import find_copies
    from agemodel.dataset.labelled_sets import import_labelled, sets_in
    from agemodel.dataset.labels_file import read_labels

    labels = read_labels(args.labels, args.form)
    others = [*labels["file"], args.labels.name]
    for about, part in sets_in(labels, args.name, args.licence):
        with Bar(unit="B", unit_scale=True) as bar:
            report = import_labelled(
                args.source, part, paths.data_dir(), about, bar, args.force, others
            )
        print(f"{about.title} as {about.name}: ", end="")
        _print_import(report)
        with Bar(unit="face") as bar:
            copies = find_copies(paths.data_dir(), about.name, bar)
        for other, found in copies.groupby("other_set"):
            print(f"  {found['file'].nunique():,} are copies of {other}'s: left out.")
    return DONE


def _download(args: argparse.Namespace) -> int:
    from agemodel.dataset.download import LICENCE, download_dataset

    accepted = args.accept_licence
    if not accepted:
        print(LICENCE)
        accepted = sys.stdin.isatty() and _agrees("Do you accept these terms? [y/N] ")
    with (
        Bar(unit="B", unit_scale=True) as bar,
        Bar(unit="B", unit_scale=True) as import_bar,
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


def _status(args: argparse.Namespace) -> int:
    from agemodel.dataset.index import dataset_in_words

    try:
        print(dataset_in_words(paths.data_dir()))
    except DatasetError as error:
        print(error)
        return FAILED
    return DONE


def _describe(args: argparse.Namespace) -> int:
    from agemodel.explorer.description import describe
    from agemodel.models.app_model import DEFAULT_MODEL

    with Bar(unit="face") as bar:
        words = describe(paths.data_dir(), paths.models_dir() / DEFAULT_MODEL, bar)
    print(words)
    return DONE


def _marks(args: argparse.Namespace) -> int:
    from agemodel.explorer.marks import read_marks, repair_marks

    if args.repair:
        repaired = repair_marks(paths.data_dir())
        aside = f" The damaged file is kept: {repaired.aside}" if repaired.aside else ""
        print(f"{repaired.kept:,} marks can be read.{aside}")
        return DONE
    verdicts = Counter(mark.verdict for mark in read_marks(paths.data_dir()).values())
    parts = [f"{count:,} {verdict}" for verdict, count in verdicts.most_common()]
    print(f"{verdicts.total():,} marks{': ' if parts else ''}{', '.join(parts)}.")
    return DONE
