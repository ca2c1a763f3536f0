"""Checkpoints that outlive a kill at any moment.

A checkpoint is a folder. It is filled under another name, flushed to disk, and renamed;
so a folder of the right name is a whole checkpoint, and the highest epoch is the one to
go on from. It holds the last and the best model and the whole history, so that the best
is never forgotten. The two newest are kept.
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

from agemodel.core.files import flush
from agemodel.runs.run_folder import Run

LAST = "last.keras"
BEST = "best.keras"
KEPT = 2
_NAME = re.compile(r"epoch-(\d{4})")


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint on disk.

    Attributes:
        folder: where it is.
        history: one row an epoch so far, as plain values.
    """

    folder: Path
    history: list[dict[str, Any]]

    @property
    def epochs(self) -> int:
        """How many epochs are done."""
        return len(self.history)


def latest_checkpoint(parent: Path) -> Checkpoint | None:
    """The newest whole checkpoint, None before the first."""
    for folder in reversed(_complete(parent)):
        history = json.loads((folder / "history.json").read_text("utf-8"))
        return Checkpoint(folder, history)
    return None


def write_checkpoint(
    parent: Path,
    history: list[dict[str, Any]],
    save_last: Callable[[Path], None],
    save_best: Callable[[Path], None] | None,
) -> Checkpoint:
    """Write a checkpoint and let go of old ones.

    Args:
        parent: the folder of checkpoints.
        history: one row an epoch, this one included.
        save_last: writes the model with its optimizer to a path.
        save_best: writes the best model, if this epoch is the best; else the best of
            the checkpoint before is carried over.
    """
    before = latest_checkpoint(parent)
    partial = parent / f"partial-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        save_last(partial / LAST)
        if save_best:
            save_best(partial / BEST)
        elif before:
            os.link(before.folder / BEST, partial / BEST)
        (partial / "history.json").write_text(json.dumps(history), "utf-8")
        for file in (*partial.iterdir(), partial):
            flush(file)
    except BaseException:
        # On a full disk, this makes the room in which to say so.
        shutil.rmtree(partial, ignore_errors=True)
        raise
    folder = parent / f"epoch-{len(history):04d}"
    partial.rename(folder)
    flush(parent)
    _remove_old(parent)
    return Checkpoint(folder, history)


def publish(run: Run, history: list[dict[str, Any]], epochs: int) -> None:
    """Write `history.csv` and `status.json`, which say what the checkpoint holds.

    Args:
        run: whose checkpoint it is.
        history: of the checkpoint, a row an epoch.
        epochs: how many the recipe asks for.
    """
    run.write_history(pd.DataFrame(history))
    best = min(history, key=lambda row: row["val_age_mae_years"])
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
