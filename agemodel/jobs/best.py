"""The best model of a run, even of a stopped one, and whether it is evaluated."""

from __future__ import annotations

import hashlib

from agemodel.core.errors import RunError
from agemodel.core.files import runs_place, write_whole, writing
from agemodel.runs.checkpoints import BEST, LAST, latest_checkpoint, publish
from agemodel.runs.run_folder import Run

CHECKPOINTS = "checkpoints"


def keep_best(run: Run) -> int:
    """Copy the best model so far from the newest checkpoint into the run's folder.

    A run that was stopped or killed can then be evaluated and exported, and still be
    resumed. Its history and status are written anew, as a kill may have kept the last
    epoch out of them.

    Returns:
        The number of finished epochs; 0 where there are no checkpoints.

    Raises:
        RunError: the checkpoints cannot be read, or changed meanwhile; or the disk
            refuses the model.
    """
    try:
        checkpoint = latest_checkpoint(run.folder / CHECKPOINTS)
        if checkpoint is None:
            return 0
        best = (checkpoint.folder / BEST).read_bytes()
    except (OSError, ValueError) as error:
        raise RunError(
            f"The checkpoints of run {run.id} cannot be read ({error}). If it is being "
            "trained, wait for its end."
        ) from error
    with writing(f"The best model of run {run.id}", runs_place(), RunError):
        write_whole(run.folder / BEST, best)
        publish(run, checkpoint.history, run.read_config().epochs)
    return checkpoint.epochs


def is_trained(run: Run) -> bool:
    """Whether the run was trained to its end."""
    return (run.folder / LAST).exists() and not (run.folder / CHECKPOINTS).exists()


def has_model(run: Run) -> bool:
    """Whether there is a model to evaluate, finished or not."""
    if (run.folder / BEST).exists():
        return True
    return latest_checkpoint(run.folder / CHECKPOINTS) is not None


def is_evaluated(run: Run) -> bool:
    """Whether the run was evaluated with the best model that it has now."""
    try:
        expected = run.read_json("metrics.json").get("model_sha256")
        with (run.folder / BEST).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected
    except (OSError, RunError):
        return False
