"""Imports and markings that are killed again and again."""

from __future__ import annotations

import hashlib
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np

from agemodel.core.errors import DatasetError
from agemodel.dataset.index import images_dir, read_index, read_rejects
from agemodel.dataset.record import read_record
from agemodel.explorer.marks import MARKS_NAME, mark_faces, read_marks
from tests.drills.kill_report import UNDISTURBED, KillReport, once, somewhere
from tests.harness.made_home import Home, write_archive

START_S, IMPORT_S, MARKING_S = 1.0, 0.3, 0.2
"""About how long a process needs to begin, and then to do its work."""
MARKER = """
import sys
from pathlib import Path
from agemodel.explorer.marks import mark_faces

first = int(sys.argv[2])
for number in range(first, first + 2000):
    mark_faces(Path(sys.argv[1]), [f"{number}.jpg"], "doubtful", "a note")
    print("marked", number, flush=True)
"""


def kill_imports(home: Home, kills: int, rng: np.random.Generator) -> KillReport:
    """Kill imports over a dataset that is there."""
    report = KillReport("Import")
    archives = [write_archive(home.folder / f"{n}.tar.gz", n) for n in range(2)]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in archives]
    home.must("data", "import", archives[0])
    while report.kills < kills:
        new = (report.finished + 1) % 2
        while not _survives_import(home, report, archives[new], kills, rng):
            whole = _is_whole(home, set(digests))
            report.losses += [] if whole else ["the dataset"]
        left = _folders(home) - {read_record(home.data).folder}
        report.finish(_is_whole(home, {digests[new]}), sorted(left))
    return report


def _survives_import(
    home: Home, report: KillReport, archive: Path, kills: int, rng: np.random.Generator
) -> bool:
    before = _folders(home)
    begun = partial(lambda before: _folders(home) - before, before)
    moment = somewhere(rng, START_S, begun, IMPORT_S)
    process = home.start("data", "import", archive, "--force")
    return report.run_until(process, moment if report.kills < kills else UNDISTURBED)


def _folders(home: Home) -> set[str]:
    return {path.name for path in home.data.glob("utkface-*")}


def _is_whole(home: Home, archives: set[str]) -> bool:
    """Whether there is one dataset, of one of the archives, with all its images."""
    try:
        record = read_record(home.data)
        named = set(read_index(home.data)["file"])
        read_rejects(home.data)
    except DatasetError:
        return False
    sizes = {path.name: path.stat().st_size for path in images_dir(home.data).iterdir()}
    whole = set(sizes) == named and sum(sizes.values()) == record.image_bytes
    return whole and record.sha256 in archives


def kill_markings(home: Home, kills: int, rng: np.random.Generator) -> KillReport:
    """Kill processes that mark one face after the other."""
    report, heard = KillReport("Marks"), len(home.said())
    while report.kills < kills:
        told = len(_told(home, heard))
        command = [
            sys.executable,
            "-c",
            MARKER,
            str(home.data),
            str(report.kills * 2000),
        ]
        more = partial(lambda told: len(_told(home, heard)) > told, told)
        moment = once(more, rng.uniform(0, MARKING_S))
        report.run_until(home.begin(command), moment)
        try:
            lost = _told(home, heard) - set(read_marks(home.data))
        except DatasetError as error:
            lost = {str(error)}
        report.losses += sorted(lost)
    marks = mark_faces(home.data, ["last.jpg"], "fine")
    left = [path.name for path in home.data.glob(f".{MARKS_NAME}.*")]
    report.gone_on = report.kills
    report.finish(len(marks) == len(read_marks(home.data)), left)
    return report


def _told(home: Home, heard: int) -> set[str]:
    numbers = re.findall(r"^marked (\d+)$", home.said()[heard:], re.MULTILINE)
    return {f"{number}.jpg" for number in numbers}
