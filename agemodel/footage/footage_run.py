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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agemodel.core.errors import FootageError
from agemodel.core.file_locks import lock_or_raise
from agemodel.core.files import sweep, write_whole, writing
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_parts import PARTS, ClipParts, place_of
from agemodel.footage.clip_results import ClipCounts, ClipResult
from agemodel.footage.clip_visits import read_visits
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.footage_tables import (
    slots_csv,
    visit_records,
    visits_csv,
    visits_parquet,
)
from agemodel.footage.looks import FindsLooks, LookFinder
from agemodel.footage.run_progress import OnRunProgress, Telling
from agemodel.footage.same_person import KnownPeople
from agemodel.footage.slots import Slot, sum_up
from agemodel.footage.stretches import clip_times, start_in_name
from agemodel.serving import Estimator

RUN, VISITS, VISITS_CSV, SLOTS = (
    "_run.json",
    "visits.parquet",
    "visits.csv",
    "slots.csv",
)
LOCK = ".footage.lock"

_WRITTEN_EVERY_S = 3600.0
"""Of footage: then the results so far are written, when a clip ends."""


@dataclass(frozen=True)
class FootageResult:
    """What a run found so far.

    Attributes:
        counts: of each clip that is done, in order.
        records: a record a visit.
        whole: all of the time.
        slots: its stretches.
        same_person: whether who came back was counted once.
    """

    counts: tuple[ClipCounts, ...]
    records: tuple[dict[str, Any], ...]
    whole: Slot
    slots: tuple[Slot, ...]
    same_person: bool


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
        told = Telling(clips, on_progress)
        people = KnownPeople() if self._settings.same_person else None
        unwritten_s = 0.0
        for clip in clips:
            told.begin(clip)
            result = self._found_in(clip, told, people)
            done.append(result)
            self.done = (len(done), len(clips))
            told.end(result)
            unwritten_s += result.counts.read_s
            if unwritten_s >= _WRITTEN_EVERY_S and len(done) < len(clips):
                self.write(clips, done)
                unwritten_s = 0.0

    def _found_in(
        self, clip: Clip, told: Telling, people: KnownPeople | None
    ) -> ClipResult:
        """What is kept of a clip, or else what is found in it, which is kept then.

        Who was in parts of an earlier run is not known any more: with `people` none is
        used. What could not be opened is not kept: it may be whole the next time.
        """
        how = (self._find_looks, self._settings, self._calibration, told.on_frame)
        if people:
            return read_visits(clip, *how, people=people)
        part, so_far = self.parts.whole(clip), self.parts.so_far(clip)
        result = part.read()
        if result is None:
            result = read_visits(clip, *how, so_far)
            if result.counts.frames:
                part.write(result)
        so_far.delete()
        return result

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
        return FootageResult(
            counts=tuple(result.counts for result in done),
            records=tuple(visit_records(done, times)),
            whole=whole,
            slots=tuple(slots),
            same_person=self._settings.same_person,
        )

    def _record(self, clips: Sequence[Clip], result: FootageResult) -> dict[str, Any]:
        return {
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "settings": asdict(self._settings),
            "start": self._start.isoformat() if self._start else None,
            "model": {"name": self._card.name, "sha256": self._card.sha256},
            "has_intervals": self._card.shares is not None,
            "clips": len(clips),
            "clips_done": len(result.counts),
            "clips_waiting": [clip.name for clip in clips[len(result.counts) :]],
            "counts": [asdict(counts) for counts in result.counts],
            "whole": asdict(result.whole),
            "slots": [asdict(slot) for slot in result.slots],
        }


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
