"""The calibration of a model's shares, made of its run and kept in its card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from agemodel.core.errors import ModelError
from agemodel.core.labels import AGES
from agemodel.metrics.share_calibration import GROUPS_EACH, calibrate_shares, cell_index
from agemodel.metrics.shares import ShareCalibration, cell_probabilities
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.run_folder import Run, find_run

_AGES = "age_probabilities"


def renew_shares(
    model: ModelFolder, groups_each: int = GROUPS_EACH
) -> ShareCalibration:
    """Calibrate a model's shares by its run's val faces; write that into its card.

    Args:
        model: its other figures stay.
        groups_each: see `calibrate_shares`.

    Raises:
        ModelError: the model is missing or damaged, or its ages are no distributions.
        RunError: its run is missing, or has no predictions.
    """
    cells, labels = labelled_cells(find_run(model.card.run), "val")
    if not len(cells):
        raise ModelError(
            f"Run {model.card.run} has no validation faces with distributions, by "
            "which the shares could be calibrated. Evaluate a network that has them."
        )
    found = calibrate_shares(cells, labels, groups_each)
    model.write_card(replace(model.card, shares=found))
    return found


def labelled_cells(run: Run, split: str) -> tuple[np.ndarray, np.ndarray]:
    """What an evaluated run says of the faces of a split, and what they are.

    Args:
        run: evaluated.
        split: "val" or "test".

    Returns:
        Probabilities of the cells, shape (n, 18), see `shares.cell_probabilities`, and
        the cell of each face, shape (n,).

    Raises:
        RunError: the predictions are missing or damaged.
    """
    found = run.read_predictions()
    whole = [row is not None and len(row) == len(AGES) for row in found[_AGES]]
    found = found[(found["split"] == split) & np.array(whole)]
    ages = np.array([*found[_AGES]], float).reshape(len(found), len(AGES))
    cells = cell_probabilities(ages, found["p_female"].to_numpy())
    labels = cell_index(found["age"].to_numpy(), found["gender"].to_numpy())
    return cells, labels
