"""The shares of age bands and genders among many people, with intervals; NumPy only.

Counting the most likely group of each person, or adding the probabilities up, gives the
mix that a model was trained on some of the way back. M. Saerens, P. Latinne and
C. Decaestecker ('Adjusting the Outputs of a Classifier to New a Priori Probabilities',
Neural Computation, 2002) correct for that: the probabilities are divided by the mix
under which they hold, and the mix of the people at hand is found by expectation and
maximisation. Here the people's labels and their mix are drawn in turns (Gibbs sampling
of the same model), which also tells how unsure the shares are. What the sampling cannot
know, that the model's probabilities err for other people than it learned from, is
measured on simulated groups of other mixes (`share_calibration`) and added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from agemodel.core.labels import AGE_GROUP_STARTS, AGE_GROUPS, group_probabilities

CELLS = 2 * len(AGE_GROUPS)
"""Age groups of males, then of females."""

BAND_STARTS = {
    "three": (0, 20, 50),
    "four": (0, 20, 40, 60),
    "nine": AGE_GROUP_STARTS,
}
"""The ages at which bands start, each the start of an age group, by the bands' name."""

GENDER = "gender"
SURE = 0.95
"""How often an interval is to hold the share."""

_DRAWS, _FIRST = 300, 60
_MOST_WORK = 2_000_000
_LEAST_DRAWS = 80
_PSEUDO_COUNT = 0.5
_TURNS = 50
_FLOOR = 1e-6
_Z = 1.96


@dataclass(frozen=True)
class ShareCalibration:
    """What val faces tell of a model's shares.

    Attributes:
        prior: mean of the model's probabilities over the cells, on faces of the mix it
            was trained on; sums to 1.
        misfit: by the name of a partition, for each of its parts the standard
            deviation of what the sampling does not know of its share.
        faces: how many faces it was measured on.
        groups: how many simulated groups of people.
    """

    prior: tuple[float, ...]
    misfit: dict[str, tuple[float, ...]]
    faces: int
    groups: int


@dataclass(frozen=True)
class Partition:
    """A way to sum the cells up.

    Attributes:
        name: of it, as in `ShareCalibration.misfit`.
        parts: the names of the parts.
        part_of_cell: the part of each cell, shape (18,).
    """

    name: str
    parts: tuple[str, ...]
    part_of_cell: np.ndarray

    def sums(self, cells: np.ndarray) -> np.ndarray:
        """Sum cells, shape (..., 18), into the parts, shape (..., k)."""
        is_in = self.part_of_cell[:, None] == np.arange(len(self.parts))
        return cells @ is_in.astype(float)


@dataclass(frozen=True)
class Shares:
    """Shares of parts, each of shape (k,), 0..1.

    Attributes:
        share: the estimates; they sum to 1.
        low: lower ends of the 95 % intervals; nan where the model has no calibration.
        high: upper ends.
    """

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray


def band_names(starts: Sequence[int]) -> tuple[str, ...]:
    """Bands of ages in words, such as '0-19', '20' and '21+', from where they start."""
    bounded = [
        str(low) if low == high - 1 else f"{low}-{high - 1}"
        for low, high in pairwise(starts)
    ]
    return (*bounded, f"{starts[-1]}+")


def partition(bands: str, *, by_gender: bool = False) -> Partition:
    """The bands of a name in `BAND_STARTS`, for each gender or for both together."""
    starts = BAND_STARTS[bands]
    names = band_names(starts)
    band = np.searchsorted(starts, AGE_GROUP_STARTS, side="right") - 1
    if not by_gender:
        return Partition(bands, names, np.concatenate([band, band]))
    both = tuple(f"{gender} {name}" for gender in ("male", "female") for name in names)
    cells = np.concatenate([band, band + len(names)])
    return Partition(f"{bands} by gender", both, cells)


def genders() -> Partition:
    """The two labels of gender."""
    is_female = np.repeat([0, 1], len(AGE_GROUPS))
    return Partition(GENDER, ("male", "female"), is_female)


