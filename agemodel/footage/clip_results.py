"""What was found in a clip: all of it, or up to a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agemodel.footage.clip_reader import ReadPoint
from agemodel.footage.visit import Visit


@dataclass(frozen=True)
class ClipCounts:
    """What was looked at in a clip, and what was not.

    Attributes:
        clip: its name.
        read_s: seconds that were read.
        unread_s: seconds that the file states beyond those; of a camera, how long it
            was away afterwards.
        frames: how many were read.
        frames_looked_at: in how many faces were searched.
        frames_damaged: how many that were due could not be decoded.
        looks: faces seen in them, each once a frame.
        visits: how many.
        without_age: of them without an age.
        brief: faces that were seen too seldom, or too unsurely, for a visit.
        returns: stays of who had been counted before, with `same_person`.
        problem: why it was not read to its end, a sentence; empty where it was.
    """

    clip: str
    read_s: float = 0.0
    unread_s: float = 0.0
    frames: int = 0
    frames_looked_at: int = 0
    frames_damaged: int = 0
    looks: int = 0
    visits: int = 0
    without_age: int = 0
    brief: int = 0
    returns: int = 0
    problem: str = ""


@dataclass(frozen=True)
class ClipResult:
    """The counts and the visits of one clip."""

    counts: ClipCounts
    visits: tuple[Visit, ...]


@dataclass(frozen=True)
class SoFar:
    """What was found in a clip up to a point, for a run that goes on there.

    Attributes:
        point: how far it is read.
        tracker: who is in view, as `Tracker.as_values` gives it: no embedding.
        visits: that have ended.
        brief: see `ClipCounts`.
        looks: likewise.
        frames: looked at.
    """

    point: ReadPoint
    tracker: dict[str, Any]
    visits: tuple[Visit, ...]
    brief: int
    looks: int
    frames: int
