"""Trainings killed with -9 again and again, and started again: what is lost."""

from __future__ import annotations

import hashlib
import math
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from agemodel.jobs.best import CHECKPOINTS, is_trained
from agemodel.jobs.progress import STEPS, read_progress
from agemodel.runs.checkpoints import BEST, LAST, latest_checkpoint
from agemodel.runs.run_folder import Run
from tests.harness.findings import Finding, all_of, at_most, none_of
from tests.harness.half_files import half_written
from tests.harness.made_home import Home, write_archive
from tests.harness.waiting import wait_until

PROMISE = """
Training, evaluation, export, import and marking survive kill -9 at any
moment: started again they go on and come to the same end, a training loses at most the
epoch that it was in, nothing finished is lost, no half file is taken for a whole one,
and nothing is left lying about.
"""

KILLS, SEED, EPOCHS = 50, 6, 8
START_S, EPOCH_S, WRITING_S = 5.0, 0.5, 0.2
"""About how long it takes to begin, to train an epoch and to write it down."""

_KINDS = ("starting", "training", "training", "writing", "writing", "ending")
_POLL_S = 0.002

Moment = Callable[[subprocess.Popen[str]], None]
"""Waits until a process is to be killed, or has ended."""


@dataclass
class Report:
    """What kills did to work that is started again after each."""

    kills: int = 0  # processes that were killed
    gone_on: int = 0  # kills after which the same command went on without an error
    # what was lost, or half a file that was taken for a whole one
    losses: list[str] = field(default_factory=list)
    begun_and_lost: int = 0  # the most epochs that were begun and lost at a kill
    finished: int = 0  # works that came to their end after kills
    equal: int = 0  # those of them that ended as if nothing had happened
    # temporary files that lay about at the end of one
    left: list[str] = field(default_factory=list)

    def run_until(self, process: subprocess.Popen[str], moment: Moment) -> bool:
        """Kill a process at its moment; whether it had ended by itself, and well."""
        moment(process)
        process.kill()
        code = process.wait()
        if code > 0:
            raise RuntimeError(f"It ended with {code} after a kill.")
        # Kills in a row are followed by one another; each is gone on from.
        self.gone_on = self.kills
        self.kills += code < 0
        return code == 0

    def findings(self, work: str = "Training", unit: str = "epochs") -> list[Finding]:
        """The figures; one unit of what was begun may be lost at a kill."""
        lost, left = len(self.losses), len(self.left)
        return [
            all_of(f"{work}: kills, and gone on after", self.gone_on, self.kills),
            none_of(f"{work}: something finished is lost, or half a file passes for a "
                    "whole one", lost, self.kills),
            all_of(f"{work}: ends as if it had not been disturbed", self.equal,
                   self.finished),
            none_of(f"{work}: temporary files lie about at the end", left,
                    self.finished),
            at_most(f"{work}: {unit} begun and lost at a kill", self.begun_and_lost, 1,
                    ""),
        ]  # fmt: skip


def run() -> tuple[list[Finding], list[str]]:
    """Kill trainings again and again."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        home = Home(Path(folder))
        home.must("data", "import", write_archive(home.archive))
        found = kill_trainings(home, KILLS, np.random.default_rng(SEED)).findings()
    return found, [
        "Each process is the real command. The moments are drawn with the seed "
        f"{SEED}: some while a process starts, most while it works, above all while it "
        "writes. A training is compared with one that was not disturbed: history, "
        "weights of the best and of the last model, and the names of all files.",
        "That exports, imports and marks survive a kill at each of their steps are "
        "tests (tests/core/test_staging.py, tests/dataset/test_archive.py, "
        "tests/explorer/test_marks.py); an evaluation writes its files as marks are "
        "written, and is made anew.",
    ]


def kill_trainings(home: Home, kills: int, rng: np.random.Generator) -> Report:
    """Kill trainings so often in all, each until it comes to its end."""
    recipe, report = home.write_recipe(EPOCHS), Report()
    home.must("train", recipe, "--run", "undisturbed")
    model = home.run_of("undisturbed")
    expected = _ending(model)
    while report.kills < kills:
        run, heard = home.run_of(f"killed-{report.finished}"), len(home.said())
        ended = False
        while not ended:
            moment = _moment_of(run, rng) if report.kills < kills else after(math.inf)
            process = home.start("train", recipe, "--run", run.id)
            ended = report.run_until(process, moment)
            begun, lost = _lost(run, home.said()[heard:])
            report.begun_and_lost = max(report.begun_and_lost, begun)
            report.losses += [f"{run.id}: {lost} epochs"] if lost else []
            checkpoint = latest_checkpoint(run.folder / CHECKPOINTS)
            kept = [checkpoint.folder] if checkpoint else []
            report.losses += half_written(run.folder, *kept)
        found = _ending(run)
        if others := [name for name in found if found[name] != expected[name]]:
            print(f"{run.id} ends otherwise: {', '.join(others)}", file=sys.stderr)
        report.finished += 1
        report.equal += not others
        report.left += sorted(_names(run.folder) - _names(model.folder))
    return report


def _moment_of(run: Run, rng: np.random.Generator) -> Moment:
    """A moment at random, of which many are near what could go wrong."""
    kind, checkpoints = rng.choice(_KINDS), run.folder / CHECKPOINTS
    if kind == "starting":
        return after(rng.uniform(0, START_S))
    if kind == "training":
        lines = _log_lines(run)
        begun = rng.uniform(0, 3 * EPOCH_S)
        return once(lambda: _log_lines(run) > lines, begun)
    if kind == "writing":
        soon = rng.uniform(0, WRITING_S)
        return once(lambda: any(checkpoints.glob(".filled-*")), soon)
    return once((run.folder / LAST).exists, rng.uniform(0, WRITING_S))


def after(seconds: float) -> Moment:
    """So many seconds from now; `math.inf` lets a process come to its end."""

    def wait(process: subprocess.Popen[str]) -> None:
        with suppress(TimeoutError):
            wait_until(lambda: process.poll() is not None, seconds, _POLL_S)

    return wait


def once(holds: Callable[[], object], then_s: float) -> Moment:
    """So many seconds after something is so."""

    def wait(process: subprocess.Popen[str]) -> None:
        wait_until(
            lambda: process.poll() is not None or holds(), math.inf, pause_s=_POLL_S
        )
        after(then_s)(process)

    return wait


def _log_lines(run: Run) -> int:
    path = run.folder / "log.txt"
    return len(path.read_text("utf-8").splitlines()) if path.exists() else 0


def _lost(run: Run, said: str) -> tuple[int, int]:
    """Epochs begun, and epochs told as finished, that the checkpoints lack."""
    checkpoint = latest_checkpoint(run.folder / CHECKPOINTS)
    kept = EPOCHS if is_trained(run) else checkpoint.epochs if checkpoint else 0
    told = max(map(int, re.findall(r"^epoch (\d+)/", said, re.MULTILINE)), default=0)
    progress, begun = read_progress(run), told
    if progress and progress.text == STEPS and progress.total:
        begun = max(begun, math.ceil(EPOCHS * progress.done / progress.total))
    return max(0, begun - kept), max(0, told - kept)


def _ending(run: Run) -> dict[str, object]:
    """What two trainings of a recipe have in common: all but the time they took."""
    return {
        "history": run.read_history().drop(columns="seconds").to_csv(),
        "status": run.read_json("status.json"),
        "split": (run.folder / "split.parquet").read_bytes(),
        **{name: _weights(run.folder / name) for name in (BEST, LAST)},
    }


def _weights(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return hashlib.sha256(archive.read("model.weights.h5")).hexdigest()


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
