from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from agemodel.core import paths
from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import find_clips
from agemodel.footage.clip_reader import ClipReader, is_container
from tests.harness.made_footage import FPS, together, walk, with_durations, write_blocks

WALK = together(4 * FPS, walk(0, 4 * FPS))
"""Four seconds in which a block walks to the right."""


def reader(path: Path) -> ClipReader:
    (clip,) = find_clips([path]).clips
    return ClipReader(clip)


def times(path: Path, per_s: float) -> list[float]:
    return [round(frame.time_s, 3) for frame in reader(path).frames_at(per_s)]


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv"])
def test_frames_come_at_the_asked_rate_upright_and_in_rgb(
    tmp_path: Path, name: str
) -> None:
    path = write_blocks(tmp_path / name, WALK)
    # of frames at 0, 0.1, 0.2 the first at or after each third of a second
    assert times(path, 3)[:5] == [0, 0.4, 0.7, 1.0, 1.4]
    assert len(times(path, 99)) == 40
    first = next(iter(reader(path).frames_at(3)))
    assert first.rgb.shape == (240, 320, 3)
    assert first.rgb[100, 30].min() > 200 > 80 > first.rgb[100, 200].max()


def test_times_are_those_of_the_timestamps_at_a_variable_frame_rate(
    tmp_path: Path,
) -> None:
    path = write_blocks(tmp_path / "a.mp4", WALK)
    # twenty frames of 0.1 s, then twenty of 0.5 s
    path.write_bytes(with_durations(path.read_bytes(), [(20, 1), (20, 5)]))
    found = times(path, 99)
    assert found[:3] == [0, 0.1, 0.2]
    assert found[20:] == [2 + 0.5 * n for n in range(20)]


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "variable.mp4"])
def test_a_reader_goes_on_with_the_frames_after_another_ones_last(
    tmp_path: Path, name: str
) -> None:
    path = write_blocks(tmp_path / name, together(300, walk(0, 300, step=0)))
    if name.startswith("variable"):
        runs = [(100, 1), (100, 5), (100, 2)]
        path.write_bytes(with_durations(path.read_bytes(), runs))
    first, second = reader(path), reader(path)
    frames = list(first.frames_at(3))
    middle = len(frames) * 2 // 3
    rest = list(second.frames_at(3, frames[middle].point))
    assert [frame.point for frame in rest] == [
        frame.point for frame in frames[middle + 1 :]
    ]
    for frame, same in zip(rest, frames[middle + 1 :], strict=True):
        assert np.array_equal(frame.rgb, same.rgb)
    assert (
        (second.frames, second.read_s)
        == (first.frames, first.read_s)
        == (
            300,
            second.read_s,
        )
    )


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_blocks(tmp_path / "a.avi", WALK)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    cut = reader(path)
    assert 10 < len(list(cut.frames_at(99))) < 30
    assert cut.stated_s == pytest.approx(4.0)
    assert cut.read_s < 3


def sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.zeros(8000, np.int16).tobytes())


def half_an_mp4(path: Path) -> None:
    content = write_blocks(path, WALK).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def playlist(path: Path) -> None:
    path.write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")


MAKERS = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "sound": (sound, "is no video by its content"),
    "text": (lambda path: path.write_text("hello " * 300), "is no video"),
    "playlist": (playlist, "are not followed"),
    "half": (half_an_mp4, "cannot be read as a video"),
    "no frames": (lambda path: write_blocks(path, []), "cannot be read as a video"),
    "noise": (
        lambda path: path.write_bytes(b"\0\0\0\x20ftypisom" + b"\x5a" * 5000),
        "cannot be read as a video",
    ),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_no_readable_video_is_refused_by_a_sentence(
    tmp_path: Path, kind: str
) -> None:
    make, said = MAKERS[kind]
    make(tmp_path / "clip.mp4")
    with pytest.raises(FootageError, match=said) as error:
        list(reader(tmp_path / "clip.mp4").frames_at(3))
    assert "clip.mp4" in str(error.value)


def test_damaged_files_print_nothing_of_their_own(tmp_path: Path) -> None:
    half_an_mp4(tmp_path / "a.mp4")
    path = write_blocks(tmp_path / "b.avi", WALK)
    path.write_bytes(path.read_bytes()[:30_000])
    code = (
        "import sys\n"
        "from agemodel.core.errors import FootageError\n"
        "from agemodel.footage.clip_files import find_clips\n"
        "from agemodel.footage.clip_reader import ClipReader\n"
        "for clip in find_clips(sys.argv[1:]).clips:\n"
        "    try:\n"
        "        print(len(list(ClipReader(clip).frames_at(99))))\n"
        "    except FootageError:\n"
        "        print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.mp4"), str(path)],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.split()[0] == "refused"
    assert int(done.stdout.split()[1]) > 0


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (b"\0\0\0\x18ftypmp42", True),
        (b"\x1a\x45\xdf\xa3" + b"\0" * 40, True),
        (b"RIFF\0\0\0\0AVI LIST", True),
        (b"RIFF\0\0\0\0WAVEfmt ", False),
        ((b"\x47" + b"\0" * 187) * 5, True),
        (b"G" * 3 + b"IF89a" + b"\0" * 800, False),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", False),
        (b"ffconcat version 1.0\nfile http://127.0.0.1/a\n", False),
        (b"<?xml version='1.0'?><MPD>", False),
        (b"", False),
    ],
)
def test_containers_are_told_by_their_first_bytes(head: bytes, known: bool) -> None:
    assert is_container(head) is known
