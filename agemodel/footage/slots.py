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
from agemodel.footage.stretches import ClipTime, Stretch, stretches_of
from agemodel.footage.visit import Visit
from agemodel.metrics.hidden_counts import hidden_counts
from agemodel.metrics.shares import (
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
    return summing.whole(found), summing.slots(found)


class _Summing:
    def __init__(
        self, settings: FootageSettings, calibration: ShareCalibration | None
    ) -> None:
        self._settings, self._calibration = settings, calibration
        self._bands = partition(settings.bands)
        self._by_gender = partition(settings.bands, by_gender=True)

    def whole(self, found: Sequence[Stretch]) -> Slot:
        """All of the time."""
        visits = [visit for one in found for visit in one.visits]
        all_of_it = Stretch(
            start_s=found[0].start_s if found else 0.0,
            end_s=found[-1].end_s if found else 0.0,
            start=found[0].start if found else None,
            end=found[-1].end if found else None,
            read_s=sum(one.read_s for one in found),
            visits=visits,
        )
        draws = self._draws(visits)
        least = self._settings.least_count
        shown = not hidden_counts(np.array([len(visits)]), least).any()
        parts = []
        for of in (self._bands, genders(), self._by_gender):
            shares = self._shares(draws, of)
            counts = shares.share * len(draws)
            if of is self._by_gender:
                hidden = hidden_counts(counts.reshape(2, -1), least).ravel()
            else:
                hidden = hidden_counts(counts, least)
            parts.append(_parts(of, shares, counts, hidden | (not shown)))
        return _slot(all_of_it, shown, *parts)

    def slots(self, found: Sequence[Stretch]) -> list[Slot]:
        """Each stretch of the time."""
        least = self._settings.least_count
        totals = np.array([len(one.visits) for one in found], float)
        few = hidden_counts(totals, least)
        draws = [self._draws(one.visits) for one in found]
        columns = []
        for of in (self._bands, genders()):
            shares = [self._shares(one, of) for one in draws]
            counts = np.array(
                [s.share * len(d) for s, d in zip(shares, draws, strict=True)]
            ).reshape(len(found), len(of.parts))
            also = np.repeat(few[:, None], counts.shape[1], axis=1)
            hidden = hidden_counts(counts, least, also)
            columns.append(
                [
                    _parts(of, s, c, h)
                    for s, c, h in zip(shares, counts, hidden, strict=True)
                ]
            )
        return [
            _slot(one, not is_few, bands, both)
            for one, is_few, bands, both in zip(found, few, *columns, strict=True)
        ]

    def _draws(self, visits: Sequence[Visit]) -> _Draws:
        known = [visit for visit in visits if visit.age_probabilities]
        if not known:
            return _Draws(0, None, None)
        cells = cell_probabilities(
            np.array([visit.age_probabilities for visit in known]),
            np.array([visit.p_female for visit in known], float),
        )
        if self._calibration is None:
            return _Draws(len(known), cells, None)
        return _Draws(len(known), cells, draw_shares(cells, self._calibration))

    def _shares(self, draws: _Draws, of: Partition) -> Shares:
        if draws.cells is None:
            none = np.zeros(len(of.parts))
            return Shares(none, none, none)
        if self._calibration is None or draws.drawn is None:
            return uncorrected_shares(draws.cells, of)
        misfit = self._calibration.misfit[of.name]
        return shares_of_draws(draws.drawn, of, misfit)


@dataclass(frozen=True)
class _Draws:
    """How many visits have an age, their cells, and draws of their shares."""

    count: int
    cells: np.ndarray | None
    drawn: np.ndarray | None

    def __len__(self) -> int:
        return self.count


def _parts(
    of: Partition, shares: Shares, counts: np.ndarray, hidden: np.ndarray
) -> tuple[PartShare, ...]:
    return tuple(
        PartShare(name)
        if hidden[place]
        else PartShare(
            name,
            round(float(counts[place]), 1),
            round(float(shares.share[place]), 4),
            _rounded(shares.low[place]),
            _rounded(shares.high[place]),
        )
        for place, name in enumerate(of.parts)
    )


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _slot(
    one: Stretch,
    shown: bool,
    bands: tuple[PartShare, ...],
    both: tuple[PartShare, ...],
    by_gender: tuple[PartShare, ...] = (),
) -> Slot:
    known = sum(1 for visit in one.visits if visit.age_probabilities)
    return Slot(
        start_s=one.start_s,
        end_s=one.end_s,
        start=one.start.isoformat() if one.start else "",
        end=one.end.isoformat() if one.end else "",
        minutes=round(one.read_s / 60, 2),
        visits=len(one.visits) if shown else None,
        with_age=known if shown else None,
        bands=bands,
        genders=both,
        bands_by_gender=by_gender,
    )
