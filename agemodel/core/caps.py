"""Caps on what the app takes at a time, and the environment variables that set them.

| variable | caps | default | at most |
| --- | --- | --- | --- |
| AGEMODEL_MAX_PHOTOS | photos that one visitor has at a time | 300 | 10,000 |
| AGEMODEL_MAX_FILE_MB | a file that is read as a picture | 200 | 2,000 |
| AGEMODEL_MAX_MEMBER_MB | a file of an archive, unpacked | 100 | 2,000 |
| AGEMODEL_MAX_UNPACKED_MB | all that is unpacked from one archive | 2,048 | 1,000,000 |
| AGEMODEL_MAX_WAITING_MB | all files that wait in one batch | 1,000 | 100,000 |
| AGEMODEL_MAX_MEGAPIXELS | a picture | 50 | 1,000 |
| AGEMODEL_MAX_JPEG_MEGAPIXELS | a JPEG that can be read scaled down | 200 | 1,000 |
| AGEMODEL_MAX_FACES | faces of one photo, the largest first | 200 | 10,000 |
| AGEMODEL_MAX_BATCH_FACES | faces of one visitor's photos | 3,000 | 1,000,000 |

Every value is a whole number from 1 on; MB are 1024 * 1024 bytes. Visitors bring files
through Streamlit, whose own cap on a file is `server.maxUploadSize`.

The environment is read once, at the first call of `caps()`. The app and the commands
call it when they start, so that an invalid value stops them there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from agemodel.core.errors import ConfigError

MB = 1024**2
_MEGAPIXEL = 1_000_000
_PREFIX = "AGEMODEL_MAX_"


def _cap(variable: str, default: int, most: int, unit: int = 1) -> Any:
    """A cap that a variable of the environment sets, as a number of units."""
    metadata = {"variable": f"{_PREFIX}{variable}", "most": most, "unit": unit}
    return field(default=default * unit, metadata=metadata)


@dataclass(frozen=True)
class Caps:
    """How much is taken at a time, by the variables in the table above."""

    photos: int = _cap("PHOTOS", 300, 10_000)  # a preview takes about 0.3 MB
    file_bytes: int = _cap("FILE_MB", 200, 2_000, MB)
    member_bytes: int = _cap("MEMBER_MB", 100, 2_000, MB)
    unpacked_bytes: int = _cap("UNPACKED_MB", 2_048, 1_000_000, MB)
    waiting_bytes: int = _cap("WAITING_MB", 1_000, 100_000, MB)
    pixels: int = _cap("MEGAPIXELS", 50, 1_000, _MEGAPIXEL)  # Pillow: 4 bytes each
    jpeg_pixels: int = _cap("JPEG_MEGAPIXELS", 200, 1_000, _MEGAPIXEL)
    faces: int = _cap("FACES", 200, 10_000)
    batch_faces: int = _cap("BATCH_FACES", 3_000, 1_000_000)  # about 60 KB each


MOST_PIXELS = 1_000 * _MEGAPIXEL
"""The size of the largest picture that any setting allows."""


@cache
def caps() -> Caps:
    """The caps in force.

    Raises:
        ConfigError: as `read_caps` raises.
    """
    return read_caps(os.environ)


def read_caps(environment: Mapping[str, str]) -> Caps:
    """The default caps, changed by the variables of an environment.

    Raises:
        ConfigError: a variable is unknown, not a whole number, or out of range.
    """
    known = {one.metadata["variable"]: one for one in fields(Caps)}
    for name in environment:
        if name.startswith(_PREFIX) and name not in known:
            raise ConfigError(
                f"{name} caps nothing. The caps are: {', '.join(sorted(known))}."
            )
    given = {
        one.name: _value(environment[name], **one.metadata)
        for name, one in known.items()
        if name in environment
    }
    found = Caps(**given)
    if found.jpeg_pixels < found.pixels:
        raise ConfigError(
            f"AGEMODEL_MAX_JPEG_MEGAPIXELS ({found.jpeg_pixels // _MEGAPIXEL:,}) is "
            f"below AGEMODEL_MAX_MEGAPIXELS ({found.pixels // _MEGAPIXEL:,}): expected "
            "at least as much. Set both."
        )
    return found


def in_mb(byte_count: int) -> str:
    """A cap in bytes as text: '100 MB'."""
    return f"{byte_count // MB:,} MB"


def _value(text: str, variable: str, most: int, unit: int) -> int:
    digits = text.strip()
    # no more digits than can be in range: int() of a million digits takes long
    number = int(digits) if re.fullmatch(r"[0-9]{1,12}", digits) else 0
    if not 1 <= number <= most:
        raise ConfigError(
            f"{variable} is {text[:40]!r}: expected a whole number from 1 to "
            f"{most:,}. Change it, or unset it for the default."
        )
    return number * unit
