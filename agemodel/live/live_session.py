"""What one camera shows: its faces, with numbers and ages that do not jump.

Faces are followed, and their looks combined, as those of recorded video. What is shown
of a face then moves slowly towards what its looks say.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import Look
from agemodel.footage.tracking import Track, Tracker
from agemodel.footage.visit import Visit, is_visit, visit_of
from agemodel.metrics.calibration import Calibration

SETTINGS = FootageSettings(
    looks_per_s=10.0, smallest_face_px=48.0, least_looks=3, gap_s=2.0, most_looks=30
)
MOST_YEARS_PER_S = 2.0
"""How fast the age that is shown of a face may move, and the ends of its range."""

SHOWN_ON_S = 0.4
"""A face that is missed for no longer stays where it was."""

LOOKING = "Looking: the age comes after some clear frames."
DOUBTFUL = "Perhaps no face."


@dataclass(frozen=True)
class LiveFace:
    """A face in view.

    Attributes:
        box_xyxy: px of the frame.
        number: of the face as long as it stays; None until it was seen often enough.
        age_years: None where there is a note.
        age_low: lower end of the 80 % interval.
        age_high: upper end.
        p_female: None without an age.
        gender: 'female', 'male' or 'uncertain'; empty without an age.
        note: why there is no age (yet), a sentence; empty where there is one.
    """

    box_xyxy: tuple[float, float, float, float]
    number: int | None = None
    age_years: float | None = None
    age_low: float | None = None
    age_high: float | None = None
    p_female: float | None = None
    gender: str = ""
    note: str = ""


class LiveSession:
    """Follows the faces of one camera; one thread at a time may use it."""

    def __init__(self, calibration: Calibration) -> None:
        """Begin with nobody in view.

        Args:
            calibration: of the model that the looks are from.
        """
        self._calibration = calibration
        self._tracker = Tracker(SETTINGS)
        self._numbers = itertools.count(1)
        self._known: dict[int, _Shown] = {}
        self._size_px = (0, 0)

    def see(
        self, time_s: float, looks: Sequence[Look], size_px: tuple[int, int]
    ) -> list[LiveFace]:
        """Go on with the looks of a frame.

        Args:
            time_s: of the frame, not before that of the last one.
            looks: at the faces in it.
            size_px: width and height of the frame; where they change, all begins anew.

        Returns:
            The faces in view, from left to right.
        """
        if size_px != self._size_px:
            self._forget(self._tracker.close())
            self._size_px = size_px
        self._forget(self._tracker.update(time_s, looks, size_px))
        faces = [
            self._face(track, time_s)
            for track in self._tracker.open
            if time_s - track.end_s <= SHOWN_ON_S
        ]
        return sorted(faces, key=lambda face: face.box_xyxy[0])

    def _forget(self, ended: Sequence[Track]) -> None:
        for track in ended:
            self._known.pop(track.number, None)

    def _face(self, track: Track, time_s: float) -> LiveFace:
        box = track.last.box_xyxy
        if not is_visit(track, SETTINGS):
            return LiveFace(box, note=LOOKING if track.last.is_sure else DOUBTFUL)
        if track.number not in self._known:
            self._known[track.number] = _Shown(next(self._numbers))
        shown = self._known[track.number]
        visit = visit_of(track, "", self._calibration)
        if visit.reason is not None:
            return LiveFace(box, shown.number, note=visit.reason)
        age, low, high = shown.move(visit, time_s)
        return LiveFace(box, shown.number, age, low, high, visit.p_female, visit.gender)


class _Shown:
    """What is shown of a face."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._years: np.ndarray | None = None
        self._time_s = 0.0

    def move(self, visit: Visit, time_s: float) -> list[float]:
        """Move towards a visit's age; give it with the ends of its interval."""
        wanted = np.array([visit.age_years, visit.age_low, visit.age_high], float)
        if self._years is None:
            self._years = wanted
        most = MOST_YEARS_PER_S * (time_s - self._time_s)
        # alike for all three, so that their order stays
        self._years = np.clip(wanted, self._years - most, self._years + most)
        self._time_s = time_s
        return self._years.round(2).tolist()
