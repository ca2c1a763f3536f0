"""Who comes by a camera, for hours: its time in stretches, each as a clip of footage.

::

    <out>/entrance_2026-11-27/   a folder a day, as a run over footage leaves it

A stretch ends after ten minutes, once nobody is in view, and its results are written. A
lost camera ends it, too; what is lost until it is back is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from agemodel.core.errors import FootageError
from agemodel.core.words import counted
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_results import ClipCounts, ClipResult
from agemodel.footage.clip_visits import AtFrame, visits_of_frames
from agemodel.footage.footage_run import RUN, FootageRun
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import FindsLooks, LookFinder
from agemodel.footage.saved_run import read_saved
from agemodel.live.camera_list import Camera
from agemodel.live.camera_reader import CameraReader, open_camera
from agemodel.serving import Estimator

STRETCH_S, MOST_STRETCH_S = 600.0, 900.0
"""From then on a stretch ends once nobody is in view; and in any case."""

FIRST_WAIT_S, MOST_WAIT_S = 1.0, 30.0
"""Between two attempts to open a camera: twice as long each time."""

OnNews = Callable[[str], None]


class CameraRun:
    """Watches one camera and writes who came."""

    def __init__(
        self,
        camera: Camera,
        out: Path,
        estimator: Estimator,
        settings: FootageSettings,
        find_looks: FindsLooks | None = None,
        open_capture: Callable[[Camera], Any] = open_camera,
        wait: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """Nothing is opened or written yet.

        Args:
            camera: to watch.
            out: the folder for the folders of the days.
            estimator: its model tells the ages.
            settings: of looking and summing up.
            find_looks: finds the faces of a frame; the estimator unless given.
            open_capture: opens the camera.
            wait: for so many seconds, or until the run is to be over.
            clock: seconds, which never run backwards.
            now: the time of the day.
        """
        self._camera, self._out = camera, out
        self._estimator, self._settings = estimator, settings
        self._find_looks = find_looks or LookFinder(estimator, settings)
        self._open, self._wait = open_capture, wait
        self._clock, self._now = clock, now
        self._day: _Day | None = None
        self._lost: tuple[_Day, float] | None = None

    def run(self, is_over: Callable[[], bool], on_news: OnNews) -> None:
        """Watch until it is over; a camera that is lost is opened again and again.

        Args:
            is_over: asked after every frame and every attempt.
            on_news: called with a sentence when the camera is lost, and when results
                were written.

        Raises:
            FootageError: the results cannot be written.
            ConfigError: the camera's user or password is not in the environment.
        """
        wait_s = FIRST_WAIT_S
        while not is_over():
            try:
                capture = self._open(self._camera)
            except FootageError as error:
                problem = str(error)
            else:
                last = self._watch(capture, is_over, on_news)
                problem = last.problem
                wait_s = FIRST_WAIT_S if last.frames else wait_s
            if not is_over():
                on_news(f"{problem} Trying again in {wait_s:.0f} s.")
                self._wait(wait_s)
                wait_s = min(2 * wait_s, MOST_WAIT_S)

    def _watch(
        self, capture: Any, is_over: Callable[[], bool], on_news: OnNews
    ) -> ClipCounts:
        """Watch until the camera is lost or all is over; the last stretch's counts."""
        counts = ClipCounts(self._camera.name)
        try:
            while not is_over() and not counts.problem:
                counts = self._stretch(capture, is_over)
                if counts.frames:
                    on_news(_said(counts))
        finally:
            capture.release()
        return counts

    def _stretch(self, capture: Any, is_over: Callable[[], bool]) -> ClipCounts:
        """Watch a stretch, and write it if there was anything to see."""
        start, start_s = self._now(), self._clock()
        day = self._day_of(start)
        clip = day.clip(f"{self._camera.name}_{start:%Y%m%d_%H%M%S}")
        reader = CameraReader(self._camera.name, capture, self._clock)

        def on_frame(at: AtFrame) -> None:
            self._count_gap(start_s)
            time_s = at.frame.time_s
            is_due = time_s >= STRETCH_S or self._now().date() != start.date()
            if is_over() or (is_due and not at.faces) or time_s >= MOST_STRETCH_S:
                reader.end()

        result = visits_of_frames(
            clip.name,
            reader,
            self._find_looks,
            self._settings,
            self._estimator.calibration,
            on_frame,
        )
        if reader.frames:
            day.keep(clip, result)
            self._lost = (day, self._clock()) if reader.is_lost else None
        return result.counts

    def _day_of(self, time_of_day: datetime) -> _Day:
        folder = self._out / f"{self._camera.name}_{time_of_day:%Y-%m-%d}"
        if self._day is None or self._day.folder != folder:
            run = FootageRun(
                folder, self._estimator, self._settings, find_looks=self._find_looks
            )
            self._day = _Day(folder, run)
        return self._day

    def _count_gap(self, back_s: float) -> None:
        """Add the time without the camera to the stretch before it, once it is back."""
        if self._lost:
            day, lost_s = self._lost
            day.add_gap(back_s - lost_s)
            self._lost = None


def _said(counts: ClipCounts) -> str:
    return (
        f"{counted(counts.visits, 'visit')} in {counts.read_s:,.0f} s, written to "
        f"{Path(counts.clip).parent}."
    )


class _Day:
    """The stretches of one day, those before a restart included."""

    def __init__(self, folder: Path, run: FootageRun) -> None:
        self.folder, self._run = folder, run
        self._clips: list[Clip] = []
        self._results: list[ClipResult] = []
        if not (folder / RUN).exists():
            return
        for counts in read_saved(folder).counts:
            clip = self.clip(Path(counts.clip).name)
            result = run.parts.whole(clip).read()
            if result is None:
                raise FootageError(
                    f"{folder} holds results of other settings or of another model: "
                    "expected those of now. Choose another --out."
                )
            self._clips.append(clip)
            self._results.append(result)

    def clip(self, name: str) -> Clip:
        """A stretch as a clip; its name holds the time when it began."""
        return Clip(self.folder / name, 0, 0)

    def keep(self, clip: Clip, result: ClipResult) -> None:
        self._clips.append(clip)
        self._results.append(result)
        self._write()

    def add_gap(self, seconds: float) -> None:
        last = self._results[-1]
        counts = replace(last.counts, unread_s=round(seconds, 3))
        self._results[-1] = replace(last, counts=counts)
        self._write()

    def _write(self) -> None:
        with self._run.held():
            self._run.parts.whole(self._clips[-1]).write(self._results[-1])
            self._run.write(self._clips, self._results)
