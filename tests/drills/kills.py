"""Killed with -9 in the middle of work, and started again: what is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from tests.drills.kills_of_data import kill_imports, kill_markings
from tests.drills.kills_of_runs import kill_evaluations, kill_exports, kill_trainings
from tests.harness.findings import Finding, at_most
from tests.harness.made_home import Home, write_archive

PROMISE = """
Training, evaluation, export, import and marking survive kill -9 at any
moment: started again they go on and come to the same end, a training loses at most the
epoch that it was in, nothing finished is lost, no half file is taken for a whole one,
and nothing is left lying about.
"""

KILLS = 50
"""Of trainings, exports, imports and markings."""
DEAR_KILLS = 15
"""Of evaluations, which take seconds to start."""
SEED = 6


def run() -> tuple[list[Finding], list[str]]:
    """Kill each kind of work again and again."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        found = [*of_runs(Path(folder, "runs")), *of_data(Path(folder, "data"))]
    note = (
        "Each process is the real command, that of marks aside, which marks one face "
        f"after the other. The moments are drawn with the seed {SEED}: some while a "
        "process starts, most while it works, for trainings above all while they "
        "write. A training is compared with one that was not disturbed: history, "
        "weights of the best and of the last model, and the names of all files."
    )
    return found, [note]


def of_runs(
    folder: Path, kills: int = KILLS, dear_kills: int = DEAR_KILLS
) -> list[Finding]:
    """Kill trainings, evaluations and exports."""
    home, rng = _home(folder), np.random.default_rng(SEED)
    home.must("data", "import", write_archive(home.archive))
    report, begun = kill_trainings(home, kills, rng)
    found = report.findings()
    found.append(at_most("Training: epochs begun and lost at a kill", begun, 1, ""))
    home.must("evaluate", "undisturbed")
    found += kill_evaluations(home, dear_kills, rng).findings()
    home.must("export", "undisturbed", "m")
    return found + kill_exports(home, kills, rng).findings()


def of_data(folder: Path, kills: int = KILLS) -> list[Finding]:
    """Kill imports and markings."""
    rng = np.random.default_rng(SEED)
    found = kill_imports(_home(folder / "import"), kills, rng).findings()
    return found + kill_markings(_home(folder / "marks"), kills, rng).findings()


def _home(folder: Path) -> Home:
    folder.mkdir(parents=True)
    return Home(folder)
