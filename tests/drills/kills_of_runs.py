"""Trainings, evaluations and exports that are killed again and again."""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from agemodel.core.errors import AgeModelError
from agemodel.jobs.best import CHECKPOINTS, is_trained
from agemodel.jobs.progress import STEPS, read_progress
from agemodel.models.model_folder import CARD
from agemodel.runs.checkpoints import BEST, LAST, latest_checkpoint
from agemodel.runs.run_folder import Run
from tests.drills.kill_report import (
    UNDISTURBED,
    KillReport,
    Moment,
    after,
    once,
    somewhere,
)
from tests.harness.made_home import Home

EPOCHS = 8
START_S, EPOCH_S, WRITING_S, WORK_S = 5.0, 0.5, 0.2, 4.0
"""About how long it takes to begin, to train an epoch, to write it down, and to
evaluate or export."""
MODEL = "model.tflite"
EVALUATED = (
    "network.json",
    "predictions.parquet",
    "calibration.json",
    "conditions.json",
    "metrics.json",
)
_MOMENTS = ("starting", "training", "training", "writing", "writing", "ending")


# ---------------------------------------------------------------- training


def kill_trainings(
    home: Home, kills: int, rng: np.random.Generator
) -> tuple[KillReport, int]:
    """Kill trainings.

    Returns:
        The report, and the most epochs that were begun and lost at a kill.
    """
    recipe, report, most = home.write_recipe(EPOCHS), KillReport("Training"), 0
    home.must("train", recipe, "--run", "undisturbed")
    expected = _ending(home.run_of("undisturbed"))
    for number in range(kills):
        run, heard = home.run_of(f"killed-{number}"), len(home.said())
        ended = False
        while not ended:
            moment = _moment_of(run, rng) if report.kills < kills else UNDISTURBED
            ended = report.run_until(
                home.start("train", recipe, "--run", run.id), moment
            )
            begun, lost = _lost(run, home.said()[heard:])
            most = max(most, begun)
            report.losses += [f"{run.id}: {lost} epochs"] if lost else []
            report.losses += _halves(run)
        found = _ending(run)
        if others := [name for name in found if found[name] != expected[name]]:
            print(f"{run.id} ends otherwise: {', '.join(others)}", file=sys.stderr)
            print(f"{expected['history']}\n{found['history']}", file=sys.stderr)
        report.finish(not others, _strange(run, home.run_of("undisturbed")))
        if report.kills >= kills:
            break
    return report, most


def _moment_of(run: Run, rng: np.random.Generator) -> Moment:
    """A moment at random, of which many are near what could go wrong."""
    kind, checkpoints = rng.choice(_MOMENTS), run.folder / CHECKPOINTS
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


def _halves(run: Run) -> list[str]:
    """Files that a reader would take for whole, and are not."""
    checkpoint = latest_checkpoint(run.folder / CHECKPOINTS)
    folders = [run.folder, *([checkpoint.folder] if checkpoint else [])]
    found = []
    for path in (path for folder in folders for path in folder.iterdir()):
        if (
            path.is_file()
            and not path.name.startswith(".")
            and not _is_whole(run, path)
        ):
            found.append(f"{run.id}: {path.name}")
    return found


def _is_whole(run: Run, path: Path) -> bool:
    try:
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                return archive.testzip() is None
        if path.suffix == ".json":
            json.loads(path.read_bytes())
        if path.suffix == ".parquet":
            pd.read_parquet(path)
        if path.name == "history.csv":
            return len(run.read_history()) > 0
    except (AgeModelError, OSError, ValueError, zipfile.BadZipFile):
        return False
    return True


def _ending(run: Run) -> dict[str, object]:
    """What two trainings of a recipe have in common: all but the time they took."""
    history = run.read_history().drop(columns="seconds")
    weights = {name: _weights(run.folder / name) for name in (BEST, LAST)}
    return {
        "history": history.to_csv(),
        "status": run.read_json("status.json"),
        "split": (run.folder / "split.parquet").read_bytes(),
        **weights,
    }


def _weights(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return hashlib.sha256(archive.read("model.weights.h5")).hexdigest()


def _strange(run: Run, model: Run) -> list[str]:
    """What lies in a run's folder that another's lacks."""
    known = {path.name for path in model.folder.iterdir()}
    return sorted({path.name for path in run.folder.iterdir()} - known)


# ---------------------------------------------------------------- what is made of it


def kill_evaluations(home: Home, kills: int, rng: np.random.Generator) -> KillReport:
    """Kill evaluations of the run `undisturbed`, which was evaluated before."""
    run = home.run_of("undisturbed")
    expected, before = _evaluation(run), {path.name for path in run.folder.iterdir()}
    report, began = KillReport("Evaluation"), run.folder / EVALUATED[0]
    while report.kills < kills:
        for name in EVALUATED:
            (run.folder / name).unlink()
        for moment in _moments(report, kills, began.exists, rng):
            ended = report.run_until(home.start("evaluate", run.id), moment)
            report.losses += _halves(run)
            if ended:
                break
        left = {path.name for path in run.folder.iterdir()} - before
        report.finish(_evaluation(run) == expected, sorted(left))
    return report


def _evaluation(run: Run) -> dict[str, object]:
    jsons = [name for name in EVALUATED if name.endswith(".json")]
    found: dict[str, object] = {name: run.read_json(name) for name in jsons}
    return found | {"predictions": run.read_predictions().to_csv()}


def kill_exports(home: Home, kills: int, rng: np.random.Generator) -> KillReport:
    """Kill exports of the run `undisturbed` over the model `m`, which is there."""
    report, folder = KillReport("Export"), home.models / "m"
    expected = (folder / MODEL).read_bytes()

    def began() -> bool:
        return any(home.models.glob(".filled-*"))

    while report.kills < kills:
        for moment in _moments(report, kills, began, rng):
            ended = report.run_until(home.start("export", "undisturbed", "m"), moment)
            report.losses += [] if _fits_card(folder) else ["the model"]
            if ended:
                break
        names = {path.name for path in home.models.iterdir()} - {"m"}
        report.finish((folder / MODEL).read_bytes() == expected, sorted(names))
    return report


def _fits_card(folder: Path) -> bool:
    try:
        card = json.loads((folder / CARD).read_bytes())
        content = (folder / MODEL).read_bytes()
    except (OSError, ValueError):
        return False
    return bool(card["sha256"] == hashlib.sha256(content).hexdigest())


def _moments(
    report: KillReport,
    kills: int,
    works: Callable[[], object],
    rng: np.random.Generator,
) -> Iterator[Moment]:
    """Moments at which to kill, and in the end none."""
    while report.kills < kills:
        yield somewhere(rng, START_S, works, WORK_S)
    yield UNDISTURBED
