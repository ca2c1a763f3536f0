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
from dataclasses import dataclass, fields
from functools import cache

from agemodel.core.errors import ConfigError

MB = 1024**2
_MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class Caps:
    """How much is taken at a time; see the table above.

    Attributes:
        photos: photos of one visitor at a time; a preview takes about 0.3 MB.
        file_bytes: size of a file that is read as a picture.
        member_bytes: size of an archive's file, unpacked.
        unpacked_bytes: size of all files that are unpacked from one archive.
        waiting_bytes: size of all files that wait in one batch.
        pixels: pixels of a picture; Pillow takes 4 bytes for each.
        jpeg_pixels: pixels of a JPEG that is read in one pass, at a reduced scale.
        faces: faces of one photo; the largest are kept.
        batch_faces: faces of all photos of one visitor; each takes about 60 KB.
    """

    photos: int = 300
    file_bytes: int = 200 * MB
    member_bytes: int = 100 * MB
    unpacked_bytes: int = 2_048 * MB
    waiting_bytes: int = 1_000 * MB
    pixels: int = 50 * _MEGAPIXEL
    jpeg_pixels: int = 200 * _MEGAPIXEL
    faces: int = 200
    batch_faces: int = 3_000


@dataclass(frozen=True)
class _Variable:
    name: str
    unit: int
    most: int


_VARIABLES = {
    "photos": _Variable("AGEMODEL_MAX_PHOTOS", 1, 10_000),
    "file_bytes": _Variable("AGEMODEL_MAX_FILE_MB", MB, 2_000),
    "member_bytes": _Variable("AGEMODEL_MAX_MEMBER_MB", MB, 2_000),
    "unpacked_bytes": _Variable("AGEMODEL_MAX_UNPACKED_MB", MB, 1_000_000),
    "waiting_bytes": _Variable("AGEMODEL_MAX_WAITING_MB", MB, 100_000),
    "pixels": _Variable("AGEMODEL_MAX_MEGAPIXELS", _MEGAPIXEL, 1_000),
    "jpeg_pixels": _Variable("AGEMODEL_MAX_JPEG_MEGAPIXELS", _MEGAPIXEL, 1_000),
    "faces": _Variable("AGEMODEL_MAX_FACES", 1, 10_000),
    "batch_faces": _Variable("AGEMODEL_MAX_BATCH_FACES", 1, 1_000_000),
}
MOST_PIXELS = _VARIABLES["jpeg_pixels"].most * _MEGAPIXEL
"""The size of the largest picture that any setting allows."""

_PREFIX = "AGEMODEL_MAX_"


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
    known = {variable.name for variable in _VARIABLES.values()}
    for name in environment:
        if name.startswith(_PREFIX) and name not in known:
            raise ConfigError(
                f"{name} caps nothing. The caps are: {', '.join(sorted(known))}."
            )
    given = {
        field.name: _value(variable, environment[variable.name])
        for field in fields(Caps)
        if (variable := _VARIABLES[field.name]).name in environment
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


def _value(variable: _Variable, text: str) -> int:
    digits = text.strip()
    # no more digits than can be in range: int() of a million digits takes long
    number = int(digits) if re.fullmatch(r"[0-9]{1,12}", digits) else 0
    if not 1 <= number <= variable.most:
        raise ConfigError(
            f"{variable.name} is {text[:40]!r}: expected a whole number from 1 to "
            f"{variable.most:,}. Change it, or unset it for the default."
        )
    return number * variable.unit
