"""A camera that is watched for long, with captures made here."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from agemodel.core.errors import FootageError
from agemodel.footage.clip_reader import Frame
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.saved_run import SavedRun, read_saved, read_visits_table
from agemodel.live import camera_run
from agemodel.live.camera_list import Camera
from agemodel.live.camera_reader import CameraReader
from agemodel.live.camera_run import CameraRun
from tests.harness.made_estimators import CardOnly
from tests.harness.made_footage import BlockFinder

CAMERA = Camera("entrance", usb=0)
SETTINGS = FootageSettings(looks_per_s=30, smallest_face_px=30, least_count=1)
NINE = datetime(2026, 11, 27, 9)


class MadeCapture:
    """Shows a bright block until it is gone."""

    def __init__(self, is_gone: Callable[[], bool]) -> None:
        self._is_gone = is_gone
        self.bgr = np.full((240, 320, 3), 40, np.uint8)
        self.bgr[80:140, 100:160] = 240
        self.is_released = False

    def grab(self) -> bool:
        return not self._is_gone()

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, self.bgr

    def release(self) -> None:
        self.is_released = True


class Place:
    """A camera in a room: what opens, and the clock, which waiting moves on.

    Attributes:
        finder: counts the frames that were looked at.
        opens: what each attempt to open the camera gives, in order: until how many
            looks it shows a picture; 0 where it cannot be opened.
    """

    def __init__(self, out: Path, *opens: int, start: datetime = NINE) -> None:
        self.out, self.opens = out, list(opens)
        self.now = lambda: start + timedelta(seconds=self.clock())
        self.finder = BlockFinder()
        self.captures: list[MadeCapture] = []
        self.news: list[str] = []
        self.waited: list[float] = []
        self._begun_s = time.monotonic()

    def clock(self) -> float:
        return time.monotonic() - self._begun_s + sum(self.waited)

    def open(self, camera: Camera) -> MadeCapture:
        looks = self.opens.pop(0)
        if not looks:
            raise FootageError(f"Camera {camera.name} cannot be opened.")
        self.captures.append(MadeCapture(lambda: self.finder.frames >= looks))
        return self.captures[-1]

    def watch(self, settings: FootageSettings = SETTINGS) -> Place:
        """Watch until nothing is left to open."""
        run = CameraRun(
            CAMERA,
            self.out,
            CardOnly(),
            settings,
            find_looks=self.finder,
            open_capture=self.open,
            wait=self.waited.append,
            clock=self.clock,
            now=self.now,
        )
        run.run(self.is_over, self.news.append)
        return self

    def is_over(self) -> bool:
        gone = not self.captures or not self.captures[-1].grab()
        return not self.opens and gone

    def saved(self, day: str = "2026-11-27") -> SavedRun:
        return read_saved(self.out / f"entrance_{day}")


def test_a_lost_camera_is_opened_again_and_the_gap_is_counted(tmp_path: Path) -> None:
    place = Place(tmp_path, 6, 0, 0, 12).watch()
    first, second = place.saved().counts
    # waited 1, 2 and 4 seconds: the first attempts found nothing
    assert place.waited == [1, 2, 4]
    assert 7 <= first.unread_s < 60
    assert "gave no more pictures" in first.problem
    assert (first.visits, second.visits) == (1, 1)
    assert first.frames_looked_at >= 6
    assert [capture.is_released for capture in place.captures] == [True, True]
    assert any("cannot be opened. Trying again in 2 s." in one for one in place.news)


def test_visits_lie_in_the_slots_of_the_clock(tmp_path: Path) -> None:
    place = Place(tmp_path, 6).watch()
    (slot,) = [slot for slot in place.saved().slots if slot.visits]
    assert (slot.start, slot.visits) == ("2026-11-27T09:00:00", 1)
    visits = read_visits_table(tmp_path / "entrance_2026-11-27")
    assert len(visits) == 1
    assert not list(tmp_path.rglob("*.jpg"))


def test_the_wait_grows_to_half_a_minute_and_no_further(tmp_path: Path) -> None:
    place = Place(tmp_path, *[0] * 8, 3).watch()
    assert place.waited == [1, 2, 4, 8, 16, 30, 30, 30]


def test_after_a_restart_the_day_goes_on(tmp_path: Path) -> None:
    Place(tmp_path, 6).watch()
    place = Place(tmp_path, 6, start=NINE + timedelta(hours=2)).watch()
    saved = place.saved()
    assert [counts.visits for counts in saved.counts] == [1, 1]
    assert [slot.start[11:13] for slot in saved.slots if slot.visits] == ["09", "11"]


def test_other_settings_do_not_overwrite_the_day(tmp_path: Path) -> None:
    Place(tmp_path, 6).watch()
    other = FootageSettings(looks_per_s=20, smallest_face_px=30, least_count=1)
    with pytest.raises(FootageError, match="other settings"):
        Place(tmp_path, 6).watch(other)
    assert len(Place(tmp_path).saved().counts) == 1


def test_a_day_has_a_folder_of_its_own(tmp_path: Path) -> None:
    before = datetime(2026, 11, 27, 23, 59, 30)
    # opened anew after 1 + 2 + 4 + 8 + 16 seconds
    place = Place(tmp_path, 6, *[0] * 4, 12, start=before).watch()
    assert len(place.saved("2026-11-27").counts) == 1
    assert len(place.saved("2026-11-28").counts) == 1


def test_a_stretch_ends_when_it_is_long_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_run, "MOST_STRETCH_S", 0.2)
    ticks = iter(range(10**6))  # stretches are named by the second: one for each
    place = Place(tmp_path, 20)
    place.now = lambda: NINE + timedelta(seconds=next(ticks))
    counts = place.watch().saved().counts
    assert len(counts) >= 2
    assert all(one.problem == "" for one in counts[:-1])


def test_a_reader_gives_the_newest_frame_and_queues_none() -> None:
    class Numbered(MadeCapture):
        number = 0

        def retrieve(self) -> tuple[bool, np.ndarray]:
            self.number += 1
            return True, np.full((2, 2, 3), self.number, np.uint8)

    capture = Numbered(lambda: capture.number >= 5)
    ticks = iter(range(100))
    reader = CameraReader("entrance", capture, lambda: float(next(ticks)))
    frames: list[Frame] = []
    with pytest.raises(FootageError, match="Camera entrance gave no more"):
        for frame in reader.frames_at(10):
            frames.append(frame)
    # whatever was passed over, the last one is seen
    assert frames[-1].rgb.max() == 5
    assert len(frames) <= reader.frames == 5
    assert reader.is_lost
