"""A disk that is full, read-only or forbidden, and a root that nobody can write to."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from agemodel.core import paths
from agemodel.explorer.marks import MARKS_NAME, mark_faces
from agemodel.jobs.best import CHECKPOINTS
from agemodel.models.model_folder import CARD
from agemodel.runs.checkpoints import LAST, latest_checkpoint
from agemodel.runs.run_folder import Run
from agemodel.serving import read_sample, read_samples
from tests.drills.kills import once
from tests.drills.refusals import FAULTS, FULL, Record, Work, refuse
from tests.harness.driver import run_server
from tests.harness.findings import Finding, all_of
from tests.harness.made_home import Home, write_archive
from tests.harness.small_disk import (
    close_root,
    found_on_small_disks,
    mount_small_disk,
    unmount,
)
from tests.harness.visitor import Visitor

Faults = Iterator[tuple[str, Work]]
PROMISE = """
A disk that is full, read-only or closed to the user is told by a sentence that names
the folder and what to do; what was finished is kept, and the work goes on once the disk
is repaired. To start and to estimate, the app needs no disk but a temporary folder.
"""

DONE, MODEL = "done", "m"
EPOCHS = 4
SIZE_MB = 160

_AGEMODEL = (sys.executable, "-m", "agemodel")
_MARK = """
import sys
from pathlib import Path
from agemodel.explorer.marks import mark_faces
from agemodel.core.errors import AgeModelError

try:
    mark_faces(Path(sys.argv[1]), ["1.jpg"], "fine")
except AgeModelError as error:
    sys.exit(str(error))
"""


def run() -> tuple[list[Finding], list[str]]:
    """Drill in a process that has a mount table of its own."""
    with tempfile.TemporaryDirectory(prefix="disk-") as folder:
        found = found_on_small_disks("-m", "tests.drills.disk", folder)
    return [Finding(**finding) for finding in found["findings"]], found["notes"]


def main(folder: Path) -> int:
    """Drill in an empty folder, and print what was found as JSON."""
    for name in ("home", "open"):
        (folder / name).mkdir()
    records = list(refusals(folder / "home"))
    found = [finding for record in records for finding in record.findings()]
    for wrong in (wrong for record in records for wrong in record.wrong):
        print(wrong, file=sys.stderr)
    # The closed root comes last: it stays closed.
    notes = [
        f"For example: {records[0].sentences[0]}",
        "That an import and the choice of a model tell of such a disk are tests "
        "(tests/dataset/test_archive.py, tests/models/test_app_model.py).",
    ]
    found += _on_closed_root(folder / "open")
    values = [asdict(finding) for finding in found]
    print(json.dumps({"findings": values, "notes": notes}))
    return 0


def _on_closed_root(folder: Path) -> list[Finding]:
    """Close the root for good, all but a folder, start the app, and let it estimate."""
    close_root(folder)
    os.environ["TMPDIR"] = str(folder)
    pages, samples = ("", "dataset", "training", "evaluation", "about"), read_samples()
    estimated = drawn = 0
    with contextlib.suppress(OSError):
        (paths.ROOT / ".closed").touch()
        raise RuntimeError("The root can be written to.")
    with run_server(folder) as server:
        for sample in samples:
            with Visitor(server.url) as visitor:
                page = visitor.upload(visitor.open(), sample.file, read_sample(sample))
                estimated += bool(page.ages) and not page.failed
        for name in pages:
            with Visitor(server.url) as visitor:
                page = visitor.open(name)
                drawn += bool(page.texts) and not page.failed
    return [
        all_of("Read-only root: photos that are estimated", estimated, len(samples)),
        all_of("Read-only root: pages that are drawn", drawn, len(pages)),
    ]


def refusals(folder: Path) -> Iterator[Record]:
    """Let disks refuse each kind of work in each way."""
    home = Home(folder)
    places = (home.data, home.runs, home.models)
    for place in places:
        mount_small_disk(place, SIZE_MB)
    try:
        home.must("data", "import", write_archive(home.archive))
        yield _refused(home, "Training", _trainings(home))
        home.must("evaluate", DONE)
        yield _refused(home, "Evaluation", _evaluations(home))
        home.must("export", DONE, MODEL)
        yield _refused(home, "Export", _exports(home))
        yield _refused(home, "Marks", _markings(home))
    finally:
        for place in places:
            unmount(place)


def _refused(home: Home, kind: str, faults: Faults) -> Record:
    record = Record(kind)
    for fault, work in faults:
        refuse(home, work, fault, record)
    return record


# ---------------------------------------------------------------- what is refused


def _trainings(home: Home) -> Faults:
    """One that has stopped after an epoch, a new one, and one whose disk fills."""
    recipe = home.write_recipe(EPOCHS)
    stopped = _stopped_training(home, recipe)

    def training(run_id: str) -> Work:
        command = (*_AGEMODEL, "train", recipe, "--run", run_id)
        kept = partial(_checkpoint, home.run_of(run_id))
        return Work(home.runs, "AGEMODEL_RUNS", command, kept)

    for fault in FAULTS:
        run_id = f"stopped-{fault}"
        shutil.copytree(stopped, home.runs / run_id)
        yield fault, training(run_id)
    for fault in FAULTS:
        yield fault, training(f"new-{fault}")

    def kept() -> bool:
        """Both epochs after which the disk filled are there, if it has begun."""
        checkpoint = latest_checkpoint(home.run_of(DONE).folder / CHECKPOINTS)
        return checkpoint is None or checkpoint.epochs >= 2

    yield (
        FULL,
        replace(training(DONE), finished=kept, begun=lambda said: "epoch 2/" in said),
    )


def _stopped_training(home: Home, recipe: Path) -> Path:
    process = home.start("train", recipe, "--run", "stopped")
    once(lambda: "epoch 1/" in home.said(), 0)(process)
    process.kill()
    process.wait()
    return home.runs / "stopped"


def _checkpoint(run: Run) -> object:
    checkpoint = latest_checkpoint(run.folder / CHECKPOINTS)
    if checkpoint is None:
        return None
    return checkpoint, (checkpoint.folder / LAST).read_bytes()


def _evaluations(home: Home) -> Faults:
    folder = home.run_of(DONE).folder
    work = Work(
        home.runs,
        "AGEMODEL_RUNS",
        (*_AGEMODEL, "evaluate", DONE),
        (folder / "metrics.json").read_bytes,
    )
    yield from ((fault, work) for fault in FAULTS)
    first = folder / "network.json"
    before = first.stat().st_mtime_ns
    yield FULL, replace(work, begun=lambda _: first.stat().st_mtime_ns > before)


def _exports(home: Home) -> Faults:
    folder = home.models / MODEL

    def content() -> dict[str, bytes]:
        files = [path for path in folder.iterdir() if path.name != CARD]
        return {path.name: path.read_bytes() for path in files}

    command = (*_AGEMODEL, "export", DONE, MODEL)
    work = Work(home.models, "AGEMODEL_MODELS", command, content)
    yield from ((fault, work) for fault in FAULTS)
    yield FULL, replace(work, begun=lambda _: any(home.models.glob(".filled-*")))


def _markings(home: Home) -> Faults:
    mark_faces(home.data, ["0.jpg"], "wrong")
    command = (sys.executable, "-c", _MARK, str(home.data))
    kept = (home.data / MARKS_NAME).read_bytes
    work = Work(home.data, "AGEMODEL_DATA", command, kept)
    yield from ((fault, work) for fault in FAULTS)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
