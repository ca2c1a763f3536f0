"""Damaged and missing files of the app's own: told, and the rest goes on."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.drills.damage_files import DATA, KERAS, LOCAL, MODEL, TOLD
from tests.harness.bit_flips import flipped
from tests.harness.findings import Finding, all_of, at_most, none_of
from tests.harness.project_copy import KillableServer, project_copy, run_inside

PROMISE = """
No damage is silent: a flipped bit in a data file, or a model file that is flipped, cut
short, empty or has lost a block, is told, never read as other data. A missing or
damaged file gives a sentence with the way to repair it, and the other pages work.
/ready goes red for a missing or damaged model, and green again when it is repaired.
"""

AGAIN = "missing|deleted"
"""Faults that also come while the pages are open."""
RED_WITHIN_S = 5.0
TIMEOUT_S = 3600.0


def run() -> tuple[list[Finding], list[str]]:
    """Damage every kind of file in a copy of the project."""
    with project_copy() as root:
        files = [
            files_told(root, 300, [DATA], "Flipped bits in data files"),
            files_told(root, 300, [LOCAL], "Flipped bits in files of a run"),
            files_told(root, 150, [MODEL, KERAS], "Damaged model and weight files"),
        ]
        new, notes = pages_kept(root, "")
        used, more_notes = pages_kept(root, AGAIN, again=True)
        ready = readiness(root)
    notes = [f"Not kept: {note}" for note in [*notes, *more_notes]]
    return [*files, *new, *used, *ready], [_WHAT_IS_DAMAGED, *notes]


_WHAT_IS_DAMAGED = (
    "Data files are those that ship (splits, measures, averages, a run with its "
    "metrics, history and predictions, published figures, sample photos) and those of "
    "an import (record, index, rejects); files of a run are those of one made here, "
    "which have digests of their own instead of a manifest. The pictures of an import "
    "have no checksums: a damaged one is shown, or not, as its decoder takes it."
)


def files_told(root: Path, count: int, kinds: Sequence[str], what: str) -> Finding:
    """Damage files of some kinds so often in all: how often it was told."""
    output = run_inside(
        root, ["tests.drills.damage_files", str(count), *kinds], TIMEOUT_S
    )
    found = Counter[str](json.loads(output.splitlines()[-1]))
    return all_of(f"{what} that were told", found[TOLD], found.total())


def pages_kept(
    root: Path, faults: str, views: str = "", *, again: bool = False
) -> tuple[list[Finding], list[str]]:
    """Draw views under faults: what failed, and who told how to repair it.

    Args:
        root: of a copy of the project.
        faults: a pattern of their names; empty for all.
        views: likewise.
        again: whether the files were in use before. What was read before the damage
            stays right in memory, so that nothing needs to be told.

    Returns:
        The findings, and a sentence on each view that did not do as it should.
    """
    arguments = ["--faults", faults, "--views", views, *(["--again"] if again else [])]
    output = run_inside(root, ["tests.drills.damage_pages", *arguments], TIMEOUT_S)
    lines = [line for line in output.splitlines() if line.startswith("{")]
    seen: list[dict[str, Any]] = [json.loads(line) for line in lines]
    broken = [one for one in seen if one["failed"] or not one["drawn"]]
    asked = [one for one in seen if one["must_tell"] and not again]
    silent = [one for one in asked if not one["tells"]]
    kinds = len({one["fault"] for one in seen})
    when = "while in use" if again else "before the start"
    what = f"Views with a traceback or without content, {kinds} faults {when}"
    findings = [none_of(what, len(broken), len(seen))]
    if asked:
        what = f"Views that need what is damaged {when} and say how to repair it"
        findings.append(all_of(what, len(asked) - len(silent), len(asked)))
    return findings, [
        f"{one['view']} with {one['fault']}: {one['failed'] or 'says nothing'}."
        for one in [*broken, *silent]
    ]


def readiness(root: Path) -> list[Finding]:
    """Damage the model under a running server: whether /ready tells, and how soon."""
    model = root / "assets" / "models" / "mobile" / "model.tflite"
    good = model.read_bytes()
    server = KillableServer(root)
    server.start()
    took, told = [], 0
    try:
        for content in (flipped(good, 8 * len(good) // 2), good[:-1], b"", None):
            model.unlink() if content is None else model.write_bytes(content)
            began = time.monotonic()
            (problem,) = server.wait_for(503)["problems"]
            took.append(time.monotonic() - began)
            told += "Restore it" in problem
            model.write_bytes(good)
            began = time.monotonic()
            server.wait_for(200)
            took.append(time.monotonic() - began)
    finally:
        model.write_bytes(good)
        server.kill()
    count = len(took) // 2
    return [
        all_of("Damages of the model for which /ready goes red, with the way to "
               "repair it, and green again", told, count),
        at_most("Longest until it is red or green", max(took), RED_WITHIN_S, "s", 1),
    ]  # fmt: skip
