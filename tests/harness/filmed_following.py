"""What following made of a filmed scene, beside what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from agemodel.footage.assignment import cheapest_pairs
from agemodel.footage.clip_files import find_clips
from agemodel.footage.clip_visits import AtFrame, read_visits
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import FindsLooks, Look
from agemodel.metrics.calibration import Calibration
from tests.harness.filmed_scenes import Box, FilmedScene, Seen

_SAME = 0.5
"""Intersection over union from which on a box is that of a face."""

Numbered = list[tuple[int, Box]]
"""The boxes of a frame, each with its track's number."""

Follow = Callable[[Sequence[list[Look]]], list[list[int]]]
"""From the looks of each frame to the number of each look's track; -1 for none."""


@dataclass(frozen=True)
class Followed:
    """What following made of a scene: true visits, counted visits, and IDF1."""

    visits: int
    counted: int
    idf1: float


@dataclass
class Filming:
    """The looks at a clip, and what our own following made of them."""

    # of the frames that were looked at
    times_s: list[float] = field(default_factory=list)
    looks: list[list[Look]] = field(default_factory=list)  # of each of them
    # of each of them: number and box of the tracks that were seen in it
    tracks: list[Numbered] = field(default_factory=list)
    # the numbers of the tracks that are visits
    kept: set[int] = field(default_factory=set)
    counted: int = 0  # how many visits there are


def look_at_clip(
    path: Path,
    find_looks: FindsLooks,
    settings: FootageSettings,
    calibration: Calibration,
) -> Filming:
    """Look at a clip as a run does."""
    filming = Filming()

    def find(rgb: np.ndarray, time_s: float) -> list[Look]:
        looks = find_looks(rgb, time_s)
        filming.looks.append(looks)
        return looks

    def keep(at: AtFrame) -> None:
        seen = [face for face in at.faces if face.is_seen]
        filming.times_s.append(at.frame.time_s)
        filming.tracks.append([(face.number, face.box_xyxy) for face in seen])
        filming.kept.update(face.number for face in seen if face.is_visit)

    (clip,) = find_clips([path]).clips
    result = read_visits(clip, find, settings, calibration, keep)
    filming.counted = len(result.visits)
    return filming


def measure_ours(
    scene: FilmedScene, filming: Filming, settings: FootageSettings
) -> Followed:
    """The visits beside the true ones.

    A true visit is a stay with as many looks at an uncovered face, or at one of which
    less than half is covered, as a visit must have.
    """
    found = [[one for one in row if one[0] in filming.kept] for row in filming.tracks]
    return _measured(scene, filming, found, filming.counted, settings)


def measure_other(
    scene: FilmedScene, filming: Filming, settings: FootageSettings, follow: Follow
) -> Followed:
    """What another way to follow makes of the same looks; visits are told alike."""
    numbers = follow(filming.looks)
    sure: dict[int, int] = {}
    for row, looks in zip(numbers, filming.looks, strict=True):
        for number, look in zip(row, looks, strict=True):
            sure[number] = sure.get(number, 0) + look.is_sure
    kept = {n for n, k in sure.items() if n >= 0 and k >= settings.least_looks}
    found = [
        [(n, look.box_xyxy) for n, look in zip(row, looks, strict=True) if n in kept]
        for row, looks in zip(numbers, filming.looks, strict=True)
    ]
    return _measured(scene, filming, found, len(kept), settings)


def _measured(
    scene: FilmedScene,
    filming: Filming,
    found: list[Numbered],
    counted: int,
    settings: FootageSettings,
) -> Followed:
    truth = [_truth(scene, time_s, settings) for time_s in filming.times_s]
    seen = [number for row in truth for number in row]
    visits = int((np.bincount(seen, minlength=1) >= settings.least_looks).sum())
    return Followed(visits, counted, idf1_of_boxes(truth, found))


def _truth(
    scene: FilmedScene, time_s: float, settings: FootageSettings
) -> dict[int, tuple[Box, bool]]:
    """The faces that may be found in a frame, and whether they must be."""
    return {
        number: (box, seen is Seen.YES)
        for number, (box, seen) in scene.truth_at(time_s).items()
        if seen is not Seen.NO and box[2] - box[0] >= settings.smallest_face_px
    }


def idf1_of_boxes(
    truth: Sequence[dict[int, tuple[Box, bool]]], found: Sequence[Numbered]
) -> float:
    """IDF1 of boxes; a face that need not be found is neither right nor wrong.

    E. Ristani and others, 'Performance Measures and a Data Set for Multi-Target,
    Multi-Camera Tracking', ECCV workshops 2016: people and tracks are paired so that
    most boxes agree; each that does not is one false and one missed.
    """
    agreed: list[tuple[int, int]] = []
    faces = boxes = 0
    for true, row in zip(truth, found, strict=True):
        faces += sum(must for _, must in true.values())
        for number, box in row:
            alike = [n for n, (own, _) in true.items() if overlap(own, box) >= _SAME]
            must = [n for n in alike if true[n][1]]
            boxes += bool(must) or not alike
            agreed += [(person, number) for person in must]
    return _idf1(agreed, faces, boxes)


def _idf1(agreed: Sequence[tuple[int, int]], faces: int, boxes: int) -> float:
    """Of so many faces and boxes; person and track wherever a box is at a face."""
    if not agreed:
        return 0.0
    people, tracks = zip(*agreed, strict=True)
    _, rows = np.unique(people, return_inverse=True)
    _, columns = np.unique(tracks, return_inverse=True)
    agree = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(agree, (rows, columns), 1)
    right = sum(agree[pair] for pair in cheapest_pairs(-agree))
    return float(2 * right / (faces + boxes))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)
