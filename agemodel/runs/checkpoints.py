"""Checkpoints of a training, which survive a kill at any moment.

A checkpoint is a folder that is put in place whole (see `staging`); the highest epoch
is the one to resume from. It holds the last and the best model and the whole history,
so that the best is never lost. The two newest are kept.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from agemodel.core.staging import staged
from agemodel.runs.run_folder import Run

LAST = "last.keras"
BEST = "best.keras"
CHOSEN_BY = "chosen_by"
"""The column of the history that tells what epochs are chosen by, where that is not the
error of the age on val."""
KEPT = 2
_NAME = re.compile(r"epoch-(\d{4})")


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint on disk, and a row of plain values per finished epoch."""

    folder: Path
    history: list[dict[str, Any]]

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return len(self.history)


def latest_checkpoint(parent: Path) -> Checkpoint | None:
    """The newest whole checkpoint, None before the first."""
    if not (found := _complete(parent)):
        return None
    history = json.loads((found[-1] / "history.json").read_text("utf-8"))
    return Checkpoint(found[-1], history)


def write_checkpoint(
    parent: Path,
    history: list[dict[str, Any]],
    save_last: Callable[[Path], None],
    save_best: Callable[[Path], None] | None,
) -> Checkpoint:
    """Write a checkpoint and delete old ones.

    Args:
        parent: the folder of checkpoints.
        history: one row per epoch, this one included.
        save_last: writes the model with its optimizer to a path.
        save_best: writes the best model, if this epoch is the best; else the best of
            the checkpoint before is kept.

    Raises:
        OSError: the disk refuses it; the checkpoints before are kept.
    """
    before = latest_checkpoint(parent)
    folder = parent / f"epoch-{len(history):04d}"
    with staged(folder) as partial:
        save_last(partial / LAST)
        if save_best:
            save_best(partial / BEST)
        elif before:
            os.link(before.folder / BEST, partial / BEST)
        (partial / "history.json").write_text(json.dumps(history), "utf-8")
    _remove_old(parent)
    return Checkpoint(folder, history)


def publish(run: Run, history: list[dict[str, Any]], epochs: int) -> None:
    """Write a checkpoint's `history.csv` and `status.json` into the run's folder.

    Its recipe asks for so many epochs.
    """
    run.write_history(pd.DataFrame(history))
    best = min(history, key=chosen_by)
    run.write_json(
        "status.json",
        {
            "epochs_done": len(history),
            "epochs": epochs,
            "finished": len(history) >= epochs,
            "best_epoch": int(best["epoch"]),
            "best_val_age_mae_years": float(best["val_age_mae_years"]),
        },
    )


def chosen_by(row: dict[str, Any]) -> float:
    """What the epochs of a training are chosen by, the least being the best."""
    return float(row.get(CHOSEN_BY, row["val_age_mae_years"]))


def _complete(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if _NAME.fullmatch(path.name))


def _remove_old(parent: Path) -> None:
    kept = _complete(parent)[-KEPT:]
    for path in parent.iterdir():
        if path not in kept:
            # A folder half removed must not pass for a whole one.
            doomed = parent / f"removed-{path.name}"
            path.rename(doomed)
            shutil.rmtree(doomed, ignore_errors=True)
