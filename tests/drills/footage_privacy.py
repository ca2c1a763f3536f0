"""Where parts of faces turn up during a run over footage and after it."""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agemodel.core import paths
from agemodel.footage.clip_parts import PARTS
from agemodel.footage.footage_run import VISITS_CSV
from agemodel.footage.run_preview import read_preview
from agemodel.serving import Estimator
from tests.drills.footage_kills import write_clip
from tests.harness.findings import Finding, all_of, no, none_of
from tests.harness.footage_marks import FootageMarks, marks_of, middle
from tests.harness.made_home import Home
from tests.harness.waiting import wait_until
from tests.harness.watched import called, deleted_of, events_in, files_with, noting
from tests.harness.watched import written as opened_for_writing

PROMISE = """
A run over footage writes no face, crop, frame or embedding to any file and says none,
neither while it is at work, nor after a kill, nor at its end; a frame that the page
shows comes from memory alone. It calls no address.
"""
MINUTES = 5.5
"""Long enough for a part to be kept before the end."""
PREVIEWS = 3


@dataclass
class Search:
    """What was found where it must not be."""

    marks: dict[str, bytes]  # of the faces, and of the frames that were shown
    # files that hold a mark, after a kill and at the end
    on_disk: set[Path] = field(default_factory=set)
    # files that were held open without a name
    nameless: set[str] = field(default_factory=set)


def run() -> tuple[list[Finding], list[str]]:
    """Run over footage with faces, kill it, go on, and look for them."""
    with tempfile.TemporaryDirectory(prefix="footage-") as folder:
        home = Home(Path(folder))
        shutil.copytree(paths.ASSETS / "models", home.models)
        clip = write_clip(home.folder / "clips" / "cam_20261127_090000.mp4", MINUTES)
        known = marks_of(clip, Estimator.load(workers=1))
        found = nothing_kept(home, clip, known, kill_at_part)
    return found, [
        f"A made video of {MINUTES:g} minutes in which the bundled portraits pass is "
        "looked at here, too, for the marks: of one look in five the crop that the "
        "model sees, a row of the face, and its embedding as bytes and as text, and "
        "the template of each visit. The run is killed once a part is kept, gone on "
        "with, and made once more with --same-person, whose templates must be in "
        "memory alone; the frames that it shows meanwhile are marks as well. Looked "
        "through are its results, parts, records, report, log and temporary files, "
        "and the project's folder."
    ]


def kill_at_part(process: subprocess.Popen[str], out: Path) -> None:
    """Kill a process once it has kept a part."""
    wait_until(lambda: process.poll() is not None or any(out.glob(f"{PARTS}/*.json")))
    process.kill()
    process.wait()


def nothing_kept(
    home: Home,
    clip: Path,
    known: FootageMarks,
    disturb: Callable[[subprocess.Popen[str], Path], None] | None = None,
) -> list[Finding]:
    """Run over a clip, a first time with what disturbs it, and look for its marks."""
    notes, started = home.folder / "notes.jsonl", time.time()
    search = Search(dict(known.marks))
    out, again = home.folder / "out", home.folder / "again"
    command = ("footage", clip, "--json", "--report", home.folder / "report.html")
    with noting(notes):
        if disturb:
            _run(home, search, started, (*command, "--out", out), disturb, out)
        _run(home, search, started, (*command, "--out", out))
        _run(home, search, started, (*command, "--out", again, "--same-person"))
    events = events_in(notes)
    strays = [name for name in opened_for_writing(events) if not _is_own(home, name)]
    with (out / VISITS_CSV).open(encoding="utf-8-sig", newline="") as file:
        ages = [float(row["age_years"]) for row in csv.DictReader(file)]
    same = sum(a == b for a, b in zip(ages, known.ages, strict=True))
    log = home.said().encode()
    marks = len(search.marks)
    return [
        all_of("Visits of the same age here and there", same, len(known.ages)),
        none_of("Marks in what it says", sum(m in log for m in search.marks.values()),
                marks),
        no("Files that hold a mark", len(search.on_disk)),
        no("Files opened for writing that are not the run's own", len(strays)),
        no("Files held open without a name", len(search.nameless)),
        no("Addresses called or looked up", len(called(events))),
    ]  # fmt: skip


def _run(
    home: Home,
    search: Search,
    since_s: float,
    command: tuple[str | Path, ...],
    disturb: Callable[[subprocess.Popen[str], Path], None] | None = None,
    out: Path | None = None,
) -> None:
    """Make a run as the app does, see what it shows, and look through all files."""
    (home.runs / "footage" / ".jobs" / "run").mkdir(parents=True, exist_ok=True)
    process = home.start(*command, "--job", "run")
    with deleted_of(process.pid) as nameless:
        _see_previews(home, process, search)
        if disturb and out:
            disturb(process, out)
        elif process.wait():
            raise RuntimeError(f"The run failed: {home.said()}")
    search.nameless |= nameless
    search.on_disk |= set(files_with([home.folder, paths.ROOT], search.marks, since_s))


def _see_previews(home: Home, process: subprocess.Popen[str], search: Search) -> None:
    """Take the frames that a page would show for marks, too."""
    path = home.runs / "footage" / ".preview"
    for _ in range(PREVIEWS):
        wait_until(lambda: process.poll() is not None or read_preview(path))
        if shown := read_preview(path):
            search.marks[f"preview at {shown.time_s} s"] = middle(shown.jpeg)


def _is_own(home: Home, name: str) -> bool:
    """Whether a file is one that a run writes by its documentation."""
    own = (
        *("out", "again", "report.html", ".report.html"),
        *("runs/footage/.jobs", "runs/.jobs.lock"),
    )
    return any(name.startswith(str(home.folder / each)) for each in own)
