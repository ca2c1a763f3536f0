"""When a clip began by the clock, from its name or from an option."""

from __future__ import annotations

import re
from datetime import datetime

from agemodel.core.errors import ConfigError

_IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_. T]*"
    r"([01]\d|2[0-3])[-_.h:]?([0-5]\d)(?:[-_.m:]?([0-5]\d))?(?!\d)"
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
