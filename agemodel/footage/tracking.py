"""Following faces from frame to frame: tracks.

A look belongs to the track whose place, size and embedding are most like its own. The
embedding serves only while the person is in view, and is forgotten with the track:
nobody is recognised who comes back.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from agemodel.footage.assignment import cheapest_pairs
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import Look

_NEAR = 0.8
"""How far a face may be from where it was expected, in its own sides, at once."""

_NEW_PER_S, _KNOWN_PER_S, _PLACE_ALONE_PER_S = 6.0, 5.0, 3.0
"""How much farther for each second since it was seen: a face of one look, of more, and
where there is no embedding to tell people apart. Walking moves a face by some seven of
its sides a second. All this was chosen on made scenes (docs/benchmarks.md)."""

_MOST_S = 1.0
"""From then on the expected place grows no wider."""

_MOST_GROWTH = 0.7
"""Of the logarithm of the size."""

_UNLIKE, _UNLIKE_LATER, _LATER_S = 0.6, 0.3, 0.5
"""Distance of two embeddings from which on it is somebody else: from one look to the
next, and after a longer time. Of two looks at one walking face it is 0.01 to 0.05, of
strangers of about one age and gender 0.4 (median)."""

_USUAL_UNLIKE = 0.15

_EDGE = 0.15
"""How far outside of the picture the middle of a face is expected, in its sides, that
has left by its edge."""

_REFUSED = 1e3
_MEMORY = 0.7
_STEADY = 0.5


class Track:
    """One face, followed.

    Attributes:
        number: of it in its clip, from 1 on.
        start_s: when it was first seen.
        end_s: when it was last seen.
        looks: how many frames show it.
        sure_looks: how many of them show a face beyond doubt.
        reasons: of looks without an age, how often each was the reason.
    """

    def __init__(self, number: int, look: Look, most_looks: int) -> None:
        self.number = number
        self.start_s = self.end_s = look.time_s
        self.looks = self.sure_looks = 0
        self.reasons: Counter[str] = Counter()
        self.last = look
        self._speed = np.zeros(2)
        self._embedding = look.embedding
        self._best: list[tuple[float, int, Look]] = []
        self._most = most_looks
        self._count(look)

    @property
    def best_looks(self) -> list[Look]:
        """Its good looks, the best first, no more than are asked for."""
        return [look for _, _, look in sorted(self._best, reverse=True)]

    @property
    def embedding(self) -> np.ndarray | None:
        """The mean of its looks' embeddings, of length 1; None where there is none."""
        return self._embedding

    def take(self, look: Look) -> None:
        """Go on with a look."""
        passed = look.time_s - self.end_s
        if passed > 0:
            moved = (look.centre_xy - self.last.centre_xy) / passed
            self._speed = _STEADY * self._speed + (1 - _STEADY) * moved
        if self._embedding is None:
            self._embedding = look.embedding
        elif look.embedding is not None:
            mixed = _MEMORY * self._embedding + (1 - _MEMORY) * look.embedding
            self._embedding = mixed / max(float(np.linalg.norm(mixed)), 1e-6)
        self.last, self.end_s = look, look.time_s
        self._count(look)

    def cost(self, look: Look) -> float:
        """How unlike a look is to what is expected: 0 to 6, or far more if refused."""
        passed = min(look.time_s - self.end_s, _MOST_S)
        size = np.sqrt(look.size_px * self.last.size_px)
        expected = self.expected_xy(look.time_s)
        apart = float(np.linalg.norm(look.centre_xy - expected)) / size
        grown = abs(float(np.log(look.size_px / self.last.size_px)))
        unlike = self._unlike(look)
        most_unlike = _UNLIKE if passed < _LATER_S else _UNLIKE_LATER
        reach = _NEAR + self._reach_per_s(unlike) * passed
        unlike = unlike or 0.0
        if apart > reach or grown > _MOST_GROWTH or unlike > most_unlike:
            return _REFUSED
        return apart / reach + grown / _MOST_GROWTH + unlike / _USUAL_UNLIKE

    def expected_xy(self, time_s: float) -> np.ndarray:
        """Where its middle is expected, px of the frame, shape (2,)."""
        passed = min(time_s - self.end_s, _MOST_S)
        return self.last.centre_xy + self._speed * passed

    def as_values(self) -> dict[str, Any]:
        """All of it but the embeddings, as JSON values."""
        return {
            "number": self.number,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "looks": self.looks,
            "sure_looks": self.sure_looks,
            "reasons": dict(self.reasons),
            "last": self.last.as_values(),
            "speed": self._speed.tolist(),
            "best": [[rank, n, look.as_values()] for rank, n, look in self._best],
        }

    @classmethod
    def from_values(cls, values: dict[str, Any], most_looks: int) -> Track:
        """A track from what `as_values` gave."""
        track = cls(values["number"], Look.from_values(values["last"]), most_looks)
        track.start_s, track.end_s = values["start_s"], values["end_s"]
        track.looks, track.sure_looks = values["looks"], values["sure_looks"]
        track.reasons = Counter(values["reasons"])
        track._speed = np.array(values["speed"])
        track._best = [(r, n, Look.from_values(look)) for r, n, look in values["best"]]
        return track

    def _unlike(self, look: Look) -> float | None:
        """Distance of the embeddings, 0..2; None where there are none."""
        if look.embedding is None or self._embedding is None:
            return None
        return 1.0 - float(look.embedding @ self._embedding)

    def _reach_per_s(self, unlike: float | None) -> float:
        if unlike is None:
            return _PLACE_ALONE_PER_S if self.looks > 1 else _NEW_PER_S
        return _KNOWN_PER_S if self.looks > 1 else _NEW_PER_S

    def _count(self, look: Look) -> None:
        self.looks += 1
        self.sure_looks += look.is_sure
        if look.reason:
            self.reasons[look.reason.partition(",")[0]] += 1
        if look.is_good:
            heapq.heappush(self._best, (look.rank, -self.looks, look))
            if len(self._best) > self._most:
                heapq.heappop(self._best)


