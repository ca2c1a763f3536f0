"""Scenes that are filmed in a test: who is where when, known beforehand.

People walk through, pause, turn away for a while, pass behind a pillar and behind each
other, leave and return; some are too small to be counted. `film` draws a scene into a
clip; `truth_at` says which faces are to be seen at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, px."""

_TURN_S = 0.4
_FACE_HIDDEN, _FACE_SHOWN = 0.5, 0.15
"""Share of a face that something covers from which on nobody can see it, and up to
which anybody can."""

BACK, _FRONTAL = 0.3, 0.95
"""Width of a turning face from which on it is seen, and seen as from the front."""

HEAD_OVAL, CLOTHES_OVAL = (0.0, 0.8, 0.95), (2.3, 1.1, 1.7)
"""What covers who is behind: how far below the face's middle, half the width and half
the height of an ellipse, in sides of the face."""

RATES = (5.0, 8.0, 12.5, 15.0, 25.0, 30.0)


class Seen(Enum):
    """Whether a face is to be seen."""

    YES = "yes"
    PERHAPS = "perhaps"
    NO = "no"


@dataclass(frozen=True)
class Stay:
    """One person's stay."""

    person: int  # number of the person in the scene's people
    start_s: float  # when the person comes
    end_s: float  # when the person has left
    side_px: float  # side of the face at first
    x_from: float  # where the middle of the face is at first
    x_to: float  # where it is at last; the same edge for who turns round
    x_pause: float  # where it pauses
    pause_s: tuple[float, float]  # from when to when; equal where there is no pause
    y: float  # height of the middle
    sway: float  # of it in a second, px
    growth: float  # logarithm of the side's, in a second
    # from when to when the person is turned away; equal for never
    away_s: tuple[float, float]
    mirrored: bool  # whether the picture is

    def place(self, time_s: float) -> tuple[float, float, float]:
        """Middle and side of the face at a time, px."""
        times = (self.start_s, *self.pause_s, self.end_s)
        places = (self.x_from, self.x_pause, self.x_pause, self.x_to)
        passed = time_s - self.start_s
        bob = self.side_px * 0.04 * np.sin(2 * np.pi * 1.8 * passed)
        return (
            float(np.interp(time_s, times, places)),
            self.y + self.sway * passed + float(bob),
            self.side_px * float(np.exp(self.growth * passed)),
        )

    def box(self, time_s: float) -> Box:
        """The face at a time."""
        x, y, side = self.place(time_s)
        return (x - side / 2, y - side / 2, x + side / 2, y + side / 2)

    def squeeze(self, time_s: float) -> float:
        """Width of the face as it turns: 1 towards the camera, 0 turned away."""
        begin, end = self.away_s
        if begin == end:
            return 1.0
        turned = np.interp(
            time_s, (begin - _TURN_S, begin, end, end + _TURN_S), (0, 1, 1, 0)
        )
        return float(np.cos(turned * np.pi / 2))


@dataclass(frozen=True)
class FilmedScene:
    """A scene."""

    seed: int  # of it
    size: tuple[int, int]  # width and height, px
    times_s: tuple[float, ...]  # of the frames
    # runs of frames (how many, of how many frame lengths each)
    frames_of: tuple[tuple[int, float], ...]
    fps: float  # frames a second, of the runs of length 1
    stays: tuple[Stay, ...]  # of all people
    # from where to where something hides what is behind it, px
    pillar: tuple[float, float]
    jpeg_quality: int | None  # of each frame before it is written; None for no JPEG

    def present(self, time_s: float) -> list[int]:
        """The stays of who is there, the farthest first."""
        there = [
            number
            for number, stay in enumerate(self.stays)
            if stay.start_s <= time_s <= stay.end_s
        ]
        return sorted(there, key=lambda number: self.stays[number].place(time_s)[2])

    def truth_at(self, time_s: float) -> dict[int, tuple[Box, Seen]]:
        """The face of each stay that is there, and whether it is to be seen."""
        there = self.present(time_s)
        found = {}
        for rank, number in enumerate(there):
            stay = self.stays[number]
            before = [self.stays[other] for other in there[rank + 1 :]]
            found[number] = (stay.box(time_s), self._seen(stay, time_s, before))
        return found

    def _seen(self, stay: Stay, time_s: float, before: Sequence[Stay]) -> Seen:
        hidden = self._hidden(stay.box(time_s), [one.place(time_s) for one in before])
        turned = stay.squeeze(time_s)
        if hidden >= _FACE_HIDDEN or turned < BACK:
            return Seen.NO
        if hidden > _FACE_SHOWN or turned < _FRONTAL:
            return Seen.PERHAPS
        return Seen.YES

    def _hidden(self, box: Box, before: Sequence[tuple[float, float, float]]) -> float:
        """Share of a face that is outside, behind the pillar, or behind others."""
        x, y = (side.ravel() for side in np.meshgrid(*_grid(box)))
        hidden = (x < 0) | (x > self.size[0]) | (y < 0) | (y > self.size[1])
        hidden |= (self.pillar[0] <= x) & (x <= self.pillar[1])
        for middle_x, middle_y, side in before:
            for down, half_width, half_height in (HEAD_OVAL, CLOTHES_OVAL):
                across = (x - middle_x) / (half_width * side)
                along = (y - middle_y - down * side) / (half_height * side)
                hidden |= across**2 + along**2 <= 1
        return float(hidden.mean())


