"""The best model of a run that was not trained to its end, and what was made of it."""

from __future__ import annotations

import hashlib

from agemodel.core.errors import RunError
from agemodel.core.files import runs_place, write_whole, writing
from agemodel.runs.checkpoints import BEST, LAST, latest_checkpoint, publish
from agemodel.runs.run_folder import Run

CHECKPOINTS = "checkpoints"


def keep_best(run: Run) -> int:
    """Take the best model so far out of the checkpoints, if there are any.

    A training does so at its end only. With this a run that was stopped, or killed,
    can be evaluated and exported; it can still be gone on with. What is said of it
    holds the last epoch too, which a kill may have kept out.

    Returns:
        After how many epochs; 0 where there are no checkpoints.

    Raises:
        RunError: the checkpoints changed meanwhile, or cannot be read; or the disk
            does not take the model.
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
    """Whether the run was evaluated, and its best model is still the same."""
    try:
        expected = run.read_json("metrics.json").get("model_sha256")
        with (run.folder / BEST).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected
    except (OSError, RunError):
        return False
