from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agemodel.footage import sample_clip
from agemodel.footage.clip_files import find_clips
from agemodel.footage.clip_reader import ClipReader


def test_the_sample_is_made_once_and_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_clip, "SECONDS", 4)
    path = sample_clip.write_sample(tmp_path / "made")
    stamp = path.stat().st_mtime_ns
    assert sample_clip.write_sample(tmp_path / "made") == path
    assert path.stat().st_mtime_ns == stamp
    assert [one.name for one in path.parent.iterdir()] == [sample_clip.SAMPLE]
    (clip,) = find_clips([path]).clips
    frames = list(ClipReader(clip).frames_at(1))
    # at first nobody is there, then the first portrait slides in
    assert np.abs(np.diff(frames[0].rgb.astype(int), axis=1)).max() < 12
    assert np.abs(np.diff(frames[3].rgb.astype(int), axis=1)).max() > 60
