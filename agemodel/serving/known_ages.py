"""Actual ages, where they are known, beside the estimates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agemodel.core.labels import MAX_AGE
from agemodel.core.words import counted

if TYPE_CHECKING:
    from agemodel.serving.estimator import Estimate

_TEXT = re.compile(r"(\d{1,3})(?: or (\d{1,3}))?")


@dataclass(frozen=True)
class KnownAge:
    """How old a person was, in completed years: at least `low` and at most `high`."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}" if self.low == self.high else f"{self.low} or {self.high}"

    @property
    def years(self) -> tuple[int, ...]:
        """The least and the most, or the one age."""
        return (self.low,) if self.low == self.high else (self.low, self.high)

    def error_years(self, age_years: float) -> float:
        """How far an estimate is off, 0 between the least and the most."""
        return max(self.low - age_years, age_years - self.high, 0.0)

    def is_inside(self, low: float, high: float) -> bool:
        """Whether it may lie in a range, whose ends are rounded as they are shown."""
        return self.low <= round(high) and self.high >= round(low)


def read_known_age(text: str) -> KnownAge:
    """Read `51` or `41 or 42`.

    Raises:
        ValueError: it is neither.
    """
    found = _TEXT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no age: expected such as 51, or 41 or 42.")
    low, high = int(found[1]), int(found[2] or found[1])
    if not low <= high <= MAX_AGE:
        raise ValueError(f"{text!r} is no age: expected 0 to {MAX_AGE} years.")
    return KnownAge(low, high)


def beside_estimate(known: KnownAge, estimate: Estimate) -> str:
    """The actual age, the error and the range: `Actual 51: 3 years off, inside ...`."""
    off = round(known.error_years(round(estimate.age_years)))
    apart = f"{counted(off, 'year')} off" if off else "as estimated"
    inside = known.is_inside(estimate.age_low, estimate.age_high)
    return f"Actual {known}: {apart}, {'inside' if inside else 'outside'} the range"


def reading_order(boxes: Sequence[tuple[float, float, float, float]]) -> list[int]:
    """The numbers of boxes (x0, y0, x1, y1) row by row, each from left to right.

    A row holds the highest box that is left, and those beside at least half of it, or
    at least half of which is beside it.
    """
    left = sorted(range(len(boxes)), key=lambda n: boxes[n][1] + boxes[n][3])
    order: list[int] = []
    while left:
        row = [n for n in left if _beside(boxes[left[0]], boxes[n])]
        order += sorted(row, key=lambda n: boxes[n][0])
        left = [n for n in left if n not in row]
    return order


def _beside(one: Sequence[float], two: Sequence[float]) -> bool:
    shared = min(one[3], two[3]) - max(one[1], two[1])
    return shared >= min(one[3] - one[1], two[3] - two[1]) / 2
