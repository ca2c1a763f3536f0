"""The file names of UTKFace: `[age]_[gender]_[race]_[date&time].jpg.chip.jpg`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from agemodel.core.errors import DatasetError
from agemodel.core.labels import GENDERS, MAX_AGE, MIN_AGE, RACES

# Two names of the official archive are misspelt but plain to read: one has a space
# before the ending, one lacks the first dot of it.
_ENDING = re.compile(r"(?P<stem>.*?) ?\.?jpg\.chip\.jpg", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,3}")
_STAMP = re.compile(r"[0-9A-Za-z-]{1,40}")
_FULL_STAMP = re.compile(r"[0-9]{17}")
_PAIRS = range(4, 14, 2)  # of its digits: month, day, hour, minute, second


@dataclass(frozen=True)
class FaceLabel:
    """What a file name says of its face.

    Attributes:
        age: in years, `MIN_AGE` to `MAX_AGE`.
        gender: an index into `labels.GENDERS`.
        race: an index into `labels.RACES`.
        collected: when the image was gathered (no time zone is given), or None
            where the stamp is not a date.
    """

    age: int
    gender: int
    race: int
    collected: datetime | None


def parse_name(file_name: str) -> FaceLabel:
    """Read the labels out of a base name.

    Raises:
        DatasetError: the name cannot be read; the message is the reason, a sentence
            that does not repeat the name.
    """
    ending = _ENDING.fullmatch(file_name)
    if ending is None:
        raise DatasetError(
            "The name does not end with .jpg.chip.jpg, as the aligned and cropped "
            "images of UTKFace do."
        )
    age, gender, race, stamp = _split_fields(ending["stem"])
    if not _STAMP.fullmatch(stamp):
        raise DatasetError("The date and time in the name has unexpected characters.")
    return FaceLabel(
        age=_read_number(age, "age", MIN_AGE, MAX_AGE),
        gender=_read_number(gender, "gender", 0, len(GENDERS) - 1),
        race=_read_number(race, "race", 0, len(RACES) - 1),
        collected=_read_stamp(stamp),
    )


def _split_fields(stem: str) -> list[str]:
    """The four fields of a name without its ending."""
    fields = stem.split("_")
    if len(fields) == 3 and _FULL_STAMP.fullmatch(fields[2]):
        raise DatasetError("The name has no race field.")
    if len(fields) != 4:
        raise DatasetError(
            f"The name has {len(fields)} fields where four are expected: age, gender, "
            "race, date and time."
        )
    return fields


def _read_number(text: str, field: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    if not _NUMBER.fullmatch(text):
        raise DatasetError(f"The {field} in the name is not a whole number.")
    number = int(text)
    if not low <= number <= high:
        raise DatasetError(f"The {field} {number} is not from {low} to {high}.")
    return number


def _read_stamp(stamp: str) -> datetime | None:
    """The moment of a YYYYMMDDhhmmssmmm stamp, or None where it is no such thing.

    A few official stamps have a digit too many or too few; their labels are good.
    """
    if not _FULL_STAMP.fullmatch(stamp):
        return None
    try:
        # strptime takes several times as long, which tells over 23,704 names.
        month, day, hour, minute, second = (int(stamp[i : i + 2]) for i in _PAIRS)
        microsecond = int(stamp[14:]) * 1000
        return datetime(int(stamp[:4]), month, day, hour, minute, second, microsecond)
    except ValueError:
        return None
