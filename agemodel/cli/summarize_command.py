"""The command `summarize`: what a bulk run says of all its faces."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agemodel.cli.exit_codes import DONE

if TYPE_CHECKING:
    from agemodel.bulk.bulk_summary import Summary


def add_commands(commands: Any) -> None:
    """Add `summarize` to the parser."""
    parser = commands.add_parser(
        "summarize", help="counts and shares of a bulk run, with intervals"
    )
    parser.add_argument("out", metavar="OUT", help="the results of `bulk`")
    parser.add_argument(
        "--bands",
        choices=("three", "four", "nine"),
        default="four",
        help="of ages; four unless given",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FOLDER",
        help="write faces.csv (a row a face) and shares.csv there, for spreadsheets",
    )
    parser.set_defaults(run=_summarize)


def _summarize(args: argparse.Namespace) -> int:
    from agemodel.bulk.bulk_summary import summarize

    found = summarize(args.out, args.bands)
    if args.json:
        print(json.dumps(summary_record(found)))
    else:
        print("\n".join(_lines(found)))
    if args.csv:
        _write_csv(args.out, found, args.csv)
    return DONE


def _write_csv(out: str, found: Summary, folder: Path) -> None:
    from agemodel.bulk.bulk_tables import (
        FACE_COLUMNS,
        SPREADSHEET_ROWS,
        face_rows,
        shares_csv,
    )
    from agemodel.core.errors import BulkError
    from agemodel.core.files import Place, write_whole, writing, written_whole
    from agemodel.core.spreadsheets import write_csv

    with writing("The CSV files", Place(folder, "--csv"), BulkError):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "shares.csv", shares_csv(found))
        with written_whole(folder / "faces.csv") as file:
            write_csv(file, FACE_COLUMNS, face_rows(out))
    said = f"Written to {folder}: faces.csv, shares.csv."
    if max(found.counts.faces, found.counts.files) > SPREADSHEET_ROWS:
        said += f" Spreadsheets show its first {SPREADSHEET_ROWS:,} rows alone."
    print(said, file=sys.stderr)


def summary_record(found: Summary) -> dict[str, Any]:
    """A summary as `--json` prints it; shares and the ends of intervals are 0..1."""
    shares: dict[str, list[dict[str, Any]]] = {}
    for record in found.records():
        shares.setdefault(record.pop("of"), []).append(record)
    return {
        "source": found.record.settings.source,
        "listed": found.record.listed.count,
        "files": found.counts.files,
        "failed": found.counts.errors,
        "faces": found.counts.faces,
        "with_age": found.with_age,
        "doubtful": found.doubtful,
        "shares_of": found.used,
        "shares": shares,
    }


def _lines(found: Summary) -> list[str]:
    counts = found.counts
    lines = [
        f"{counts.files:,} of {found.record.listed.count:,} files, {counts.errors:,} "
        f"of them failed.",
        f"{counts.faces:,} faces: {found.with_age:,} with an age; {found.doubtful:,} "
        "are perhaps no face and left out.",
    ]
    if found.used < found.with_age:
        lines.append(f"Shares by {found.used:,} of them, evenly spread.")
    shares = summary_record(found)["shares"].values()
    for what, records in zip(("Age", "Gender"), shares, strict=False):
        lines.append(f"{what}: " + ", ".join(map(_words, records)))
    return lines


def _words(record: dict[str, Any]) -> str:
    head = f"{record['part']} {record['share']:.1%}"
    if record["low"] is None:
        return f"{head} (no interval: the model has none)"
    return f"{head} ({record['low']:.1%} to {record['high']:.1%})"
