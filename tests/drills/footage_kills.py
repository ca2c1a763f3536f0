"""Runs over footage killed with -9 again and again, and started again: what is lost."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from agemodel.core import paths
from agemodel.footage.clip_parts import PARTS
from agemodel.footage.clip_visits import KEPT_EVERY_S
from agemodel.footage.footage_run import RUN
from agemodel.jobs.progress import read_progress
from agemodel.runs.run_folder import Run
from tests.drills.kills import Moment, Report, after, once
from tests.harness.findings import Finding
from tests.harness.footage_runs import left_over, written
from tests.harness.half_files import half_written
from tests.harness.made_footage import PORTRAITS, write_faces
from tests.harness.made_home import Home

PROMISE = """
A run over footage survives kill -9 at any moment: the same command goes on, loses at
most five minutes of a video, and ends with the same rows as a run that was not
disturbed. No half file is taken for a whole one, and nothing is left lying about.
"""

KILLS, SEED = 20, 16
CLIPS = {"cam_20261127_090000.mp4": 11.0, "cam_20261127_091100.avi": 6.0}
"""Names and minutes: of the first two parts are kept before its end."""

FPS, SIZE = 5, (640, 540)
START_S, MOST_LINES, SOON_S = 3.0, 8, 0.2
_KINDS = ("starting", "line", "line", "part", "part", "ending")


def run() -> tuple[list[Finding], list[str]]:
    """Kill runs over footage again and again."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        home = Home(Path(folder))
        shutil.copytree(paths.ASSETS / "models", home.models)
        clips = home.folder / "clips"
        for name, minutes in CLIPS.items():
            write_clip(clips / name, minutes)
        report = kill_runs(home, clips, KILLS, np.random.default_rng(SEED))
    return report.findings("Footage", "stretches of five minutes"), [
        "Each process is the command that the app starts, over two made videos of "
        f"{sum(CLIPS.values()):.0f} minutes in which the bundled portraits pass, at a "
        f"look a second. The moments are drawn with the seed {SEED}: while a process "
        "starts, after some lines of its progress, as a part is written, and as it "
        "ends.",
        "That a run survives a kill before each thing that it does to the disk is a "
        "test (tests/footage/test_killed_run.py).",
    ]


def write_clip(path: Path, minutes: float) -> Path:
    """Write a video: every 20 s somebody passes, now and then two at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = range(round(minutes * 60 * FPS))
    return write_faces(path, [_places(n / FPS) for n in frames], FPS, SIZE)


def _places(time_s: float) -> list[tuple[str, int, int, int]]:
    every_s = (20.0, 31.0, 47.0)
    passed = [time_s % each for each in every_s]
    return [
        (name, round(40 + 50 * s), 5 + 178 * lane, 170)
        for lane, (name, s) in enumerate(zip(PORTRAITS, passed, strict=True))
        if s < 8
    ]


def kill_runs(home: Home, clips: Path, kills: int, rng: np.random.Generator) -> Report:
    """Kill runs so often in all, each until it comes to its end."""
    report, whole = Report(), home.folder / "whole"
    command = ("footage", clips, "--looks", "1")
    home.must(*command, "--out", whole)
    expected = written(whole)
    while report.kills < kills:
        name = f"killed-{report.finished}"
        job, out = Run(home.runs / "footage" / ".jobs" / name), home.folder / name
        job.folder.mkdir(parents=True)
        kept_s, ended = 0.0, False
        while not ended:
            more = report.kills < kills
            moment = _moment_of(job, out, rng) if more else after(math.inf)
            process = home.start(*command, "--out", out, "--job", name)
            ended = report.run_until(process, moment)
            report.losses += half_written(out, out / PARTS)
            before_s, kept_s = kept_s, _kept_s(out)
            report.losses += [f"{before_s - kept_s:.0f} s"] * (kept_s < before_s)
            lost = math.ceil((_told_s(job) - kept_s) / (KEPT_EVERY_S + 1))
            report.begun_and_lost = max(report.begun_and_lost, lost)
        report.finished += 1
        report.equal += written(out) == expected
        report.left += left_over(out)
    return report


def _moment_of(job: Run, out: Path, rng: np.random.Generator) -> Moment:
    """A moment at random, of which many are near what could go wrong."""
    kind = rng.choice(_KINDS)
    if kind == "starting":
        return after(rng.uniform(0, START_S))
    if kind == "line":
        lines = int(rng.integers(1, MOST_LINES + 1))
        return once(_changes(lambda: _told_s(job), lines), rng.uniform(0, 1))
    if kind == "part":
        return once(_changes(lambda: _parts(out)), rng.uniform(0, SOON_S))
    return once(_changes(lambda: _written_ns(out / RUN)), rng.uniform(0, SOON_S))


def _changes(look: Callable[[], object], times: int = 1) -> Callable[[], bool]:
    """Whether what one sees has changed so often since now."""
    seen, changes = look(), 0

    def has_changed() -> bool:
        nonlocal seen, changes
        before, seen = seen, look()
        changes += seen != before
        return changes >= times

    return has_changed


def _parts(out: Path) -> list[tuple[str, int]]:
    return [(path.name, _written_ns(path)) for path in sorted(_kept(out))]


def _kept(out: Path) -> list[Path]:
    return [path for path in (out / PARTS).glob("*.json") if path.name[0] != "."]


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _kept_s(out: Path) -> float:
    """How much of the footage is kept as looked at."""
    kept_s: dict[str, float] = {}
    for path in _kept(out):
        found = json.loads(path.read_bytes())["result"]
        is_whole = "counts" in found
        read_s = found["counts"]["read_s"] if is_whole else found["point"]["time_s"]
        clip = path.stem.removesuffix("-so-far")
        kept_s[clip] = max(kept_s.get(clip, 0.0), read_s)
    return sum(kept_s.values())


def _told_s(job: Run) -> float:
    """How much of it was told to be looked at."""
    progress = read_progress(job)
    return progress.done if progress else 0.0
