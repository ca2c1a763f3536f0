from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import find_clips
from agemodel.footage.clip_reader import Frame
from agemodel.footage.clip_visits import AtFrame, FollowedFace
from agemodel.footage.drawn_frames import frame_of, with_faces, with_zone
from tests.harness.made_footage import FPS, Writer, together, walk, write_blocks


def test_a_frame_of_the_first_seconds_is_shown_small(tmp_path: Path) -> None:
    path = tmp_path / "wide.mp4"
    with Writer(path, (1280, 480), FPS) as writer:
        for n in range(40):  # black for a second and a half
            writer.write(np.full((480, 1280, 3), 0 if n < 15 else 150, np.uint8))
    (clip,) = find_clips([path]).clips
    rgb = frame_of(clip)
    assert rgb.shape == (240, 640, 3)
    assert rgb.mean() == pytest.approx(150, abs=3)


def test_outside_of_the_zone_it_is_darker(tmp_path: Path) -> None:
    rgb = np.full((100, 200, 3), 200, np.uint8)
    shown = with_zone(rgb, (0.25, 0.5, 0.75, 1.0))
    assert (shown[75, 100] == 200).all()
    assert (shown[25, 100] == 80).all() and (shown[75, 10] == 80).all()
    assert (shown[50, 100] != 200).any()  # the line
    assert rgb.min() == 200
    assert with_zone(rgb, (0.5, 0.5, 0.5, 1.0)).shape == rgb.shape


def test_a_clip_that_cannot_be_read_has_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    (clip,) = find_clips([tmp_path / "a.mp4"]).clips
    with pytest.raises(FootageError, match="is no video by its content"):
        frame_of(clip)
    (short,) = find_clips(
        [write_blocks(tmp_path / "b.mp4", together(1, walk(0, 1)))]
    ).clips
    assert frame_of(short).shape == (240, 320, 3)


def test_faces_that_are_seen_have_a_box_and_a_number_once_they_are_visits() -> None:
    rgb = np.full((400, 1280, 3), 100, np.uint8)
    faces = (
        FollowedFace(7, (200.0, 200.0, 400.0, 380.0), is_seen=True, is_visit=True),
        FollowedFace(8, (600.0, 200.0, 800.0, 380.0), is_seen=True, is_visit=False),
        FollowedFace(9, (1000.0, 200.0, 1200.0, 380.0), is_seen=False, is_visit=True),
    )
    shown = with_faces(AtFrame(Frame(0.0, rgb), faces, 0)).astype(int)
    assert shown.shape == (300, 960, 3)  # three quarters of it
    changed = np.abs(shown - 100).max(axis=2) > 50
    # each box is 150 px wide, between rows 150 and 285; a plate is above the first
    plates = [changed[120:145, x : x + 150].any() for x in (150, 450, 750)]
    boxes = [changed[200, x - 5 : x + 5].any() for x in (150, 450, 750)]
    assert (plates, boxes) == ([True, False, False], [True, True, False])
    assert rgb.min() == rgb.max() == 100
