"""Repeated timing, and its median and quartiles."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from time import perf_counter
from typing import TypeVar

import numpy as np

Name = TypeVar("Name", bound=Hashable)

DIGITS = 5
"""Significant digits that are kept."""


def summarise(values: Sequence[float]) -> dict[str, float]:
    """Median, first and third quartile, and n of at least one value."""
    q25, median, q75 = np.percentile(np.asarray(values, np.float64), [25, 50, 75])
    return {
        "median": significant(median),
        "q25": significant(q25),
        "q75": significant(q75),
        "n": len(values),
    }


def significant(value: float) -> float:
    """The value with `DIGITS` significant digits."""
    return float(f"{value:.{DIGITS}g}")


def in_ms(seconds: Sequence[float]) -> dict[str, float]:
    """`summarise` of seconds, in milliseconds."""
    return summarise([value * 1000 for value in seconds])


def stopwatch(work: Callable[[], object]) -> float:
    """How long a call takes, in seconds."""
    started = perf_counter()
    work()
    return perf_counter() - started


def take_turns(
    measures: Mapping[Name, Callable[[], float]],
    *,
    seconds: float = 6.0,
    least: int = 7,
    most: int = 200,
) -> dict[Name, list[float]]:
    """Take several measures in turn, so that load on the machine affects all alike.

    One round is not counted. Every second round goes in the opposite order.

    Args:
        measures: each gives one value a call.
        seconds: rounds go on for this long,
        least: but there are at least so many,
        most: and at most so many.
    """
    for measure in measures.values():
        measure()
    found: dict[Name, list[float]] = {name: [] for name in measures}
    started, rounds = perf_counter(), 0
    while rounds < least or (rounds < most and perf_counter() - started < seconds):
        for name in list(measures)[:: -1 if rounds % 2 else 1]:
            found[name].append(measures[name]())
        rounds += 1
    return found
