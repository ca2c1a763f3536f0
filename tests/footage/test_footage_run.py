from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agemodel.core.errors import FootageError
from agemodel.core.file_locks import try_lock
from agemodel.core.tables import read_parquet
from agemodel.footage import clip_visits, footage_run
from agemodel.footage.clip_parts import PARTS
from agemodel.footage.footage_run import LOCK
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.footage_tables import VISIT_SCHEMA
from agemodel.footage.footage_words import lines_of
from agemodel.footage.looks import Look, LookFinder
from agemodel.footage.run_progress import Progress
from agemodel.footage.tracking import Tracker
from agemodel.images import read_image
from agemodel.serving import Estimator
from tests.harness.footage_runs import BLOCKS, look_at_blocks, written
from tests.harness.made_camera import camera_frames
from tests.harness.made_footage import (
    FPS,
    BlockFinder,
    together,
    walk,
    with_durations,
    write_blocks,
)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Three clips of four seconds: two people, one, and none."""
    folder = tmp_path / "clips"
    folder.mkdir()
    everywhere = walk(0, 30), walk(5, 30, y=160)
    for number, walks in enumerate((everywhere, everywhere[:1], ())):
        path = folder / f"cam_20261127_09{number}000.avi"
        write_blocks(path, together(4 * FPS, *walks))
    return folder


def test_a_run_finds_the_visits_of_every_clip_and_writes_them(
    clips: Path, tmp_path: Path
) -> None:
    result = look_at_blocks(clips, tmp_path / "out")
    assert [counts.visits for counts in result.counts] == [2, 1, 0]
    table = VISIT_SCHEMA.of(read_parquet(tmp_path / "out" / "visits.parquet"))
    rows = table.to_pylist()
    assert [row["visit"] for row in rows] == [1, 2, 3]
    assert [row["start"] for row in rows] == [
        "2026-11-27T09:00:00",
        "2026-11-27T09:00:00",
        "2026-11-27T09:10:00",
    ]
    # the first walks from 0 to 2.9 s; looks at 0, 0.4, 0.7, 1.0 ... 2.7
    assert (rows[0]["start_s"], rows[0]["end_s"], rows[0]["looks"]) == (0, 2.7, 9)
    assert (rows[0]["age_years"], rows[0]["gender"]) == (30.0, "uncertain")
    (slot,) = result.slots
    assert (slot.visits, slot.minutes) == (3, pytest.approx(11.7 / 60, abs=0.01))


def test_a_stopped_run_keeps_what_is_done_and_ends_as_an_unbroken_one(
    clips: Path, tmp_path: Path
) -> None:
    look_at_blocks(clips, tmp_path / "whole")
    first, second = BlockFinder(), BlockFinder()

    def stop_in_the_second_clip(progress: Progress) -> None:
        if progress.clips_done == 1 and progress.at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look_at_blocks(
            clips, tmp_path / "out", first, on_progress=stop_in_the_second_clip
        )
    record = json.loads((tmp_path / "out" / "_run.json").read_text())
    assert (record["clips_done"], record["clips"]) == (1, 3)
    assert len(record["clips_waiting"]) == 2
    assert read_parquet(tmp_path / "out" / "visits.parquet").num_rows == 2
    result = look_at_blocks(clips, tmp_path / "out", second)
    assert len(result.counts) == 3
    assert second.frames == 24  # the twelve looks of each of the other two clips
    assert written(tmp_path / "out") == written(tmp_path / "whole")


def test_results_so_far_are_written_while_a_run_goes_on(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footage_run, "_WRITTEN_EVERY_S", 6.0)  # clips of four seconds
    out, seen = tmp_path / "out", []

    def look(progress: Progress) -> None:
        if (out / "_run.json").exists():
            record = json.loads((out / "_run.json").read_text())
            seen.append((progress.clips_done, record["clips_done"]))

    look_at_blocks(clips, out, on_progress=look)
    assert set(seen) == {(2, 2), (3, 2)}
    assert json.loads((out / "_run.json").read_text())["clips_done"] == 3


class NamedBlocks(BlockFinder):
    """Blocks with embeddings: of each place in the picture another."""

    def __call__(self, rgb: np.ndarray, time_s: float) -> list[Look]:
        looks = super().__call__(rgb, time_s)
        people = np.eye(64, dtype=np.float32)
        return [
            replace(look, embedding=people[int(look.centre_xy[1]) // 60])
            for look in looks
        ]


def long_clip(folder: Path, name: str) -> Path:
    """Twenty seconds, or more at a variable rate, in which people come and go."""
    folder.mkdir()
    path = folder / name
    walks = walk(0, 70), walk(35, 70, y=160), walk(90, 105, y=20, step=2)
    write_blocks(path, together(200, *walks))
    if path.suffix == ".mp4":
        content = path.read_bytes()
        path.write_bytes(with_durations(content, [(80, 1), (40, 3), (80, 1)]))
    return folder


@pytest.mark.parametrize("name", ["long.avi", "long.mp4"])
def test_a_long_clip_goes_on_after_its_last_part_with_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(clip_visits, "KEPT_EVERY_S", 3.0)
    clips, out = long_clip(tmp_path / "clips", name), tmp_path / "out"
    whole = NamedBlocks()
    assert len(look_at_blocks(clips, tmp_path / "whole", whole).records) == 3
    looked_at = []
    for stop_after in (5, 11, 3, 14, 30, None):  # frames of each attempt
        finder, seen = NamedBlocks(), []

        def stop(progress: Progress, seen=seen, stop_after=stop_after) -> None:
            seen.append(progress)
            if len(seen) == stop_after:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            look_at_blocks(clips, out, finder, on_progress=stop)
        parts = list((out / PARTS).glob("*so-far*"))
        assert all("embedding" not in part.read_text() for part in parts)
        looked_at.append(finder.frames)
    assert written(out) == written(tmp_path / "whole")
    # three looks a second: no more than three seconds and a look are lost at a stop
    assert sum(looked_at) <= whole.frames + 5 * (3 * 3 + 1)
    assert looked_at[-1] < whole.frames - 30
    assert not list((out / PARTS).glob("*so-far*"))


def test_who_comes_back_is_counted_once_where_that_is_asked_for(
    tmp_path: Path,
) -> None:
    # two clips in which the same two people come, told apart by their rows
    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    walks = walk(0, 30), walk(5, 30, y=160)
    for name in "ab":
        write_blocks(clips / f"{name}.avi", together(4 * FPS, *walks))
    once = replace(BLOCKS, same_person=True)
    result = look_at_blocks(clips, out, NamedBlocks(), once)
    assert [(c.visits, c.returns) for c in result.counts] == [(2, 0), (0, 2)]
    assert "2 stays of who was counted before." in lines_of(result)
    assert not (out / PARTS).exists()
    again = NamedBlocks()
    assert look_at_blocks(clips, out, again, once).records == result.records
    assert again.frames == 24  # both clips are looked at anew
    assert len(look_at_blocks(clips, tmp_path / "each", NamedBlocks()).records) == 4


def test_what_is_kept_of_a_real_face_is_read_back_as_it_was(tmp_path: Path) -> None:
    estimator = Estimator.load(workers=1)
    settings = FootageSettings()
    frame = camera_frames()[0]
    (look,) = LookFinder(estimator, settings)(read_image(frame).rgb, 1.5)
    tracker = Tracker(settings)
    tracker.update(1.5, [look], (640, 480))
    values = json.loads(json.dumps(tracker.as_values()))
    again = Tracker.from_values(values, settings)
    assert again.as_values() == tracker.as_values()
    assert look.embedding is not None and again.open[0].last.embedding is None


def test_other_slots_and_bands_need_no_new_look(clips: Path, tmp_path: Path) -> None:
    look_at_blocks(clips, tmp_path / "out")
    again = BlockFinder()
    settings = FootageSettings(
        smallest_face_px=30, least_count=1, slot_s=600, bands="three"
    )
    result = look_at_blocks(clips, tmp_path / "out", again, settings)
    assert again.frames == 0
    assert [slot.visits for slot in result.slots] == [2, 1, 0]
    assert [part.part for part in result.whole.bands] == ["0-19", "20-49", "50+"]


@pytest.mark.parametrize("change", ["part damaged", "clip replaced", "another gap"])
def test_a_clip_is_looked_at_anew_where_what_is_kept_does_not_hold(
    clips: Path, tmp_path: Path, change: str
) -> None:
    look_at_blocks(clips, tmp_path / "out")
    settings, again = BLOCKS, BlockFinder()
    if change == "part damaged":
        part = min((tmp_path / "out" / PARTS).iterdir())
        part.write_text(part.read_text().replace('"visits": ', '"visits":  1', 1))
    elif change == "clip replaced":
        write_blocks(clips / "cam_20261127_090000.avi", together(4 * FPS))
        os.utime(clips / "cam_20261127_090000.avi", (1, 1))
    else:
        settings = FootageSettings(smallest_face_px=30, least_count=1, gap_s=1.0)
    result = look_at_blocks(clips, tmp_path / "out", again, settings)
    assert again.frames == (36 if change == "another gap" else 12)
    visits = 0 if change == "clip replaced" else 2
    assert result.counts[0].visits == visits


def test_clips_that_cannot_be_read_are_counted_and_said(
    clips: Path, tmp_path: Path
) -> None:
    content = (clips / "cam_20261127_090000.avi").read_bytes()
    (clips / "cam_20261127_093000.avi").write_bytes(content[: len(content) // 3])
    (clips / "cam_20261127_094000.avi").write_text("nothing")
    result = look_at_blocks(clips, tmp_path / "out")
    cut, none = result.counts[3:]
    # 4 s are stated, and about a third of them is there
    assert cut.unread_s > 2 and cut.frames_looked_at > 0 and not cut.problem
    assert "no video by its content" in none.problem
    assert len(list((tmp_path / "out" / PARTS).iterdir())) == 4  # it is tried again
    lines = " ".join(lines_of(result))
    assert "1 video not read" in lines
    assert "of the time could not be read" in lines
    assert "comes back is counted again" in lines


def test_a_cut_ends_all_visits(tmp_path: Path) -> None:
    # clips joined without a gap: each ends its visits, though the block stays
    clips = tmp_path / "clips"
    clips.mkdir()
    still = together(20, {n: (100, 80, 40, 40) for n in range(20)})
    for name in "abc":
        write_blocks(clips / f"{name}.avi", still)
    result = look_at_blocks(clips, tmp_path / "out")
    assert len(result.records) == 3
    assert [record["start"] for record in result.records] == [None] * 3


def test_a_folder_of_something_else_is_left_alone(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"mine")
    with pytest.raises(FootageError, match="holds other files"):
        look_at_blocks(clips, tmp_path / "photos")
    with pytest.raises(FootageError, match="is a file"):
        look_at_blocks(clips, tmp_path / "photos" / "a.jpg")
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["a.jpg"]


def test_one_run_at_a_time_writes_to_a_folder(clips: Path, tmp_path: Path) -> None:
    look_at_blocks(clips, tmp_path / "out")
    held = try_lock(tmp_path / "out" / LOCK)
    assert held is not None
    with held, pytest.raises(FootageError, match="Another run writes"):
        look_at_blocks(clips, tmp_path / "out")
