"""One clip in, its visits out, with counts of all that was not counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_parts import Part
from agemodel.footage.clip_reader import ClipReader, Frame, FrameReader
from agemodel.footage.clip_results import ClipCounts, ClipResult, SoFar
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import FindsLooks
from agemodel.footage.same_person import KnownPeople
from agemodel.footage.tracking import Track, Tracker
from agemodel.footage.visit import Visit, is_visit, visit_of
from agemodel.metrics.calibration import Calibration

KEPT_EVERY_S = 300.0
"""Of a long clip so much is looked at again at most after a stop."""

_AHEAD = 5
"""So many frames are read before they are looked at."""

_UNREAD_S = 2.0
"""Shorter differences between a file's stated and its read length mean nothing."""


@dataclass(frozen=True)
class FollowedFace:
    """A face that is followed, at a frame.

    Attributes:
        number: of its track, from 1 on in each clip.
        box_xyxy: where it was last seen, px of the frame.
        is_seen: whether that was in this frame.
        is_visit: whether it was seen often enough already to be counted.
    """

    number: int
    box_xyxy: tuple[float, float, float, float]
    is_seen: bool
    is_visit: bool


@dataclass(frozen=True)
class AtFrame:
    """A clip at a frame that was looked at.

    Attributes:
        frame: the frame.
        faces: that are followed.
        visits: found in the clip so far, with those that have not ended.
    """

    frame: Frame
    faces: tuple[FollowedFace, ...]
    visits: int


OnFrame = Callable[[AtFrame], None]
"""Called after each frame that was looked at. To cancel, raise an error in it."""


def read_visits(
    clip: Clip,
    find_looks: FindsLooks,
    settings: FootageSettings,
    calibration: Calibration,
    on_frame: OnFrame | None = None,
    kept: Part[SoFar] | None = None,
    people: KnownPeople | None = None,
) -> ClipResult:
    """Find the visits of a clip; a clip that cannot be read has none, and a problem.

    Args:
        clip: a file.
        find_looks: finds the faces of a frame.
        settings: of the run.
        calibration: of the model.
        on_frame: called after each frame that was looked at.
        kept: where every five minutes of the clip are kept, and gone on after.
        people: of the run so far, whose returns are not counted; None to count all.
    """
    try:
        reader = ClipReader(clip)
    except FootageError as error:
        return ClipResult(ClipCounts(clip.name, problem=str(error)), ())
    with closing(reader):
        reading = _Reading(clip.name, reader, settings, calibration, kept, people)
        return reading.run(find_looks, on_frame)


def visits_of_frames(
    name: str,
    reader: FrameReader,
    find_looks: FindsLooks,
    settings: FootageSettings,
    calibration: Calibration,
    on_frame: OnFrame | None = None,
) -> ClipResult:
    """Find the visits in what a reader gives; see `read_visits`.

    Args:
        name: of the clip, for the results.
        reader: of its frames; a thread of its own reads them.
    """
    return _Reading(name, reader, settings, calibration).run(find_looks, on_frame)


class _Reading:
    def __init__(
        self,
        name: str,
        reader: FrameReader,
        settings: FootageSettings,
        calibration: Calibration,
        kept: Part[SoFar] | None = None,
        people: KnownPeople | None = None,
    ) -> None:
        self._name, self._reader = name, reader
        self._settings, self._calibration = settings, calibration
        self._tracker = Tracker(settings)
        self._visits: list[Visit] = []
        self._brief = self._looks = self._frames = 0
        self._kept, self._kept_s = kept, 0.0
        self._people, self._returns = people, 0

    def run(self, find_looks: FindsLooks, on_frame: OnFrame | None) -> ClipResult:
        problem, frame = "", None
        with closing(self._frames_ahead()) as frames:
            while True:
                try:
                    frame = next(frames, None)
                except FootageError as error:
                    problem = str(error)
                    break
                if frame is None:
                    break
                self._look(frame, find_looks)
                if on_frame:
                    on_frame(self._at(frame))
                self._keep(frame)
        self._end(self._tracker.close())
        return ClipResult(self._counts(problem), tuple(self._visits))

    def _frames_ahead(self) -> Generator[Frame]:
        so_far = self._kept.read() if self._kept else None
        if so_far:
            self._go_on_with(so_far)
        after = so_far.point if so_far else None
        return _read_ahead(self._reader.frames_at(self._settings.looks_per_s, after))

    def _go_on_with(self, so_far: SoFar) -> None:
        self._tracker = Tracker.from_values(so_far.tracker, self._settings)
        self._visits, self._kept_s = list(so_far.visits), so_far.point.time_s
        self._brief, self._looks = so_far.brief, so_far.looks
        self._frames = so_far.frames

    def _keep(self, frame: Frame) -> None:
        """Keep what was found, and go on with just that: as a run would after a stop.

        Embeddings are not kept, so they are forgotten here in an unbroken run, too.
        """
        if frame.point is None or frame.time_s < self._kept_s + KEPT_EVERY_S:
            return
        so_far = SoFar(
            frame.point,
            self._tracker.as_values(),
            tuple(self._visits),
            self._brief,
            self._looks,
            self._frames,
        )
        if self._kept:
            self._kept.write(so_far)
        self._go_on_with(so_far)

    def _at(self, frame: Frame) -> AtFrame:
        faces = [
            FollowedFace(
                track.number,
                track.last.box_xyxy,
                track.end_s == frame.time_s,
                is_visit(track, self._settings),
            )
            for track in self._tracker.open
        ]
        at_work = sum(face.is_visit for face in faces)
        return AtFrame(frame, tuple(faces), len(self._visits) + at_work)

    def _look(self, frame: Frame, find_looks: FindsLooks) -> None:
        self._frames += 1
        if frame.is_cut:
            self._end(self._tracker.close())
        looks = find_looks(frame.rgb, frame.time_s)
        height, width = frame.rgb.shape[:2]
        self._looks += len(looks)
        self._end(self._tracker.update(frame.time_s, looks, (width, height)))

    def _end(self, tracks: list[Track]) -> None:
        for track in tracks:
            if not is_visit(track, self._settings):
                self._brief += 1
            elif self._people and self._people.is_known(track):
                self._returns += 1
            else:
                self._visits.append(visit_of(track, self._name, self._calibration))

    def _counts(self, problem: str) -> ClipCounts:
        reader = self._reader
        self._visits.sort(key=lambda visit: (visit.start_s, visit.end_s))
        unread_s = max(0.0, (reader.stated_s or 0.0) - reader.read_s)
        return ClipCounts(
            clip=self._name,
            read_s=round(reader.read_s, 3),
            unread_s=round(unread_s, 3) if unread_s > _UNREAD_S else 0.0,
            frames=reader.frames,
            frames_looked_at=self._frames,
            frames_damaged=reader.damaged,
            looks=self._looks,
            visits=len(self._visits),
            without_age=sum(visit.reason is not None for visit in self._visits),
            brief=self._brief,
            returns=self._returns,
            problem=problem,
        )


def _read_ahead(frames: Iterator[Frame]) -> Generator[Frame]:
    """Frames in their order, read in a thread, which ends when this is closed.

    An error of the reader is raised after the frames before it.
    """
    thread = ThreadPoolExecutor(1, "frames")
    try:
        waiting = deque(thread.submit(next, frames, None) for _ in range(_AHEAD))
        while (frame := waiting.popleft().result()) is not None:
            waiting.append(thread.submit(next, frames, None))
            yield frame
    finally:
        thread.shutdown(cancel_futures=True)
