"""Batches of training faces, with their labels and target distributions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from agemodel.core.errors import RunError
from agemodel.core.labels import AGES
from agemodel.dataset.labelled_faces import plain_crop, read_face
from agemodel.learning.augmentation import augmented_crop
from agemodel.learning.networks import AGE_OUTPUT, GENDER_OUTPUT
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import find_run

MIXUP_ALPHA = 0.4
"""Both parameters of the Beta distribution that parts of blended faces come from."""

_MIXUP = 1  # tells the chances of a batch from those of its faces


class FaceBatches(keras.utils.PyDataset):
    """Batches of faces, read and cropped as they are needed.

    The order and every variation follow from the seed and the epoch alone, so that a
    resumed run sees what it would have seen.
    """

    def __init__(
        self,
        folder: Path,
        faces: pd.DataFrame,
        config: TrainConfig,
        augmented: bool,
        epoch: int = 0,
    ) -> None:
        """Set up the batches; nothing is read yet.

        Args:
            folder: of the images.
            faces: columns `file`, `age`, `gender`, and `square`, a `CropSquare`, or
                None for the whole picture; perhaps `teachers`, a distribution.
            config: the recipe.
            augmented: vary and shuffle, or take each as it is, in order.
            epoch: of the run; changes the order and the variations.
        """
        super().__init__(workers=1, max_queue_size=6)
        self.folder, self.faces, self.config = folder, faces, config
        self.augmented, self.epoch = augmented, epoch
        self.order = np.arange(len(faces))
        if augmented:
            rng = np.random.default_rng([config.seed, epoch])
            if config.age_balance:
                share = age_shares(faces["age"].to_numpy(), config.age_balance)
                self.order = rng.choice(self.order, len(faces), p=share)
            else:
                rng.shuffle(self.order)

    def __len__(self) -> int:
        """How many batches; the last may be smaller."""
        return math.ceil(len(self.faces) / self.config.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Faces, shape (n, s, s, 3), and their labels, each of shape (n, 1).

        When training with teachers or blended faces, the distributions to be learned
        follow the ages: (n, 117).
        """
        size = self.config.batch_size
        rows = self.order[index * size : (index + 1) * size]
        crops = [self._crop(row, index * size + i) for i, row in enumerate(rows)]
        faces, labels = np.stack(crops).astype(np.float32), self.faces.iloc[rows]
        ages = labels["age"].to_numpy(np.float32)[:, None]
        genders = labels["gender"].to_numpy(np.float32)[:, None]
        if self.augmented and (self.config.mixup or "teachers" in labels):
            ages = np.concatenate([ages, self._targets(labels)], axis=1)
        if self.augmented and self.config.mixup:
            rng = np.random.default_rng([self.config.seed, self.epoch, index, _MIXUP])
            faces, ages, genders = mixed((faces, ages, genders), self.config.mixup, rng)
        return faces, {AGE_OUTPUT: ages, GENDER_OUTPUT: genders}

    def _targets(self, labels: pd.DataFrame) -> np.ndarray:
        ages = labels["age"].to_numpy(np.float32)
        targets = target_distributions(ages, self.config.age_target_sd_years)
        if "teachers" in labels:
            taught = np.stack(labels["teachers"].tolist())
            targets += self.config.teacher_share * (taught - targets)
        return targets

    def _crop(self, row: int, place: int) -> np.ndarray:
        file, square = self.faces["file"].iloc[row], self.faces["square"].iloc[row]
        if not self.augmented:
            return plain_crop(self.folder / file, square, self.config.input_px)
        rgb, square = read_face(self.folder / file, square)
        rng = np.random.default_rng([self.config.seed, self.epoch, place])
        return augmented_crop(rgb, square, self.config, rng)


def target_distributions(ages: np.ndarray, sd_years: float) -> np.ndarray:
    """Gaussians around true ages, shape (n,), over `AGES`: shape (n, 116), float32."""
    density = np.exp(-0.5 * np.square((AGES - ages[:, None]) / sd_years))
    return (density / density.sum(1, keepdims=True)).astype(np.float32)


def mixed(
    batch: Sequence[np.ndarray], share: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """Blend some faces of a batch with others, and so their labels.

    As in H. Zhang et al., 'mixup: Beyond Empirical Risk Minimization', ICLR 2018; the
    face itself always keeps the larger part.

    Args:
        batch: arrays, float32, whose first axis are the n faces.
        share: of the faces that are blended, 0..1.
        rng: random generator.
    """
    size = len(batch[0])
    part = rng.beta(MIXUP_ALPHA, MIXUP_ALPHA, size)
    part = np.minimum(part, 1 - part) * (rng.random(size) < share)
    others = rng.permutation(size)

    def blend(values: np.ndarray) -> np.ndarray:
        weight = part.astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))
        return values + weight * (values[others] - values)

    return [blend(values) for values in batch]


def age_shares(ages: np.ndarray, balance: float) -> np.ndarray:
    """Each face's chance of being drawn, so that rare ages are seen more often.

    Args:
        ages: shape (n,), years within `AGES`.
        balance: 0 for all faces alike, 1 for all ages alike.

    Returns:
        Shape (n,), summing to 1. How common an age is, is the mean over the ages around
        it, weighted by a Gaussian of 3 years, for labels heap on round numbers.
    """
    places = ages - AGES[0]
    counts = np.bincount(places, minlength=len(AGES))
    kernel = np.exp(-0.5 * np.square(np.arange(-9, 10) / 3))
    common = np.convolve(counts, kernel, "same")
    common /= np.convolve(np.ones(len(AGES)), kernel, "same")  # fewer at both ends
    weights = common[places] ** -balance
    return weights / weights.sum()


def teacher_distributions(teachers: str, files: pd.Series) -> pd.Series:
    """The mean of evaluated runs' distributions over the ages, for each file.

    Args:
        teachers: run ids with commas between.
        files: n names.

    Returns:
        n distributions, shape (116,), float32, with the index of the names.

    Raises:
        RunError: a run is missing, not evaluated, or knows other faces.
    """
    total = np.zeros((len(files), len(AGES)), np.float32)
    for run_id in teachers.split(","):
        known = find_run(run_id.strip()).read_predictions().set_index("file")
        missing = files[~files.isin(known.index)]
        if len(missing):
            raise RunError(
                f"Run {run_id.strip()} says nothing of {len(missing)} of the faces, "
                f"such as {missing.iloc[0]}: a teacher needs the same split."
            )
        total += np.stack(known.loc[files, "age_probabilities"].tolist())
    return pd.Series(list(total / total.sum(1, keepdims=True)), files.index)
