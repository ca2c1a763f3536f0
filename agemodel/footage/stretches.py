"""Where clips lie in time, and what was found in each stretch of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agemodel.footage.clip_results import ClipResult
from agemodel.footage.visit import Visit

_EPOCH = datetime(2000, 1, 1)
"""Stretches of time count from a midnight."""


@dataclass(frozen=True)
class ClipTime:
    """Where a clip lies in time.

    Attributes:
        offset_s: seconds of footage before it.
        start: by the clock; None where that is not known.
    """

    offset_s: float
    start: datetime | None


def clip_times(
    results: Sequence[ClipResult], starts: Sequence[datetime | None]
) -> list[ClipTime]:
    """Where clips lie: one after the other, and by the clock where that is known.

    A clip without a time follows the one before without a gap.

    Args:
        results: of the clips, in their order.
        starts: as many.
    """
    times, offset_s, following = [], 0.0, None
    for result, start in zip(results, starts, strict=True):
        begins = start or following
        times.append(ClipTime(offset_s, begins))
        offset_s += result.counts.read_s
        following = begins and begins + timedelta(seconds=result.counts.read_s)
    return times


@dataclass
class Stretch:
    """A stretch of time while it is being filled.

    Attributes:
        start_s: its beginning, see `Slot`.
        end_s: its end.
        start: its beginning by the clock; None where that is not known.
        end: its end.
        read_s: of footage that was read in it.
        visits: that began in it.
    """

    start_s: float
    end_s: float
    start: datetime | None
    end: datetime | None
    read_s: float
    visits: list[Visit]


def stretches_of(
    results: Sequence[ClipResult], times: Sequence[ClipTime], slot_s: float
) -> list[Stretch]:
    """The stretches of time in which something was read, in order.

    Their seconds count from the first one's beginning.

    Args:
        results: of the clips.
        times: as many.
        slot_s: length of a stretch.
    """
    stretches = _Stretches(times, slot_s)
    for result, time in zip(results, times, strict=True):
        stretches.add(result, time)
    return stretches.ordered()


class _Stretches:
    def __init__(self, times: Sequence[ClipTime], slot_s: float) -> None:
        self._by_clock = bool(times) and all(time.start for time in times)
        self._slot_s = slot_s
        self._found: dict[int, Stretch] = {}

    def add(self, result: ClipResult, time: ClipTime) -> None:
        """Add a clip: what was read to every stretch that it reaches into."""
        begin = self._place(time)
        end = begin + result.counts.read_s
        for number in range(int(begin // self._slot_s), int(end // self._slot_s) + 1):
            low, high = number * self._slot_s, (number + 1) * self._slot_s
            read_s = min(high, end) - max(low, begin)
            if read_s > 0:
                self._at(number).read_s += read_s
        for visit in result.visits:
            self._at(int((begin + visit.start_s) // self._slot_s)).visits.append(visit)

    def ordered(self) -> list[Stretch]:
        """The stretches by time; their seconds count from the first one's beginning."""
        found = [self._found[number] for number in sorted(self._found)]
        first_s = found[0].start_s if found and self._by_clock else 0.0
        for one in found:
            one.start_s, one.end_s = one.start_s - first_s, one.end_s - first_s
        return found

    def _place(self, time: ClipTime) -> float:
        """Where a clip begins, in seconds since a midnight, or of footage."""
        if self._by_clock and time.start:
            return (time.start - _EPOCH).total_seconds()
        return time.offset_s

    def _at(self, number: int) -> Stretch:
        if number not in self._found:
            low, high = number * self._slot_s, (number + 1) * self._slot_s
            start, end = self._clock(low), self._clock(high)
            self._found[number] = Stretch(low, high, start, end, 0.0, [])
        return self._found[number]

    def _clock(self, seconds: float) -> datetime | None:
        return _EPOCH + timedelta(seconds=seconds) if self._by_clock else None
