"""What a bulk run says of all its faces: counts, and shares with their intervals.

The parts are read one after the other. Of very many faces the shares are those of every
so-manieth, spread over the whole list; the counts are of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agemodel.bulk.bulk_record import BulkRecord, read_record
from agemodel.bulk.parts import FACES, Counts, checked_counts, done_shards, read_part
from agemodel.bulk.stores import open_store
from agemodel.core.errors import ModelError
from agemodel.core.labels import AGES
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
from agemodel.models.model_folder import ModelFolder

MOST_FACES = 50_000
"""Whose distributions are used for the shares: their draws take some seconds."""

_COLUMNS = ("age_probabilities", "p_female", "doubtful")


@dataclass(frozen=True)
class Summary:
    """What a run holds.

    Attributes:
        record: of the run.
        counts: of the parts that are there.
        with_age: faces that have an age and are beyond doubt faces.
        doubtful: faces that are perhaps none.
        used: of those with an age, how many the shares are of.
        shares: of age bands, then of genders; empty where no face has an age.
    """

    record: BulkRecord
    counts: Counts
    with_age: int
    doubtful: int
    used: int
    shares: tuple[tuple[Partition, Shares], ...]

    def records(self) -> list[dict[str, Any]]:
        """A record a part with its share, 0..1; the ends are None without intervals."""
        return [
            {
                "of": partition.name,
                "part": part,
                "share": round(float(share), 4),
                "low": None if low != low else round(float(low), 4),
                "high": None if high != high else round(float(high), 4),
            }
            for partition, shares in self.shares
            for part, share, low, high in zip(
                partition.parts, shares.share, shares.low, shares.high, strict=True
            )
        ]


def summarize(out: str, bands: str = "four", most: int = MOST_FACES) -> Summary:
    """Sum a run up, finished or not.

    Args:
        out: where it lies, a folder or an address.
        bands: of ages, one of `metrics.shares.BAND_STARTS`.
        most: about how many faces the shares are of at most.

    Raises:
        BulkError: there is no run, or one of its parts is damaged.
    """
    store = open_store(out)
    record, shards = read_record(store), sorted(done_shards(store))
    counts = sum((checked_counts(store, shard) for shard in shards), Counts())
    faces = _Faces(-(-counts.faces // most))
    for shard in shards:
        faces.add(read_part(store, FACES, shard, _COLUMNS))
    calibration = _calibration(record)
    cells = faces.cells()
    return Summary(
        record,
        counts,
        faces.with_age,
        faces.doubtful,
        len(cells),
        _shares(cells, calibration, (partition(bands), genders())),
    )


class _Faces:
    """Counts faces, and keeps every so-manieth with an age."""

    def __init__(self, step: int) -> None:
        self.with_age = self.doubtful = 0
        self._step = max(step, 1)
        self._cells: list[np.ndarray] = []

    def add(self, faces: pa.Table) -> None:
        self.doubtful += pc.sum(faces["doubtful"]).as_py() or 0
        is_used = pc.and_(
            pc.is_valid(faces["age_probabilities"]), pc.invert(faces["doubtful"])
        )
        known = faces.filter(is_used)
        first = -self.with_age % self._step
        self.with_age += known.num_rows
        kept = known.take(np.arange(first, known.num_rows, self._step))
        if kept.num_rows:
            ages = kept["age_probabilities"].combine_chunks().flatten()
            self._cells.append(
                cell_probabilities(
                    ages.to_numpy(zero_copy_only=False).reshape(-1, len(AGES)),
                    kept["p_female"].to_numpy(),
                )
            )

    def cells(self) -> np.ndarray:
        """Shape (n, 18)."""
        empty = cell_probabilities(np.empty((0, len(AGES))), np.empty(0))
        return np.concatenate([empty, *self._cells])


def _calibration(record: BulkRecord) -> ShareCalibration | None:
    """The calibration of shares of the run's model; None where it has none here."""
    began = record.settings.model
    try:
        card = ModelFolder.named(began.name).card
    except ModelError:
        return None
    return card.shares if card.sha256 == began.sha256 else None


def _shares(
    cells: np.ndarray,
    calibration: ShareCalibration | None,
    of: tuple[Partition, ...],
) -> tuple[tuple[Partition, Shares], ...]:
    if not len(cells):
        return ()
    if calibration is None:
        return tuple((parts, uncorrected_shares(cells, parts)) for parts in of)
    draws = draw_shares(cells, calibration)
    return tuple(
        (parts, shares_of_draws(draws, parts, calibration.misfit[parts.name]))
        for parts in of
    )
