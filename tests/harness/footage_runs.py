"""Runs over made footage, and what they wrote."""

from __future__ import annotations

import json
from pathlib import Path

from agemodel.footage.clip_files import find_clips
from agemodel.footage.clip_parts import PARTS
from agemodel.footage.footage_run import (
    LOCK,
    RUN,
    SLOTS,
    VISITS,
    VISITS_CSV,
    FootageResult,
    FootageRun,
)
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.run_progress import OnRunProgress
from tests.harness.made_estimators import card_only
from tests.harness.made_footage import BlockFinder

BLOCKS = FootageSettings(smallest_face_px=30, least_count=1)
"""Settings for clips with blocks instead of faces."""


def look_at_blocks(
    clips: Path,
    out: Path,
    finder: BlockFinder | None = None,
    settings: FootageSettings = BLOCKS,
    on_progress: OnRunProgress | None = None,
) -> FootageResult:
    """Run over a folder of clips with blocks."""
    made = FootageRun(out, card_only(), settings, find_looks=finder or BlockFinder())
    return made.run(find_clips([clips]).clips, on_progress)


def written(out: Path) -> dict[str, bytes]:
    """The results of a run but the time of their writing."""
    names = (VISITS, VISITS_CSV, SLOTS)
    contents = {name: (out / name).read_bytes() for name in names}
    record = json.loads((out / RUN).read_bytes())
    return contents | {RUN: json.dumps(record | {"written": ""}).encode()}


def left_over(out: Path) -> list[str]:
    """Files in the folder of a run that has ended which are not its results."""
    known = {RUN, VISITS, VISITS_CSV, SLOTS, LOCK}
    names = {path.name for path in out.iterdir() if path.name != PARTS} - known
    unfinished = (path.name for path in (out / PARTS).glob("*so-far*"))
    hidden = (path.name for path in (out / PARTS).glob(".*"))
    return sorted({*names, *unfinished, *hidden})
