"""Visits by stretches of time: counts, and shares of age bands and genders.

The shares are those of the visits with an age, each with its 95 % interval; a count is
a share of them, so it has a fraction. Counts below a limit are hidden, and so are
others whose difference from a total would reveal them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agemodel.footage.clip_results import ClipResult
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.stretches import ClipTime, Stretch, joined, stretches_of
from agemodel.footage.visit import Visit
from agemodel.metrics.hidden_counts import hidden_counts
from agemodel.metrics.shares import (
    CELLS,
    Partition,
    ShareCalibration,
    Shares,
    cell_probabilities,
    draw_shares,
    genders,
    partition,
    shares_of_draws,
    uncorrected_shares,
)


@dataclass(frozen=True)
class PartShare:
    """The share of a part of the visits; all but its name is None where it is hidden.

    Attributes:
        part: a band, a gender, or both.
        count: the share times the visits with an age.
        share: 0..1.
        low: lower end of its 95 % interval; None without a calibration.
        high: upper end.
    """

    part: str
    count: float | None = None
    share: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Slot:
    """A stretch of time, or all of it.

    Attributes:
        start_s: its beginning, seconds of footage, or since the first stretch began
            where the clock is known.
        end_s: its end.
        start: its beginning by the clock, ISO 8601; empty where that is not known.
        end: its end.
        minutes: of footage that was read in it.
        visits: that began in it; None where there are too few to be shown.
        with_age: of them with an age; None likewise.
        bands: of ages.
        genders: as labelled in the training's faces.
        bands_by_gender: only of all of the time.
    """

    start_s: float
    end_s: float
    start: str
    end: str
    minutes: float
    visits: int | None
    with_age: int | None
    bands: tuple[PartShare, ...]
    genders: tuple[PartShare, ...]
    bands_by_gender: tuple[PartShare, ...] = ()


def sum_up(
    results: Sequence[ClipResult],
    times: Sequence[ClipTime],
    settings: FootageSettings,
    calibration: ShareCalibration | None,
) -> tuple[Slot, list[Slot]]:
    """Sum visits up.

    Args:
        results: of the clips, in their order.
        times: as many, as returned by `clip_times`.
        settings: of the run.
        calibration: of the model's shares; without one there are no intervals.

    Returns:
        All of the time, and its stretches in which something was read, in order.
    """
    found = stretches_of(results, times, settings.slot_s)
    summing = _Summing(settings, calibration)
    (whole,) = summing.slots([joined(found)], by_gender=True)
    return whole, summing.slots(found)


_Drawn = tuple[np.ndarray, np.ndarray | None]
"""The cells of the visits with an age, shape (n, 18), and draws of their shares."""


class _Summing:
    def __init__(
        self, settings: FootageSettings, calibration: ShareCalibration | None
    ) -> None:
        self._least, self._calibration = settings.least_count, calibration
        self._bands = partition(settings.bands)
        self._by_gender = partition(settings.bands, by_gender=True)

    def slots(
        self, stretches: Sequence[Stretch], *, by_gender: bool = False
    ) -> list[Slot]:
        """Each stretch, beside the total of them all."""
        few = hidden_counts(
            np.array([len(one.visits) for one in stretches]), self._least
        )
        drawn = [self._drawn(one.visits) for one in stretches]
        crossed = [self._by_gender] if by_gender else []
        parts = [
            self._parts(of, drawn, few) for of in (self._bands, genders(), *crossed)
        ]
        return [
            _slot(one, not is_few, len(cells), *own)
            for one, is_few, (cells, _), *own in zip(
                stretches, few, drawn, *parts, strict=True
            )
        ]

    def _drawn(self, visits: Sequence[Visit]) -> _Drawn:
        known = [visit for visit in visits if visit.age_probabilities]
        if not known:
            return np.empty((0, CELLS)), None
        cells = cell_probabilities(
            np.array([visit.age_probabilities for visit in known]),
            np.array([visit.p_female for visit in known], float),
        )
        if self._calibration is None:
            return cells, None
        return cells, draw_shares(cells, self._calibration)

    def _parts(
        self, of: Partition, drawn: Sequence[_Drawn], few: np.ndarray
    ) -> list[tuple[PartShare, ...]]:
        """The parts of each stretch; all of them hidden where its visits are few."""
        shares = [self._shares(*one, of) for one in drawn]
        sizes = np.array([len(cells) for cells, _ in drawn])
        counts = np.array([one.share for one in shares]).reshape(-1, len(of.parts))
        counts = counts * sizes[:, None]
        table = counts.reshape(2, -1) if of is self._by_gender else counts
        also = np.repeat(few, len(of.parts)).reshape(table.shape)
        hidden = hidden_counts(table, self._least, also).reshape(counts.shape)
        return [
            tuple(map(_part, of.parts, count, one.share, one.low, one.high, is_hidden))
            for one, count, is_hidden in zip(shares, counts, hidden, strict=True)
        ]

    def _shares(
        self, cells: np.ndarray, draws: np.ndarray | None, of: Partition
    ) -> Shares:
        if not len(cells):
            none = np.zeros(len(of.parts))
            return Shares(none, none, none)
        if self._calibration is None or draws is None:
            return uncorrected_shares(cells, of)
        return shares_of_draws(draws, of, self._calibration.misfit[of.name])


def _part(
    name: str, count: float, share: float, low: float, high: float, is_hidden: bool
) -> PartShare:
    if is_hidden:
        return PartShare(name)
    ends = (None if np.isnan(end) else round(float(end), 4) for end in (low, high))
    return PartShare(name, round(float(count), 1), round(float(share), 4), *ends)


def _slot(
    one: Stretch,
    shown: bool,
    with_age: int,
    bands: tuple[PartShare, ...],
    both: tuple[PartShare, ...],
    by_gender: tuple[PartShare, ...] = (),
) -> Slot:
    return Slot(
        start_s=one.start_s,
        end_s=one.end_s,
        start=one.start.isoformat() if one.start else "",
        end=one.end.isoformat() if one.end else "",
        minutes=round(one.read_s / 60, 2),
        visits=len(one.visits) if shown else None,
        with_age=with_age if shown else None,
        bands=bands,
        genders=both,
        bands_by_gender=by_gender,
    )