def _grid(box: Box) -> tuple[np.ndarray, np.ndarray]:
    return np.linspace(box[0], box[2], 9), np.linspace(box[1], box[3], 9)


def planned_scene(
    seed: int,  # it also chooses the frame rate, one in three of them variable
    people: int,  # each is in view once at a time
    *,
    seconds: float = 40.0,
    every_s: float = 1.5,  # somebody comes so often, on average
    size: tuple[int, int] = (960, 540),  # width and height, px
    faces_px: tuple[float, float] = (30.0, 200.0),  # smallest and largest
    unclear_px: tuple[float, float] = (50.0, 72.0),  # no face is so close to the least
    rates: Sequence[float] = RATES,  # frames a second, of which the seed chooses
) -> FilmedScene:
    """Plan a scene."""
    rng = np.random.default_rng(seed)
    fps = float(rng.choice(rates))
    runs = [(max(1, round(seconds * fps)), 1.0)]
    if rng.random() < 1 / 3:
        third = max(1, round(seconds * fps / 4))
        runs = [(third, 1.0), (third // 2, 2.0), (third, 1.0), (third // 3, 3.0)]
    lengths = np.concatenate([np.full(n, times / fps) for n, times in runs])
    times = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    pillar_x = rng.uniform(0.3, 0.7) * size[0]
    pillar = (pillar_x, pillar_x + rng.uniform(0.08, 0.16) * size[0])
    planning = _Planning(rng, size, faces_px, unclear_px, pillar)
    return FilmedScene(
        seed=seed,
        size=size,
        times_s=tuple(times.tolist()),
        frames_of=tuple(runs),
        fps=fps,
        stays=tuple(planning.stays(people, float(times[-1]), every_s)),
        pillar=pillar,
        jpeg_quality=int(rng.integers(45, 85)) if rng.random() < 0.5 else None,
    )


@dataclass
class _Planning:
    rng: np.random.Generator
    size: tuple[int, int]
    faces_px: tuple[float, float]
    unclear_px: tuple[float, float]
    pillar: tuple[float, float]

    def stays(self, people: int, seconds: float, every_s: float) -> list[Stay]:
        """Stays until the end, of the people who are not there at the time."""
        found: list[Stay] = []
        free_s = np.zeros(people)
        start_s = float(self.rng.exponential(every_s))
        while start_s < seconds - 2:
            free = np.flatnonzero(free_s <= start_s)
            if len(free):
                stay = self._stay(int(self.rng.choice(free)), start_s)
                found.append(stay)
                free_s[stay.person] = stay.end_s + 1.0
            start_s += float(self.rng.exponential(every_s))
        return found

    def _stay(self, person: int, start_s: float) -> Stay:
        rng, (width, height) = self.rng, self.size
        side = self._side()
        speed = min(side * rng.uniform(0.8, 5.0), width / 3)
        from_left, returns = rng.random() < 0.5, rng.random() < 0.25
        ends = (-side, width + side) if from_left else (width + side, -side)
        x_pause = self._open_place(side)
        walk_s = abs(x_pause - ends[0]) / speed
        pause_s = float(rng.choice([0.0, rng.uniform(1.5, 6.0)])) + 1.0 * returns
        x_to = ends[0] if returns else ends[1]
        end_s = start_s + walk_s + pause_s + abs(x_to - x_pause) / speed
        stayed = end_s - start_s
        away = start_s + rng.uniform(0.3, 0.6) * stayed
        away_s = away + float(rng.choice([0.0, rng.uniform(0.4, 2.0)], p=[0.6, 0.4]))
        return Stay(
            person=person,
            start_s=start_s,
            end_s=end_s,
            side_px=side,
            x_from=ends[0],
            x_to=x_to,
            x_pause=x_pause,
            pause_s=(start_s + walk_s, start_s + walk_s + pause_s),
            y=float(rng.uniform(0.25, 0.7)) * height,
            sway=float(rng.uniform(-0.15, 0.15)) * height / max(stayed, 5.0),
            growth=float(rng.uniform(-0.1, 0.1)) / max(stayed, 5.0),
            away_s=(away, away_s),
            mirrored=bool(rng.random() < 0.5),
        )

    def _side(self) -> float:
        while True:
            side = float(self.rng.uniform(*self.faces_px))
            if not self.unclear_px[0] < side < self.unclear_px[1]:
                return side

    def _open_place(self, side: float) -> float:
        """Where a face of a size is to be seen whole: beside the pillar."""
        while True:
            x = float(self.rng.uniform(side, self.size[0] - side))
            if not self.pillar[0] - side < x < self.pillar[1] + side:
                return x
