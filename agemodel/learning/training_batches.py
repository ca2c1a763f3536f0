"""Batches of training faces, with their labels and target distributions."""

from __future__ import annotations

import math

import keras
import numpy as np
import pandas as pd

from agemodel.core.labels import AGES, MAX_AGE, MIN_AGE
from agemodel.dataset.index import UNKNOWN
from agemodel.learning.face_reading import Readers
from agemodel.learning.networks import AGE_OUTPUT, GENDER_OUTPUT
from agemodel.runs.config import TrainConfig


class FaceBatches(keras.utils.PyDataset):
    """Batches of faces, read and cropped as they are needed.

    The order and every variation follow from the seed and the epoch alone, so that a
    resumed run sees what it would have seen.
    """

    def __init__(
        self,
        faces: pd.DataFrame,
        config: TrainConfig,
        augmented: bool,
        epoch: int = 0,
        readers: Readers | None = None,
    ) -> None:
        """Set up the batches; nothing is read yet.

        Args:
            faces: as returned by `recipe_faces`.
            config: the recipe.
            augmented: vary and shuffle, or take each as it is, in order.
            epoch: of the run; changes the order and the variations.
            readers: processes that read; unless given, this one does.
        """
        self.readers = readers or Readers()
        threads = self.readers.threads
        super().__init__(workers=threads, max_queue_size=2 * threads + 4)
        self.faces, self.config = faces, config
        self.augmented, self.epoch = augmented, epoch
        self.order = np.arange(len(faces))
        if augmented:
            self.order = drawn(faces, config, epoch)

    def __len__(self) -> int:
        """How many batches; the last may be smaller."""
        return math.ceil(len(self.order) / self.config.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, dict, dict]:
        """Faces, uint8, shape (n, s, s, 3), their labels, and how much each counts.

        The label of the age is the range that it lies in, shape (n, 2), years; that of
        the gender has shape (n, 1), and counts nothing where it is not known.
        """
        first = index * self.config.batch_size
        rows = self.order[first : first + self.config.batch_size]
        labels = self.faces.iloc[rows]
        ages = labels[["age_low", "age_high"]].to_numpy(np.float32)
        genders = labels["gender"].to_numpy()[:, None]
        known = (genders != UNKNOWN)[:, 0].astype(np.float32)
        return (
            self._read(labels, first),
            {
                AGE_OUTPUT: np.clip(ages, MIN_AGE, MAX_AGE),
                GENDER_OUTPUT: np.maximum(genders, 0).astype(np.float32),
            },
            {AGE_OUTPUT: np.ones(len(rows), np.float32), GENDER_OUTPUT: known},
        )

    def _read(self, faces: pd.DataFrame, first: int) -> np.ndarray:
        pairs = list(zip(faces["path"], faces["square"], strict=True))
        variation = (self.epoch, first) if self.augmented else None
        return self.readers.read(pairs, self.config, variation)


class EpochBatches:
    """Makes the batches of an epoch, of all parts of a split."""

    def __init__(
        self, faces: pd.DataFrame, config: TrainConfig, readers: Readers
    ) -> None:
        """Divide faces, as returned by `recipe_faces`, into their parts."""
        self.config, self.readers = config, readers
        self.parts = dict(tuple(faces.groupby("part")))

    def sizes(self) -> dict[str, int]:
        """How many faces each part has."""
        return {str(part): len(faces) for part, faces in self.parts.items()}

    def training(self, epoch: int) -> FaceBatches:
        """The batches of an epoch, varied and shuffled."""
        train = self.parts["train"]
        return FaceBatches(train, self.config, True, epoch, self.readers)

    def validation(self) -> FaceBatches:
        """The faces of validation as they are, in order."""
        val = self.parts["val"]
        return FaceBatches(val, self.config, augmented=False, readers=self.readers)


def drawn(faces: pd.DataFrame, config: TrainConfig, epoch: int) -> np.ndarray:
    """The rows of training faces in the order of an epoch.

    Each face comes once, in a random order, unless the recipe balances ages, weighs
    data sets or says how many to draw: then they are drawn with replacement.

    Args:
        faces: columns `age` and `weight`, n rows.
        config: the recipe.
        epoch: of the run.
    """
    rng = np.random.default_rng([config.seed, epoch])
    rows = np.arange(len(faces))
    if not (config.age_balance or config.data_weights or config.epoch_faces):
        rng.shuffle(rows)
        return rows
    share = age_shares(faces["age"].to_numpy(), config.age_balance)
    share = share * faces["weight"].to_numpy(np.float64)
    return rng.choice(rows, config.epoch_faces or len(rows), p=share / share.sum())


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
