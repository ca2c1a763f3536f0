"""Memory over a day of recorded video, and over a day and a half of a camera."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import numpy as np

from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.run_progress import Progress
from tests.harness.findings import Finding, at_most
from tests.harness.footage_runs import BLOCKS, look_at_blocks
from tests.harness.made_footage import Writer
from tests.harness.made_hours import HOUR_S, SIZE, Hours, MadeHours, blocks_at

PROMISE = """
Memory does not grow with the hours of footage or of a camera but by what is kept of
the visits, some 5 KB each: those of a run over videos until it ends, those of a camera
until the day does.
"""
PER_S = BLOCKS.looks_per_s
DAY_H, CAMERA_H = 24, 36
EVENING = datetime(2026, 11, 27, 18)
WARM_UP_H = 2
MOST_GROWTH_MB = 2.0
"""An hour, in which there are 270 visits."""


def run() -> tuple[list[Finding], list[str]]:
    """Watch a camera, then look at a day as one video and as 24."""
    with tempfile.TemporaryDirectory(prefix="hours-") as folder:
        findings = camera(Path(folder) / "camera")
        hourly, daily = Path(folder) / "hourly", Path(folder) / "daily"
        _write(hourly / "cam_20261127_000000.mp4", 1)
        for hour in range(1, DAY_H):
            name = f"cam_20261127_{hour:02}0000.mp4"
            (hourly / name).hardlink_to(hourly / "cam_20261127_000000.mp4")
        findings += videos("24 videos of an hour", hourly)
        _write(daily / "cam_20261127_000000.mp4", DAY_H)
        findings += videos("One video of 24 hours", daily)
    return findings, [
        "Three blocks pass every 40 seconds, 270 visits an hour; a stand-in finds them "
        "where the app would find faces, at three looks a second, since all would take "
        "hours otherwise. All else is the app's: reading, following, keeping, "
        "summing up, writing. The camera and its clock are made; it is lost every two "
        "hours, and at two midnights a new day begins.",
        "Memory is what the process has for itself at the end of each hour. Growth is "
        f"the slope of a straight line through it, after {WARM_UP_H} hours. That no "
        "frame, look or track is kept, and that a new day lets the old one go, is a "
        "test as well (tests/live/test_camera_hours.py).",
    ]


def camera(out: Path) -> list[Finding]:
    """A day and a half of a camera."""
    settings = FootageSettings(smallest_face_px=30, least_count=1)
    hours = MadeHours(PER_S, CAMERA_H * HOUR_S, EVENING).watch(out, settings)
    visits = [held["Visit"] for held in hours.objects]
    midnight = 24 - EVENING.hour
    return [
        *_figures(f"Camera, {CAMERA_H} hours", hours),
        Finding("Camera: most visits in memory, at a midnight", f"{max(visits):,}"),
        at_most(
            "Camera: an hour after midnight", visits[midnight], visits[0] * 1.1, ""
        ),
    ]


def videos(what: str, clips: Path) -> list[Finding]:
    """A day of recorded video."""
    hours = Hours()

    def note(progress: Progress) -> None:
        hours.note(int(progress.done_s // HOUR_S))

    look_at_blocks(clips, clips / "out", on_progress=note)
    return _figures(what, hours)


def _figures(what: str, hours: Hours) -> list[Finding]:
    held = hours.memory_mb
    frames = max(one["Frame"] for one in hours.objects)
    growth = np.polyfit(np.arange(len(held))[WARM_UP_H:], held[WARM_UP_H:], 1)[0]
    first, last = held[WARM_UP_H - 1], held[-1]
    shown = f"{first:,.0f} MB, {last:,.0f} MB"
    return [
        Finding(f"{what}: memory after {WARM_UP_H} hours, and at the end", shown),
        at_most(f"{what}: growth an hour", float(growth), MOST_GROWTH_MB, "MB", 2),
        at_most(f"{what}: frames in memory", frames, 20, ""),
    ]


def _write(path: Path, hours: int) -> None:
    path.parent.mkdir()
    with Writer(path, SIZE, PER_S) as writer:
        for number in range(round(hours * HOUR_S * PER_S)):
            writer.write(blocks_at(number / PER_S))
