"""The values of a selection as they stand in a URL, read back and said in words.

Whatever cannot be read gives None or an empty value, never an error: anybody can write
a URL.
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from hashlib import blake2b

from agemodel.core.labels import MAX_AGE, MIN_AGE

MAX_NAME = 100
"""Characters of a name that are looked for."""
MAX_CORNERS = 40
"""A region of more corners is thinned, so that it fits into a URL."""
MAX_AMONG = 100
"""Most faces that are named one by one."""

Ages = tuple[int, int]
Errors = tuple[float, float]
Dates = tuple[date, date]
Region = tuple[tuple[float, float], ...]

_AGES = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")
_ERRORS = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)?-([0-9]{1,3}(?:\.[0-9]{1,2})?)?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")
_KEY = re.compile("[0-9a-f]{12}")
_CORNER = re.compile(r"([0-9]{1,4}),([0-9]{1,4})")
_THOUSAND = 1000


def read_ages(text: str) -> Ages | None:
    """From `20-40` or `20`."""
    found = _AGES.fullmatch(text)
    if not found:
        return None
    low, high = int(found[1]), int(found[2] or found[1])
    low, high = max(low, MIN_AGE), min(high, MAX_AGE)
    return (low, high) if low <= high else None


def write_ages(ages: Ages) -> str:
    """As `20-40` or `20`."""
    low, high = ages
    return str(low) if low == high else f"{low}-{high}"


def say_ages(ages: Ages) -> str:
    """As `20 to 40 years`."""
    return f"{write_ages(ages).replace('-', ' to ')} years"


def read_errors(text: str) -> Errors | None:
    """From `5-10`, or `20-` without an end, or `-2` from 0."""
    found = _ERRORS.fullmatch(text)
    if not found:
        return None
    low, high = float(found[1] or 0), float(found[2] or math.inf)
    return (low, high) if low < high else None


def write_errors(errors: Errors) -> str:
    """As `5-10`, or `20-` without an end."""
    low, high = errors
    return f"{low:g}-{'' if high == math.inf else f'{high:g}'}"


def say_errors(errors: Errors) -> str:
    """As `error of 5 to 10 years`."""
    low, high = errors
    if high == math.inf:
        return f"error of {low:g} years or more"
    return f"error of {low:g} to {high:g} years"


def read_dates(text: str) -> Dates | None:
    """From a month `2017-01`, a day `2017-01-09`, or two with two dots between."""
    first, _, last = text.partition("..")
    start, end = _days_of(first), _days_of(last or first)
    if start is None or end is None or start[0] > end[1]:
        return None
    return start[0], end[1]


def write_dates(dates: Dates) -> str:
    """As a month, a day, or two days with two dots between."""
    first, last = (day.isoformat() for day in dates)
    if first == last:
        return first
    return first[:7] if _days_of(first[:7]) == dates else f"{first}..{last}"


def say_dates(dates: Dates) -> str:
    """As `collected 2017-01-09 to 2017-01-11`."""
    return f"collected {write_dates(dates).replace('..', ' to ')}"


def _days_of(text: str) -> Dates | None:
    """First and last day of a day or a month."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    year, month = int(found[1]), int(found[2])
    try:
        if found[3]:
            day = date(year, month, int(found[3]))
            return day, day
        return date(year, month, 1), date(year, month, monthrange(year, month)[1])
    except ValueError:
        return None


def region_of(xs: Sequence[float], ys: Sequence[float]) -> Region:
    """A region of the map from a lasso's corners, thinned to `MAX_CORNERS`.

    Args:
        xs: in 0..1; what lies beyond is brought to the edge.
        ys: as many.

    Returns:
        Corners (x, y) in thousandths; empty where there are fewer than three.
    """
    corners = [
        (_thousandth(x), _thousandth(y))
        for x, y in zip(xs, ys, strict=True)
        if math.isfinite(x) and math.isfinite(y)
    ]
    step = max(1, math.ceil(len(corners) / MAX_CORNERS))
    thinned = tuple(corners[::step])
    return thinned if len(thinned) >= 3 else ()


def read_region(text: str) -> Region:
    """From corners in thousandths: `120,340;130,360;150,300`."""
    found = [_CORNER.fullmatch(corner) for corner in text.split(";")]
    corners = [(int(one[1]), int(one[2])) for one in found if one]
    if not len(corners) == len(found) <= MAX_CORNERS:
        return ()
    return region_of(
        [x / _THOUSAND for x, _ in corners], [y / _THOUSAND for _, y in corners]
    )


def write_region(region: Region) -> str:
    """As corners in thousandths."""
    return ";".join(f"{x * _THOUSAND:.0f},{y * _THOUSAND:.0f}" for x, y in region)


def _thousandth(value: float) -> float:
    return round(min(max(value, 0.0), 1.0) * _THOUSAND) / _THOUSAND


def read_name(text: str) -> str:
    """A part of a name, without what cannot be printed."""
    return "".join(c for c in text if c.isprintable()).strip()[:MAX_NAME].strip()


def face_key(file: str) -> str:
    """A face's short name in a URL: two of a million are alike once in a thousand."""
    return blake2b(file.encode(), digest_size=6).hexdigest()


def read_among(text: str) -> tuple[str, ...]:
    """From keys of faces: `0123456789ab.cdef01234567`."""
    found = [_KEY.fullmatch(key) for key in text.lower().split(".")[:MAX_AMONG]]
    return tuple(dict.fromkeys(one[0] for one in found if one))


def say_among(keys: Sequence[str]) -> str:
    """As their number."""
    return f"{len(keys):,} faces chosen elsewhere" if len(keys) > 1 else "one face"
