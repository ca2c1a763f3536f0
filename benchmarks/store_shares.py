"""Errors and intervals of shares, on simulated stores of test faces.

The calibration comes from val faces (`python -m agemodel shares mobile`); the stores'
mixes, by name and by chance, are none of those that it was chosen on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from agemodel.core.errors import ModelError
from agemodel.metrics.share_calibration import SimulatedGroup, draw_group, draw_mix
from agemodel.metrics.shares import (
    CELLS,
    Partition,
    ShareCalibration,
    draw_shares,
    genders,
    partition,
    shares_of_draws,
    uncorrected_shares,
)
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.model_folder import ModelFolder
from agemodel.models.share_renewal import labelled_cells
from agemodel.runs.run_folder import find_run
from benchmarks.speed_limits import at_least

SIZES = (30, 100, 300, 1000)
STORES = 40
"""Of each size and mix."""

MIXES: dict[str, tuple[float, ...]] = {
    "fashion": (0.02, 0.03, 0.30, 0.40, 0.15, 0.05, 0.03, 0.01, 0.01),
    "pharmacy": (0.01, 0.02, 0.05, 0.08, 0.10, 0.14, 0.20, 0.20, 0.20),
    "school": (0.00, 0.35, 0.50, 0.05, 0.06, 0.03, 0.01, 0.00, 0.00),
    "supermarket": (0.03, 0.09, 0.12, 0.13, 0.13, 0.13, 0.13, 0.12, 0.12),
}
"""Shares of the age groups among the visitors of made-up stores."""

BY_CHANCE = {"mixes by chance, uneven": 0.7, "mixes by chance, even": 2.0}
PARTS = {
    "three bands": partition("three"),
    "four bands": partition("four"),
    "nine groups": partition("nine"),
    "genders": genders(),
    "four bands by gender": partition("four", by_gender=True),
}
LEAST_HELD = 0.93


def run() -> dict[str, Any]:
    """Measure by mix and size."""
    card = ModelFolder.named(DEFAULT_MODEL).card
    if card.shares is None:
        raise ModelError(
            f"The model {DEFAULT_MODEL} has no calibration of shares. Make it: "
            f"python -m agemodel shares {DEFAULT_MODEL}"
        )
    cells, labels = labelled_cells(find_run(card.run), "test")
    rows = [
        {"mix": mix, "size": size, **_measure(mix, size, cells, labels, card.shares)}
        for mix in (*MIXES, *BY_CHANCE)
        for size in SIZES
    ]
    by_size = [_mean(rows, size) for size in SIZES]
    return {
        "faces": len(cells),
        "stores": STORES,
        "rows": [*rows, *by_size],
        "limits": limits(by_size),
    }


def limits(by_size: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Held shares of the default bands and of the genders, by size."""
    return [
        at_least(
            f"shares of {name} inside their 95 % intervals, {row['size']:,} visitors",
            row["parts"][name]["held"],
            LEAST_HELD,
        )
        for row in by_size
        for name in ("four bands", "genders")
    ]


def _measure(
    mix: str,
    size: int,
    cells: np.ndarray,
    labels: np.ndarray,
    calibration: ShareCalibration,
) -> dict[str, Any]:
    measured: dict[str, list[tuple[float, ...]]] = {name: [] for name in PARTS}
    for number, group in enumerate(_stores(mix, size, cells, labels)):
        draws = draw_shares(group.cells, calibration, number)
        for name, parts in PARTS.items():
            measured[name].append(_errors(group, draws, parts, calibration))
    return {"parts": {name: _summary(rows) for name, rows in measured.items()}}


def _stores(
    mix: str, size: int, cells: np.ndarray, labels: np.ndarray
) -> Iterator[SimulatedGroup]:
    rng = np.random.default_rng([size, len(mix), ord(mix[0])])
    for _ in range(STORES):
        if mix in BY_CHANCE:
            asked = draw_mix(rng, BY_CHANCE[mix])
        else:
            female = rng.uniform(0.2, 0.8)
            ages = np.array(MIXES[mix])
            asked = np.concatenate([ages * (1 - female), ages * female])
        yield draw_group(cells, labels, asked, size, rng)


def _errors(
    group: SimulatedGroup,
    draws: np.ndarray,
    parts: Partition,
    calibration: ShareCalibration,
) -> tuple[float, ...]:
    """Mean errors of the most likely cells, mean probabilities and the estimate; the
    share of the intervals that hold, and their mean width."""
    truth = parts.sums(group.shares)
    found = shares_of_draws(draws, parts, calibration.misfit[parts.name])
    likely = np.bincount(group.cells.argmax(1), minlength=CELLS) / len(group.cells)
    mean = uncorrected_shares(group.cells, parts)
    return (
        float(np.abs(parts.sums(likely) - truth).mean()),
        float(np.abs(mean.share - truth).mean()),
        float(np.abs(found.share - truth).mean()),
        float(((found.low <= truth) & (truth <= found.high)).mean()),
        float((found.high - found.low).mean()),
    )


_MEASURES = ("likely_error", "mean_error", "error", "held", "width")


def _summary(rows: list[tuple[float, ...]]) -> dict[str, float]:
    means = np.mean(rows, axis=0).round(5).tolist()
    return dict(zip(_MEASURES, means, strict=True))


def _mean(rows: list[dict[str, Any]], size: int) -> dict[str, Any]:
    """The mean over the mixes, by part."""
    same = [row["parts"] for row in rows if row["size"] == size]
    parts = {
        name: {
            measure: round(float(np.mean([row[name][measure] for row in same])), 5)
            for measure in _MEASURES
        }
        for name in PARTS
    }
    return {"mix": "all of them", "size": size, "parts": parts}
