"""The command `summarize`: what a bulk run says of all its faces."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from agemodel.cli.exit_codes import DONE

if TYPE_CHECKING:
    from agemodel.bulk.bulk_summary import Summary
    from agemodel.metrics.shares import Partition, Shares


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
    parser.set_defaults(run=_summarize)


def _summarize(args: argparse.Namespace) -> int:
    from agemodel.bulk.bulk_summary import summarize

    found = summarize(args.out, args.bands)
    if args.json:
        print(json.dumps(summary_record(found)))
    else:
        print("\n".join(_lines(found)))
    return DONE


def summary_record(found: Summary) -> dict[str, Any]:
    """A summary as `--json` prints it; shares and the ends of intervals are 0..1."""
    return {
        "source": found.record.settings.source,
        "listed": found.record.listed.count,
        "files": found.counts.files,
        "failed": found.counts.errors,
        "faces": found.counts.faces,
        "with_age": found.with_age,
        "doubtful": found.doubtful,
        "shares_of": found.used,
        "shares": {
            parts.name: _records(parts, shares) for parts, shares in found.shares
        },
    }


def _records(parts: Partition, shares: Shares) -> list[dict[str, Any]]:
    return [
        {
            "part": part,
            "share": round(float(share), 4),
            "low": None if low != low else round(float(low), 4),
            "high": None if high != high else round(float(high), 4),
        }
        for part, share, low, high in zip(
            parts.parts, shares.share, shares.low, shares.high, strict=True
        )
    ]


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
    for what, (parts, shares) in zip(("Age", "Gender"), found.shares, strict=False):
        lines.append(f"{what}: " + ", ".join(map(_words, _records(parts, shares))))
    return lines


def _words(record: dict[str, Any]) -> str:
    head = f"{record['part']} {record['share']:.1%}"
    if record["low"] is None:
        return f"{head} (no interval: the model has none)"
    return f"{head} ({record['low']:.1%} to {record['high']:.1%})"
