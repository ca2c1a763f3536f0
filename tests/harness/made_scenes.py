"""Made scenes of people who walk through a picture, as looks, with who is who.

No picture is drawn: boxes move as faces do, and embeddings are those of strangers with
noise, so that following can be tested on thousands of looks within a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agemodel.core.tables import read_parquet
from agemodel.footage.assignment import cheapest_pairs
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import Look
from agemodel.footage.tracking import Track, Tracker
from agemodel.footage.visit import is_visit
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.model_folder import ModelFolder
from tests.harness.made_footage import look_at

WIDTH, HEIGHT = 1280, 720


@dataclass(frozen=True)
class Scene:
    """A scene."""

    times_s: list[float]  # of the frames
    looks: list[list[Look]]  # of each frame
    people: list[list[int]]  # of each look in each frame, the number of the person

    def visits(self, least_looks: int) -> int:
        """How many people were seen in so many frames."""
        seen = [person for frame in self.people for person in frame]
        return int((np.bincount(seen, minlength=1) >= least_looks).sum())


def made_scene(
    seed: int,
    embeddings: np.ndarray,  # of strangers, shape (n, 64), of length 1
    *,
    seconds: float = 60.0,
    per_s: float = 3.0,  # looks
    every_s: float = 3.0,  # somebody comes so often, on average
    missed: float = 0.08,  # share of looks in which a face is not found
    noise: float = 0.35,  # length of what is added to an embedding at every look
) -> Scene:
    """A scene in which people cross, pause, hide each other and turn away."""
    rng = np.random.default_rng(seed)
    walkers = [
        _Walker(rng, start_s, embeddings[rng.integers(len(embeddings))])
        for start_s in np.cumsum(rng.exponential(every_s, round(seconds / every_s)))
    ]
    times = [number / per_s for number in range(round(seconds * per_s))]
    looks, people = [], []
    for time_s in times:
        seen = _seen(walkers, time_s, rng, missed)
        looks.append([walkers[n].look(time_s, rng, noise) for n in seen])
        people.append(seen)
    return Scene(times, looks, people)


class _Walker:
    def __init__(
        self, rng: np.random.Generator, start_s: float, embedding: np.ndarray
    ) -> None:
        self.start_s, self._embedding = start_s, embedding
        self.side = rng.uniform(60, 140)
        speed = self.side * rng.uniform(0.8, 6.0) * rng.choice([-1, 1])  # px a second
        self._speed, self._y = speed, rng.uniform(0.2, 0.6) * HEIGHT
        self._sway, self._growth = rng.uniform(-20, 20), rng.uniform(-0.05, 0.05)
        crossing = WIDTH / abs(speed)
        self._pause_at = rng.uniform(0.2, 0.8) * crossing
        self._pause_s = rng.choice([0.0, rng.uniform(2, 10)])
        self.end_s = start_s + crossing + self._pause_s
        self._away_s = self._pause_at + rng.uniform(0, 2)
        self._is_away_for = rng.choice([0.0, rng.uniform(0.3, 1.5)], p=[0.6, 0.4])

    def is_turned_away(self, time_s: float) -> bool:
        passed = time_s - self.start_s
        return self._away_s <= passed < self._away_s + self._is_away_for

    def box(self, time_s: float) -> tuple[float, float, float]:
        """Middle and side at a time."""
        passed = time_s - self.start_s
        paused = np.clip(passed - self._pause_at, 0, self._pause_s)
        walked = self._speed * (passed - paused)
        x = walked if self._speed > 0 else WIDTH + walked
        side = self.side * np.exp(self._growth * passed)
        return x, self._y + self._sway * passed / 5, side

    def look(self, time_s: float, rng: np.random.Generator, noise: float) -> Look:
        x, y, side = self.box(time_s)
        x, y = (place + rng.normal(0, 0.04 * side) for place in (x, y))
        side *= np.exp(rng.normal(0, 0.05))
        added = rng.normal(0, noise / 8, 64)  # of 64 numbers: of length `noise`
        embedding = (self._embedding + added).astype(np.float32)
        embedding /= np.linalg.norm(embedding)
        corner = (round(x - side / 2), round(y - side / 2))
        return look_at((*corner, round(side), round(side)), time_s, embedding=embedding)


def _seen(
    walkers: Sequence[_Walker], time_s: float, rng: np.random.Generator, missed: float
) -> list[int]:
    """Who is seen: the larger of two who overlap is in front."""
    there = [
        (number, *one.box(time_s))
        for number, one in enumerate(walkers)
        if one.start_s <= time_s <= one.end_s and not one.is_turned_away(time_s)
    ]
    there.sort(key=lambda one: -one[3])
    shown: list[tuple[int, float, float, float]] = []
    for one in there:
        hidden = any(
            abs(one[1] - other[1]) < 0.6 * other[3]
            and abs(one[2] - other[2]) < 0.6 * other[3]
            for other in shown
        )
        if not hidden:
            shown.append(one)
    return sorted(one[0] for one in shown if rng.random() >= missed)


@dataclass(frozen=True)
class Followed:
    """What following made of a scene: true visits, counted visits, and IDF1."""

    visits: int
    counted: int
    idf1: float


def measure_following(scene: Scene, settings: FootageSettings) -> Followed:
    """Follow a scene's people."""
    tracker, ended = Tracker(settings), list[Track]()
    number_of: dict[int, int] = {}
    for time_s, looks in zip(scene.times_s, scene.looks, strict=True):
        ended += tracker.update(time_s, looks, (WIDTH, HEIGHT))
        last = {id(track.last): track.number for track in tracker.open}
        number_of |= {id(look): last[id(look)] for look in looks}
    ended += tracker.close()
    visits = {track.number for track in ended if is_visit(track, settings)}
    numbers = [number_of[id(look)] for frame in scene.looks for look in frame]
    people = [person for frame in scene.people for person in frame]
    kept = [number if number in visits else -1 for number in numbers]
    return Followed(scene.visits(settings.least_looks), len(visits), idf1(people, kept))


def stranger_embeddings() -> np.ndarray:
    """Embeddings of the shipped model's training faces, shape (n, 64), of length 1."""
    faces = read_parquet(ModelFolder.named(DEFAULT_MODEL).read_faces(), ["embedding"])
    rows = [np.frombuffer(row, "<f2") for row in faces["embedding"].to_pylist()]
    found = np.array(rows, np.float64)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def idf1(people: Sequence[int], tracks: Sequence[int]) -> float:
    """IDF1 of looks: their people, and their tracks; -1 for those in no visit.

    E. Ristani and others, 'Performance Measures and a Data Set for Multi-Target,
    Multi-Camera Tracking', ECCV workshops 2016: people and tracks are paired so that
    most looks agree; each look that does not is one false and one missed.
    """
    agreed = [pair for pair in zip(people, tracks, strict=True) if pair[1] >= 0]
    return idf1_of(agreed, len(people), len(agreed))


def idf1_of(agreed: Sequence[tuple[int, int]], faces: int, boxes: int) -> float:
    """IDF1 of so many true faces and found boxes.

    `agreed` is person and track wherever a box is at a face.
    """
    if not agreed:
        return 0.0
    people, tracks = zip(*agreed, strict=True)
    _, rows = np.unique(people, return_inverse=True)
    _, columns = np.unique(tracks, return_inverse=True)
    agree = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(agree, (rows, columns), 1)
    right = sum(agree[pair] for pair in cheapest_pairs(-agree))
    return float(2 * right / (faces + boxes))
