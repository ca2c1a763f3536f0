"""Bulk runs over ten thousand files that kill, are killed, and lack room."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import psutil

from agemodel.core import paths
from agemodel.core.tables import read_parquet
from agemodel.images import encode_png
from tests.drills.kills import once
from tests.drills.refusals import FAULTS, FULL, Record, Work, refuse
from tests.harness.bulk_photos import RED, plain, tables
from tests.harness.deadly_bulk import PROGRAM
from tests.harness.findings import Finding, all_of, none_of
from tests.harness.made_home import Home
from tests.harness.small_disk import (
    check_available,
    found_on_small_disks,
    mount_small_disk,
    unmount,
)
from tests.harness.waiting import pass_time

PROMISE = """
A bulk run loses no row and doubles none: not by files that end the process that reads
them, not by kill -9 of the run itself, not by a part that is cut in half, and not by a
source that changes. Exactly the files that end processes are listed as such. A disk
that is full, read-only or closed is told by a sentence, and the run goes on once it is
repaired.
"""

FILES = 10_000
DEADLY = (1_234, 5_678, 5_679)
"""Numbers of the files that end processes; two are neighbours."""
KILLED_AT = (1, 4, 7)
"""Parts that are there when the run is killed."""
HALVED = (2, 6)
"""Numbers of the parts that are cut in half."""
CHANGING_FILES, DISK_FILES, DISK_MB = 1_500, 1_050, 8


def run() -> tuple[list[Finding], list[str]]:
    """Drill."""
    check_available()
    with tempfile.TemporaryDirectory(prefix="bulk-") as name:
        folder = Path(name)
        home = Home(folder, paths.models_dir())
        photos = write_files(folder / "photos", FILES, DEADLY)
        found, expected = undisturbed(home, photos)
        found += [
            *killed(home, photos, expected),
            *halved(home, expected),
            *changing(home),
            *without_ray(home),
        ]
        on_disks = found_on_small_disks("-m", "tests.drills.bulk", name)
        found += [Finding(**finding) for finding in on_disks]
    return found, [
        f"{FILES:,} made photos by the real command and its processes, two at work, "
        "with an estimator that finds white blocks; "
        f"{len(DEADLY)} of them end the process that reads them, each time. The run is "
        f"killed when {', '.join(map(str, KILLED_AT))} of its {FILES // 1_000} parts "
        "are there. What it holds at its end is compared with a run of one process "
        "that nothing disturbed. That a machine of a cluster may be lost is a test "
        "where Ray is installed (tests/bulk/test_ray_pool.py)."
    ]


Rows = tuple[list[dict], list[dict]]
"""Those of the files, and those of the faces."""


def write_files(folder: Path, count: int, deadly: Sequence[int] = ()) -> Path:
    """Made photos with a face of 21 to 50 years each; some of them deadly."""
    folder.mkdir(parents=True)
    for number in range(count):
        rgb = np.zeros((64, 64, 3), np.uint8)
        rgb[4:60, 4 : 25 + number % 30] = 255  # as wide as it is old
        content = plain(RED) if number in deadly else encode_png(rgb)
        (folder / f"{number:05d}.png").write_bytes(content)
    return folder


def undisturbed(home: Home, photos: Path) -> tuple[list[Finding], Rows]:
    """What a run of one process costs, and its rows."""
    out = home.folder / "undisturbed"
    process = begin(home, photos, out, "--workers", "1")
    once(_has_parts(out, 1), 0)(process)
    spent_s = [0.0, 0.0]
    with suppress(psutil.Error):  # it has ended
        dealer = psutil.Process(process.pid)
        spent_s = [_cpu_s(dealer)] * 2
        while process.poll() is None:
            spent_s[1] = _cpu_s(dealer)
            pass_time(0.2)
    end(home, process)
    files = FILES - 1_000
    what = "Processor time of the process that deals out and writes, a file"
    spent_ms = 1000 * (spent_s[1] - spent_s[0]) / files
    return [Finding(what, f"{spent_ms:.2f} ms")], rows_of(out)


def killed(home: Home, photos: Path, expected: Rows) -> Iterator[Finding]:
    """Kill the run again and again, and compare what it holds at its end."""
    out, left = home.folder / "killed", 0
    for parts in KILLED_AT:
        process = begin(home, photos, out, "--resume")
        once(_has_parts(out, parts), 0.1)(process)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        left += len(psutil.wait_procs(children, timeout=60)[1])
    end(home, begin(home, photos, out, "--resume"))
    files, faces = rows_of(out)
    yield all_of("Kills of the run, and gone on after", len(KILLED_AT), len(KILLED_AT))
    yield none_of("Processes that go on without it", left, 2 * len(KILLED_AT))
    rows = [row["row"] for row in files]
    missing = len(set(range(FILES)) - set(rows))
    yield none_of("Files without a row", missing, FILES)
    yield none_of("Files with two rows", len(rows) - len(set(rows)), FILES)
    others = differing(files, expected[0]) + differing(faces, expected[1])
    yield none_of("Rows other than one process' run has", others, FILES + len(faces))
    listed = {row["row"] for row in files if row["ended_process"]}
    yield all_of(
        "Files that end processes: listed as such, and no others",
        len(DEADLY) if listed == set(DEADLY) else len(listed & set(DEADLY)),
        max(len(DEADLY), len(listed)),
    )


def halved(home: Home, expected: Rows) -> Iterator[Finding]:
    """Cut parts of the killed run in half, and go on."""
    out, photos = home.folder / "killed", home.folder / "photos"
    names = [f"part-{number:06d}.parquet" for number in HALVED]
    others = [path for path in out.glob("f*/*.parquet") if path.name not in names]
    parts = [out / "faces" / names[0], out / "files" / names[1]]
    before = {path: path.stat().st_mtime_ns for path in others}
    for part in parts:
        content = part.read_bytes()
        part.write_bytes(content[: len(content) // 2])
    end(home, begin(home, photos, out, "--resume"))
    is_same = rows_of(out) == expected
    yield all_of("Parts cut in half: made anew, the same", 2 * is_same, len(parts))
    touched = sum(path.stat().st_mtime_ns != when for path, when in before.items())
    yield none_of("Other parts that were written again", touched, len(before))


def changing(home: Home) -> Iterator[Finding]:
    """Change the source while it is read: files come, go and are cut off."""
    count = CHANGING_FILES
    photos, out = write_files(home.folder / "changing", count), home.folder / "changed"
    process = begin(home, photos, out, "--workers", "1")
    once(_has_parts(out, 1), 0)(process)
    gone = [photos / f"{count - 1 - number:05d}.png" for number in range(10)]
    for path in gone:
        path.unlink()
    cut = photos / f"{count - 11:05d}.png"
    cut.write_bytes(cut.read_bytes()[:20])
    (photos / "00000a.png").write_bytes(plain(RED))
    process.wait(600)
    files, _ = rows_of(out)
    errors = {row["file"] for row in files if row["error"]}
    rows = [row["row"] for row in files]
    yield all_of(
        "Source that changes: files of the list with one row",
        sum(rows.count(row) == 1 for row in range(count)),
        count,
    )
    wanted = {str(path) for path in (*gone, cut)}
    yield all_of(
        "Files gone or cut off meanwhile: told in their rows, and no others",
        len(errors & wanted) if errors <= wanted else 0,
        len(wanted),
    )


def without_ray(home: Home) -> Iterator[Finding]:
    """Ask for Ray, which is not installed where the drills are made."""
    out = home.folder / "ray"
    heard = len(home.said())
    process = begin(home, home.folder / "changing", out, "--engine", "ray")
    done = home.end(process, heard)
    told = done.code == 1 and "Ray is not installed. Install it: pip" in done.said
    yield all_of("Without Ray: told by a sentence with the remedy", int(told), 1)


def main(folder: Path) -> int:
    """Drill small disks in a process with a mount table of its own; print as JSON."""
    home, disk = Home(folder, paths.models_dir()), folder / "disk"
    record = Record("Bulk")
    photos = write_files(folder / "of-disk", DISK_FILES)
    few = write_files(folder / "few", 20)
    mount_small_disk(disk, DISK_MB)
    try:
        for fault in FAULTS:
            refuse(home, _work(few, disk, f"before-{fault}"), fault, record)
        out = disk / "while"
        work = _work(photos, disk, out.name, lambda _: _has_parts(out, 1)())
        refuse(home, work, FULL, record)
    finally:
        unmount(disk)
    for wrong in record.wrong:
        print(wrong, file=sys.stderr)
    print(json.dumps([asdict(finding) for finding in record.findings()]))
    return 0


def _work(
    photos: Path, disk: Path, name: str, begun: Callable[[str], object] | None = None
) -> Work:
    out = disk / name
    options = ("--resume", "--workers", "1")
    command = (*PROGRAM, "bulk", photos, out, *options)

    def kept() -> bool:
        """The first part, if it was there when the disk filled, is whole."""
        parts = list(out.glob("f*/part-000000.parquet"))
        return len(list(map(read_parquet, parts))) in (0, 2)

    return Work(disk, "OUT", command, kept, begun)


def begin(home: Home, photos: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    """Begin a run."""
    return home.begin([*PROGRAM, "bulk", photos, out, *options])


def end(home: Home, process: subprocess.Popen[str]) -> None:
    """Let a run come to its end; files that failed are no failure of it."""
    if process.wait(600) not in (0, 1) or "Done: " not in home.said().splitlines()[-1]:
        raise RuntimeError(f"The run failed: {home.said()[-600:]}")


def rows_of(out: Path) -> Rows:
    """All rows that a run holds, in order."""
    return tables(out, "files"), tables(out, "faces")


def differing(found: list[dict], expected: list[dict]) -> int:
    """How many rows differ, or are on one side alone."""
    pairs = zip(found, expected, strict=False)
    return abs(len(found) - len(expected)) + sum(a != b for a, b in pairs)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _has_parts(out: Path, count: int) -> Callable[[], bool]:
    return lambda: len(list(out.glob("files/*.parquet"))) >= count


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
