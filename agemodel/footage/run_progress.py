"""How far a run over clips is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_reader import ClipReader
from agemodel.footage.clip_results import ClipResult
from agemodel.footage.clip_visits import AtFrame


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        clip: the name of the clip at work; empty where none is.
        clips_done: of all clips.
        clips: how many there are.
        done_s: seconds of footage that are done.
        total_s: of how many, as the files state.
        visits: found so far, with those that have not ended.
        at: the frame that was looked at last, with who is in view; None between clips.
    """

    clip: str
    clips_done: int
    clips: int
    done_s: float
    total_s: float
    visits: int
    at: AtFrame | None = None


OnRunProgress = Callable[[Progress], None]


class Telling:
    """Tells how far a run is."""

    def __init__(self, clips: Sequence[Clip], on_progress: OnRunProgress) -> None:
        """Read how long the clips of the run, in order, say they are."""
        self._lengths = [_stated_s(clip) for clip in clips]
        self._on_progress, self._clips = on_progress, len(clips)
        self._done = self._visits = 0
        self._name = ""

    def begin(self, clip: Clip) -> None:
        """A clip begins."""
        self._name = clip.name
        self.on_frame(None)

    def end(self, result: ClipResult) -> None:
        """It has ended."""
        self._visits += len(result.visits)
        self._done += 1
        self.on_frame(None)

    def on_frame(self, at: AtFrame | None) -> None:
        """A frame was looked at; None between clips."""
        done_s = sum(self._lengths[: self._done])
        if at:
            done_s += min(at.frame.time_s, self._lengths[self._done])
        self._on_progress(
            Progress(
                clip=self._name,
                clips_done=self._done,
                clips=self._clips,
                done_s=done_s,
                total_s=sum(self._lengths),
                visits=self._visits + (at.visits if at else 0),
                at=at,
            )
        )


def _stated_s(clip: Clip) -> float:
    """How long a clip says it is; 1 where it cannot be read or does not say."""
    with suppress(FootageError):
        reader = ClipReader(clip)
        reader.close()
        return reader.stated_s or 1.0
    return 1.0
