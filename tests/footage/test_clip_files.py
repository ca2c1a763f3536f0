from __future__ import annotations

from pathlib import Path

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
