"""What a run's network says of faces: distributions of age, p(female) and features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import RunError
from agemodel.core.labels import AGES
from agemodel.dataset.labelled_faces import crops_of
from agemodel.learning.explanation import with_features
from agemodel.learning.networks import AGE_OUTPUT, GENDER_OUTPUT
from agemodel.metrics.distributions import median_age
from agemodel.runs.checkpoints import BEST
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run

_BATCH = 64


def load_best(run: Run) -> keras.Model:
    """The run's best model.

    Raises:
        RunError: there is none yet, or it is damaged.
    """
    path = run.folder / BEST
    if not path.exists():
        raise RunError(
            f"Run {run.id} has no finished model here. Train it to its end: "
            f"python -m agemodel train CONFIG --run {run.id}"
        )
    try:
        run.read(BEST)  # holds it to its checksum, where the run ships
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise RunError(f"{BEST} of run {run.id} is damaged: {error}.") from error


@dataclass(frozen=True)
class Outputs:
    """What a network says of n faces.

    Attributes:
        ages: shape (n, 116), distributions over `labels.AGES`, or (n, 1), years.
        p_female: shape (n,), not yet calibrated.
        features: shape (n, c), pooled; None where the network has none.
    """

    ages: np.ndarray
    p_female: np.ndarray
    features: np.ndarray | None

    def joined(self, other: Outputs) -> Outputs:
        """These faces' and then the other ones', without features."""
        if not len(other.p_female):
            return self
        return Outputs(
            np.concatenate([self.ages, other.ages]),
            np.concatenate([self.p_female, other.p_female]),
            None,
        )

    @property
    def age_years(self) -> np.ndarray:
        """The point estimates, shape (n,), float64, years."""
        return as_age_years(self.ages)


Predict = Callable[[np.ndarray], Outputs]


def predictor(model: keras.Model, config: TrainConfig) -> Predict:
    """A function from crops, shape (n, s, s, 3), uint8, to the network's outputs.

    They are averaged with those of the mirror images where the recipe says so.
    """
    network = with_features(model)

    def outputs(crops: np.ndarray) -> dict[str, np.ndarray]:
        return network.predict(crops.astype(np.float32), batch_size=_BATCH, verbose=0)

    def predict(crops: np.ndarray) -> Outputs:
        found = outputs(crops)
        if config.flip_average:
            mirrored = outputs(crops[:, :, ::-1])
            found = {name: (found[name] + mirrored[name]) / 2 for name in found}
        features = found.get("features")
        return Outputs(found[AGE_OUTPUT], found[GENDER_OUTPUT][:, 0], features)

    return predict


def as_age_years(ages: np.ndarray) -> np.ndarray:
    """Point estimates from a network's `age` output, whichever form it has.

    Args:
        ages: shape (n, 116), distributions over `labels.AGES`, or (n, 1), years.

    Returns:
        Shape (n,), float64, in years: of a distribution its median.
    """
    if is_distribution(ages):
        return median_age(ages)
    return ages[:, 0].astype(np.float64)


def predict_all(
    predict: Predict,
    faces: pd.DataFrame,
    config: TrainConfig,
    progress: OnProgress | None,
) -> Outputs:
    if not len(faces):
        return Outputs(np.zeros((0, len(AGES))), np.zeros(0), None)
    parts = []
    step = 8 * _BATCH
    for start in range(0, len(faces), step):
        part = faces.iloc[start : start + step]
        parts.append(predict(crops_of(part, config.input_px)))
        if progress:
            progress(start + len(part), len(faces), "estimating faces")
    features = [part.features for part in parts if part.features is not None]
    return Outputs(
        np.concatenate([part.ages for part in parts]),
        np.concatenate([part.p_female for part in parts]),
        np.concatenate(features) if features else None,
    )


def is_distribution(ages: np.ndarray) -> bool:
    return ages.shape[1] == len(AGES)
