"""What a run over footage holds of faces in memory, as marks to look for elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from agemodel.faces import Detection
from agemodel.footage.clip_files import find_clips
from agemodel.footage.clip_visits import read_visits
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import Look, LookFinder
from agemodel.footage.same_person import KnownPeople
from agemodel.footage.tracking import Track
from agemodel.serving import Estimate, Estimator

MARK_BYTES = 48
_ONE_IN = 5
"""Of the looks; their marks are enough."""

_LEAST_CHARACTERS = 9
"""A shorter number may be another one's."""


@dataclass(frozen=True)
class FootageMarks:
    """Of one clip."""

    marks: dict[str, bytes]  # bytes to look for, by what they are a part of
    ages: list[float | None]  # of the visits, which show that the run saw the same


def marks_of(path: Path, estimator: Estimator) -> FootageMarks:
    """Look at a clip as the command does, and mark what it makes of the faces."""
    settings, seen, people = FootageSettings(), _Seen(estimator), _Templates()
    finder = LookFinder(cast(Estimator, seen), settings)
    marks: dict[str, bytes] = {}

    def find(rgb: np.ndarray, time_s: float) -> list[Look]:
        looks = finder(rgb, time_s)
        for number, look in enumerate(looks):
            if round(time_s * settings.looks_per_s) % _ONE_IN == 0:
                at = f"at {time_s:.2f} s, {number}"
                marks.update(_marks_of_look(look, seen.found[number], rgb, at))
        return looks

    (clip,) = find_clips([path]).clips
    result = read_visits(clip, find, settings, estimator.calibration, people=people)
    for number, template in enumerate(people.templates):
        marks.update(_marks_of_numbers(template, f"template {number}"))
    return FootageMarks(marks, [visit.age_years for visit in result.visits])


def middle(content: bytes) -> bytes:
    """A mark of what is longer."""
    start = max(0, (len(content) - MARK_BYTES) // 2)
    return content[start : start + MARK_BYTES]


class _Seen:
    """An estimator that remembers its estimates of the last frame."""

    def __init__(self, estimator: Estimator) -> None:
        self._estimator, self.card = estimator, estimator.card
        self.found: list[Estimate] = []

    def estimate_faces(self, rgb: np.ndarray, faces: Sequence[Detection]) -> Any:
        self.found = self._estimator.estimate_faces(rgb, faces)
        return self.found


class _Templates(KnownPeople):
    """The templates that tell who comes back, of people who all are new."""

    def __init__(self) -> None:
        super().__init__()
        self.templates: list[np.ndarray] = []

    def is_known(self, track: Track) -> bool:
        if track.embedding is not None:
            self.templates.append(track.embedding)
        return False


def _marks_of_look(
    look: Look, estimate: Estimate, rgb: np.ndarray, at: str
) -> dict[str, bytes]:
    x, y = (round(side) for side in look.centre_xy)
    row = rgb[y, max(x - MARK_BYTES // 2, 0) :][:MARK_BYTES]
    found = {
        f"crop {at}": middle(estimate.crop_rgb.tobytes()),
        f"frame as RGB {at}": middle(row.tobytes()),
        f"frame as BGR {at}": middle(row[:, ::-1].tobytes()),
    }
    for numbers in (estimate.embedding, look.embedding):
        if numbers is not None:
            found |= dict(_marks_of_numbers(numbers, f"embedding {at}"))
    return found


def _marks_of_numbers(numbers: np.ndarray, what: str) -> Iterator[tuple[str, bytes]]:
    """Its bytes in each width, and its largest number in words."""
    for kind in (np.float16, np.float32, np.float64):
        mark = middle(numbers.astype(kind).tobytes())
        yield f"{what}, {numbers.dtype} as {kind.__name__}", mark
    largest = numbers[np.argmax(np.abs(numbers))]
    for text in (repr(float(largest)), str(np.float32(largest))):
        if len(text) >= _LEAST_CHARACTERS:
            yield f"{what}, {numbers.dtype} as {text}", text.encode()