class Tracker:
    """Follows the faces of one clip."""

    def __init__(self, settings: FootageSettings) -> None:
        """Begin without tracks."""
        self._settings = settings
        self._last_number = 0
        self.open: list[Track] = []

    def update(
        self, time_s: float, looks: Sequence[Look], size_px: tuple[int, int]
    ) -> list[Track]:
        """Go on with the looks of a frame.

        Args:
            time_s: of the frame, not before that of the last one.
            looks: of the frame.
            size_px: width and height of the frame.

        Returns:
            The tracks that have ended since.
        """
        ended = [track for track in self.open if self._has_left(track, time_s, size_px)]
        self.open = [track for track in self.open if track not in ended]
        left = set(range(len(looks)))
        for track, place in self._matches(looks):
            track.take(looks[place])
            left.discard(place)
        for place in sorted(left):
            self._last_number += 1
            track = Track(self._last_number, looks[place], self._settings.most_looks)
            self.open.append(track)
        return ended

    def close(self) -> list[Track]:
        """End all tracks, as a cut or the clip's end does."""
        ended, self.open = self.open, []
        return ended

    def as_values(self) -> dict[str, Any]:
        """All of it but the embeddings, as JSON values."""
        tracks = [track.as_values() for track in self.open]
        return {"last_number": self._last_number, "open": tracks}

    @classmethod
    def from_values(cls, values: dict[str, Any], settings: FootageSettings) -> Tracker:
        """A tracker from what `as_values` gave; place alone tells its next looks."""
        tracker = cls(settings)
        tracker._last_number = values["last_number"]
        tracker.open = [
            Track.from_values(each, settings.most_looks) for each in values["open"]
        ]
        return tracker

    def _has_left(self, track: Track, time_s: float, size_px: tuple[int, int]) -> bool:
        """Whether a face is away for too long, or has walked out of the picture."""
        if time_s - track.end_s > self._settings.gap_s:
            return True
        beyond = _EDGE * track.last.size_px
        place = track.expected_xy(time_s)
        return bool((place < -beyond).any() or (place > np.add(size_px, beyond)).any())

    def _matches(self, looks: Sequence[Look]) -> list[tuple[Track, int]]:
        if not self.open or not looks:
            return []
        costs = np.array([[track.cost(look) for look in looks] for track in self.open])
        return [
            (self.open[row], column)
            for row, column in cheapest_pairs(costs)
            if costs[row, column] < _REFUSED
        ]
