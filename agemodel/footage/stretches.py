"""Where clips lie in time, and what was found in each stretch of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agemodel.core.errors import ConfigError
from agemodel.footage.clip_results import ClipResult
from agemodel.footage.visit import Visit

_EPOCH = datetime(2000, 1, 1)
"""Stretches of time count from a midnight."""

_IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_. T]*"
    r"([01]\d|2[0-3])[-_.h:]?([0-5]\d)(?:[-_.m:]?([0-5]\d))?(?!\d)"
)


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
    by_clock = bool(times) and all(time.start for time in times)
    found: dict[int, Stretch] = {}

    def at(number: int) -> Stretch:
        if number not in found:
            low, high = number * slot_s, (number + 1) * slot_s
            start, end = (
                _EPOCH + timedelta(seconds=seconds) if by_clock else None
                for seconds in (low, high)
            )
            found[number] = Stretch(low, high, start, end, 0.0, [])
        return found[number]

    for result, time in zip(results, times, strict=True):
        begin = time.offset_s
        if by_clock and time.start:
            begin = (time.start - _EPOCH).total_seconds()
        end = begin + result.counts.read_s
        for number in range(int(begin // slot_s), int(end // slot_s) + 1):
            read_s = min((number + 1) * slot_s, end) - max(number * slot_s, begin)
            if read_s > 0:
                at(number).read_s += read_s
        for visit in result.visits:
            at(int((begin + visit.start_s) // slot_s)).visits.append(visit)
    ordered = [found[number] for number in sorted(found)]
    first_s = ordered[0].start_s if ordered and by_clock else 0.0
    for one in ordered:
        one.start_s, one.end_s = one.start_s - first_s, one.end_s - first_s
    return ordered


def joined(stretches: Sequence[Stretch]) -> Stretch:
    """From the first stretch's beginning to the last one's end."""
    if not stretches:
        return Stretch(0.0, 0.0, None, None, 0.0, [])
    first, last = stretches[0], stretches[-1]
    return Stretch(
        first.start_s,
        last.end_s,
        first.start,
        last.end,
        sum(one.read_s for one in stretches),
        [visit for one in stretches for visit in one.visits],
    )


def start_in_name(name: str) -> datetime | None:
    """The time in a file's name, such as `cam2_20261127_143000.mp4`, if there is one.

    It is taken as it stands, without a time zone.
    """
    for found in _IN_NAME.finditer(name):
        year, month, day, hour, minute = (int(found[n]) for n in range(1, 6))
        try:
            return datetime(year, month, day, hour, minute, int(found[6] or 0))
        except ValueError:
            continue
    return None


def read_start(text: str) -> datetime:
    """The time that an option gives, in ISO 8601, such as `2026-11-27 14:30`.

    Raises:
        ConfigError: it is none.
    """
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is no time: expected one such as 2026-11-27T14:30."
        ) from error
