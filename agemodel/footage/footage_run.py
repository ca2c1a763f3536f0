"""A run over clips: a folder with what was found, which a stopped run completes.

::

    <out>/
        _run.json        settings, model, counts by clip: what was looked at, what not
        visits.parquet   a row a visit
        visits.csv       the same without the distributions
        slots.csv        visits and shares by stretches of time; small counts hidden
        parts/           what was found in each clip, for a run that goes on

No picture and no embedding is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agemodel.core.errors import FootageError
from agemodel.core.file_locks import lock_or_raise
from agemodel.core.files import sweep, write_whole, writing
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_parts import PARTS, ClipParts, place_of
from agemodel.footage.clip_reader import ClipReader
from agemodel.footage.clip_visits import AtFrame, ClipCounts, ClipResult, read_visits
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.footage_tables import (
    slots_csv,
    visit_records,
    visits_csv,
    visits_parquet,
)
from agemodel.footage.looks import FindsLooks, LookFinder
from agemodel.footage.same_person import KnownPeople
from agemodel.footage.slots import Slot, clip_times, sum_up
from agemodel.footage.wall_clock import start_in_name
from agemodel.serving import Estimator

RUN, VISITS, VISITS_CSV, SLOTS = (
    "_run.json",
    "visits.parquet",
    "visits.csv",
    "slots.csv",
)
LOCK = ".footage.lock"


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


@dataclass(frozen=True)
class FootageResult:
    """What a run found so far.

    Attributes:
        clips: of each clip that is done, in order.
        records: a record a visit.
        whole: all of the time.
        slots: its stretches.
        is_whole: whether all clips are done.
        same_person: whether who came back was counted once.
    """

    clips: tuple[ClipResult, ...]
    records: tuple[dict[str, Any], ...]
    whole: Slot
    slots: tuple[Slot, ...]
    is_whole: bool
    same_person: bool = False

    @property
    def counts(self) -> list[ClipCounts]:
        """Of each clip that is done."""
        return [result.counts for result in self.clips]


class FootageRun:
    """A run in its folder.

    Attributes:
        done: how many clips are done, of how many.
        parts: what was found in each clip, kept.
    """

    def __init__(
        self,
        out: Path,
        estimator: Estimator,
        settings: FootageSettings,
        start: datetime | None = None,
        find_looks: FindsLooks | None = None,
    ) -> None:
        """Check the folder; nothing is written yet.

        Args:
            out: the folder; new, empty, or of an earlier run.
            estimator: its model tells the ages.
            settings: of the run.
            start: when the first clip begins by the clock, whatever its name says.
            find_looks: finds the faces of a frame; the estimator unless given.

        Raises:
            FootageError: the folder is of something else.
        """
        _check_folder(out)
        self._out, self._settings, self._start = out, settings, start
        self._card = estimator.card
        self._calibration = estimator.calibration
        self._find_looks = find_looks or LookFinder(estimator, settings)
        self.done = (0, 0)
        self.parts = ClipParts(out, settings.digest(self._card.sha256))

    def run(
        self, clips: Sequence[Clip], on_progress: OnRunProgress | None = None
    ) -> FootageResult:
        """Look at clips, one after the other, and write the results.

        Stopped by an error raised in `on_progress` or by Ctrl-C, it writes what is done
        and raises it again. Clips that were done before are not looked at again.

        Args:
            clips: in the order of time.
            on_progress: called after every frame that was looked at.

        Raises:
            FootageError: the disk refuses the results, or another run is at work there.
        """
        with self.held():
            done: list[ClipResult] = []
            try:
                self._look_at(clips, done, on_progress or (lambda _: None))
            finally:
                result = self.write(clips, done)
        return result

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, and keep others from writing to it until the block ends.

        Raises:
            FootageError: the disk refuses it, or another run is at work there.
        """
        busy = FootageError(
            f"Another run writes to {self._out}. Wait for its end, or choose another "
            "folder."
        )
        with writing("The results", place_of(self._out), FootageError):
            self._out.mkdir(parents=True, exist_ok=True)
            held = lock_or_raise(self._out / LOCK, busy)
        with held:
            for folder in (self._out, self._out / PARTS):
                sweep(folder)
            yield

    def _look_at(
        self,
        clips: Sequence[Clip],
        done: list[ClipResult],
        on_progress: OnRunProgress,
    ) -> None:
        self.done = (0, len(clips))
        told = _Telling(clips, on_progress)
        people = KnownPeople() if self._settings.same_person else None
        for clip in clips:
            told.begin(clip)
            so_far = self.parts.so_far(clip)
            # who was in parts of an earlier run is not known any more: none is used
            result = None if people else self.parts.read(clip)
            if result is None:
                result = read_visits(
                    clip,
                    self._find_looks,
                    self._settings,
                    self._calibration,
                    told.on_frame,
                    None if people else so_far,
                    people,
                )
                # what could not be opened is tried again: it may be whole by then
                if not people and result.counts.frames:
                    self.parts.write(clip, result)
            so_far.delete()
            done.append(result)
            self.done = (len(done), len(clips))
            told.end(result)

    def write(self, clips: Sequence[Clip], done: list[ClipResult]) -> FootageResult:
        """Write the results of clips, of which the first are done.

        Raises:
            FootageError: the disk refuses them.
        """
        result = self._sum_up(clips, done)
        contents = {
            VISITS: visits_parquet(result.records),
            VISITS_CSV: visits_csv(result.records),
            SLOTS: slots_csv(result.whole, result.slots),
            RUN: _json(self._record(clips, result)),
        }
        with writing("The results", place_of(self._out), FootageError):
            for name, content in contents.items():
                write_whole(self._out / name, content)
        return result

    def _sum_up(self, clips: Sequence[Clip], done: list[ClipResult]) -> FootageResult:
        starts = [start_in_name(clip.path.name) for clip in clips[: len(done)]]
        if self._start and starts:
            starts[0] = self._start
        times = clip_times(done, starts)
        whole, slots = sum_up(done, times, self._settings, self._card.shares)
        records = tuple(visit_records(done, times))
        is_whole = len(done) == len(clips)
        return FootageResult(
            tuple(done),
            records,
            whole,
            tuple(slots),
            is_whole,
            self._settings.same_person,
        )

    def _record(self, clips: Sequence[Clip], result: FootageResult) -> dict[str, Any]:
        return {
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": self._settings.as_dict(),
            "start": self._start.isoformat() if self._start else None,
            "model": {"name": self._card.name, "sha256": self._card.sha256},
            "has_intervals": self._card.shares is not None,
            "clips": len(clips),
            "clips_done": len(result.clips),
            "clips_waiting": [clip.name for clip in clips[len(result.clips) :]],
            "counts": [asdict(counts) for counts in result.counts],
            "whole": asdict(result.whole),
            "slots": [asdict(slot) for slot in result.slots],
        }


class _Telling:
    """Tells how far a run is."""

    def __init__(self, clips: Sequence[Clip], on_progress: OnRunProgress) -> None:
        self._lengths = [_stated_s(clip) for clip in clips]
        self._on_progress, self._clips = on_progress, len(clips)
        self._done = self._visits = 0
        self._name = ""

    def begin(self, clip: Clip) -> None:
        self._name = clip.name
        self.on_frame(None)

    def end(self, result: ClipResult) -> None:
        self._visits += len(result.visits)
        self._done += 1
        self.on_frame(None)

    def on_frame(self, at: AtFrame | None) -> None:
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


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise FootageError(f"{out} is a file: expected a folder for the results.")
    known = any((out / name).exists() for name in (LOCK, RUN, PARTS))
    if out.is_dir() and not known and any(out.iterdir()):
        raise FootageError(
            f"{out} holds other files: expected a new folder, an empty one, or one of "
            "an earlier run. Choose another."
        )


def _json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()