def all_partitions() -> list[Partition]:
    """Every partition for which shares can be asked."""
    found = [genders()]
    for bands in BAND_STARTS:
        found += [partition(bands), partition(bands, by_gender=True)]
    return found


def cell_probabilities(
    age_probabilities: np.ndarray, p_female: np.ndarray
) -> np.ndarray:
    """The probabilities of age group and gender together, taken to be independent.

    Args:
        age_probabilities: of n people over `labels.AGES`, shape (n, 116).
        p_female: shape (n,).

    Returns:
        Shape (n, 18), each row sums to 1: the age groups of males, then of females.
    """
    ages = np.asarray(age_probabilities, np.float64)
    groups = group_probabilities(ages / ages.sum(1, keepdims=True))
    female = np.asarray(p_female, np.float64)[:, None]
    return np.concatenate([groups * (1 - female), groups * female], axis=1)


def draw_shares(
    cells: np.ndarray, calibration: ShareCalibration, seed: int = 0
) -> np.ndarray:
    """Draws of the shares of the cells among some people, given what the model says.

    Args:
        cells: as returned by `cell_probabilities`, shape (n, 18), n at least 1.
        calibration: of the model.
        seed: the same seed gives the same draws.

    Returns:
        Shape (d, 18), each row the shares in one draw.
    """
    rng = np.random.default_rng(seed)
    prior = np.maximum(np.array(calibration.prior), _FLOOR)
    likelihoods = np.maximum(cells, 1e-12) / prior
    mix = corrected_mix(cells, calibration) * 0.9 + prior / prior.sum() * 0.1
    draws = int(np.clip(_MOST_WORK // len(cells), _LEAST_DRAWS, _DRAWS))
    found = np.empty((draws, CELLS))
    for turn in range(-_FIRST, draws):
        ends = np.cumsum(likelihoods * mix, axis=1)
        thrown = rng.random(len(cells)) * ends[:, -1]
        labels = (ends < thrown[:, None]).sum(1)
        counts = np.bincount(labels, minlength=CELLS)
        mix = rng.dirichlet(counts + _PSEUDO_COUNT)
        if turn >= 0:
            found[turn] = counts / len(cells)
    return found


def corrected_mix(cells: np.ndarray, calibration: ShareCalibration) -> np.ndarray:
    """The most likely mix by expectation and maximisation (Saerens 2002).

    Args:
        cells: as returned by `cell_probabilities`, shape (n, 18).
        calibration: of the model; its prior is the mix under which they hold.

    Returns:
        Shape (18,), sums to 1.
    """
    prior = np.maximum(np.array(calibration.prior), _FLOOR)
    mix = prior / prior.sum()
    for _ in range(_TURNS):
        weighed = cells / prior * mix
        mix = (weighed / weighed.sum(1, keepdims=True)).mean(0)
    return mix


def shares_of_draws(
    draws: np.ndarray, parts: Partition, misfit: Sequence[float]
) -> Shares:
    """The shares of parts and their 95 % intervals.

    Args:
        draws: as returned by `draw_shares`, shape (d, 18).
        parts: of the cells.
        misfit: a standard deviation for each part, see `ShareCalibration`.
    """
    sums = parts.sums(draws)  # (d, k)
    share = sums.mean(0)
    low, high = np.quantile(sums, [(1 - SURE) / 2, (1 + SURE) / 2], axis=0)
    added = _Z * np.asarray(misfit, float)
    return Shares(
        share,
        np.clip(share - np.hypot(share - low, added), 0, 1),
        np.clip(share + np.hypot(high - share, added), 0, 1),
    )


def uncorrected_shares(cells: np.ndarray, parts: Partition) -> Shares:
    """The means of the probabilities, for a model without a calibration of shares."""
    share = parts.sums(cells).mean(0)
    unknown = np.full(len(share), np.nan)
    return Shares(share, unknown, unknown)
