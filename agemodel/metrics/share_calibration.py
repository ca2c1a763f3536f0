"""How far the shares of a model err on groups of people of other mixes; NumPy only.

Groups are drawn from labelled faces: a mix of ages and a share of females by chance,
then faces of those labels. The faces of each group come from a part of all faces, so
that groups are as different from each other as strangers are from the faces at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agemodel.core.labels import AGE_GROUPS, age_group_index
from agemodel.metrics.shares import (
    CELLS,
    SURE,
    Partition,
    ShareCalibration,
    all_partitions,
    draw_shares,
    shares_of_draws,
)

SIZES = (30, 100, 300, 1000)
"""How many people the groups have by which a calibration is chosen."""

EVENNESS = (0.5, 1.0, 3.0)
"""Concentrations of the Dirichlet distribution of the age groups: small ones give
groups in which few ages make up most, large ones even mixes."""

GROUPS_EACH = 30

_POOL_SHARE = 0.5
_ASKED = 0.97
_STEPS_SD = np.arange(0.0, 0.2, 0.001)


@dataclass(frozen=True)
class SimulatedGroup:
    """Some people whose labels are known.

    Attributes:
        cells: the model's probabilities, shape (n, 18).
        shares: the shares of the cells by label, shape (18,).
    """

    cells: np.ndarray
    shares: np.ndarray


def cell_index(age_years: np.ndarray, genders: np.ndarray) -> np.ndarray:
    """The cells of labelled faces, shape (n,); gender is 0 male, 1 female."""
    return age_group_index(age_years) + len(AGE_GROUPS) * np.asarray(genders, int)


def draw_mix(rng: np.random.Generator, evenness: float) -> np.ndarray:
    """A mix of the cells by chance, shape (18,)."""
    ages = rng.dirichlet(np.full(len(AGE_GROUPS), evenness))
    female = rng.beta(4, 4)
    return np.concatenate([ages * (1 - female), ages * female])


def draw_group(
    cells: np.ndarray,
    labels: np.ndarray,
    mix: np.ndarray,
    size: int,
    rng: np.random.Generator,
) -> SimulatedGroup:
    """Draw a group of a mix from labelled faces, with replacement.

    Args:
        cells: the model's probabilities, shape (n, 18).
        labels: the true cells, shape (n,); cells without a face are left out.
        mix: shape (18,).
        size: how many people.
        rng: source of chance.
    """
    counts = np.bincount(labels, minlength=CELLS)
    asked = np.where(counts > 0, mix, 0)
    drawn = rng.multinomial(size, asked / asked.sum())
    chosen = np.concatenate(
        [
            rng.choice(np.flatnonzero(labels == cell), many)
            for cell, many in enumerate(drawn)
            if many
        ]
    )
    return SimulatedGroup(cells[chosen], drawn / size)


def calibrate_shares(
    cells: np.ndarray,
    labels: np.ndarray,
    groups_each: int = GROUPS_EACH,
    sizes: Sequence[int] = SIZES,
) -> ShareCalibration:
    """Measure on val faces what `ShareCalibration` holds.

    Args:
        cells: the model's probabilities, shape (n, 18), of faces in the mix that the
            model was trained on.
        labels: the true cells, shape (n,).
        groups_each: how many groups of each size and evenness.
        sizes: how many people the groups have.
    """
    rng = np.random.default_rng(0)
    known = ShareCalibration(tuple(cells.mean(0).tolist()), {}, len(cells), 0)
    truths: list[np.ndarray] = []
    draws: list[np.ndarray] = []
    for size in sizes:
        for evenness in EVENNESS:
            for _ in range(groups_each):
                pool = _part(len(cells), rng)
                mix = draw_mix(rng, evenness)
                group = draw_group(cells[pool], labels[pool], mix, size, rng)
                truths.append(group.shares)
                draws.append(draw_shares(group.cells, known, len(draws)))
    misfit = {
        parts.name: _misfit(parts, np.array(truths), draws)
        for parts in all_partitions()
    }
    return ShareCalibration(known.prior, misfit, len(cells), len(draws))


def _part(n: int, rng: np.random.Generator) -> np.ndarray:
    """Some of n faces, by their indices."""
    return rng.permutation(n)[: max(1, round(_POOL_SHARE * n))]


def _misfit(
    parts: Partition, truths: np.ndarray, draws: Sequence[np.ndarray]
) -> tuple[float, ...]:
    """For each part the least standard deviation with which enough intervals hold."""
    shares = parts.sums(truths)  # (groups, k)
    held = np.zeros((len(_STEPS_SD), len(parts.parts)))
    for truth, drawn in zip(shares, draws, strict=True):
        for step, sd in enumerate(_STEPS_SD):
            found = shares_of_draws(drawn, parts, [sd] * len(parts.parts))
            held[step] += (found.low <= truth) & (truth <= found.high)
    enough = held >= max(_ASKED, SURE) * len(draws)
    first = np.where(enough.any(0), enough.argmax(0), len(_STEPS_SD) - 1)
    return tuple(_STEPS_SD[first].round(4).tolist())
