from __future__ import annotations

import os
from pathlib import Path

import pytest

from agemodel.footage.clip_files import find_clips


def names(paths: list[Path]) -> list[str]:
    return [clip.path.name for clip in find_clips(paths).clips]


def test_folders_give_their_videos_by_name_and_each_file_once(tmp_path: Path) -> None:
    for name in ("b.MP4", "a.mkv", "deep/c.avi", ".hidden/d.mp4", "._e.mp4", "notes"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a.mkv")
    found = find_clips([tmp_path / "b.MP4", tmp_path])
    assert [clip.path.name for clip in found.clips] == ["b.MP4", "a.mkv", "c.avi"]
    assert (found.problems, found.others) == ((), 1)
    assert names([tmp_path / "notes"]) == ["notes"]


def test_paths_that_lead_to_no_video_have_a_sentence_each(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = find_clips([tmp_path / "empty", tmp_path / "gone.mp4"])
    assert found.clips == ()
    first, second = found.problems
    assert "holds no video" in first and "is not there" in second


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", "/dev/zero", "a" * 5000, "a\0b", "~nobody/x"):
        found = find_clips([path])
        (problem,) = found.problems
        assert "is not there, or no file" in problem and len(problem) < 500
    assert find_clips([tmp_path]).clips == ()


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find_clips([tmp_path])
    assert [clip.path.name for clip in found.clips] == ["a.mp4"]
    (problem,) = found.problems
    assert "closed cannot be read: Permission denied" in problem
