from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import find_clips
from agemodel.footage.zone_frame import frame_of, with_zone
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
