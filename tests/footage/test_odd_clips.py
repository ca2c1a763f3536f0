"""Clips as phones and recorders make them: turned, upright, deep; and false ones."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from agemodel.footage import clip_reader
from agemodel.footage.clip_files import find_clips
from agemodel.footage.clip_reader import ClipReader
from agemodel.footage.clip_results import ClipResult
from agemodel.footage.clip_visits import read_visits
from agemodel.footage.footage_settings import FootageSettings
from tests.harness.made_estimators import CardOnly
from tests.harness.made_footage import (
    FPS,
    BlockFinder,
    together,
    walk,
    with_durations,
    write_blocks,
)

WALK = together(4 * FPS, walk(0, 4 * FPS))
"""Four seconds in which a block walks to the right."""

SETTINGS = FootageSettings(smallest_face_px=30)
QUARTER_TURNS = {
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}
"""The upper left of a display matrix, which turns clockwise by so many degrees."""


def visits_of(path: Path) -> ClipResult:
    (clip,) = find_clips([path]).clips
    return read_visits(clip, BlockFinder(), SETTINGS, CardOnly().calibration)


def first_frame(path: Path) -> np.ndarray:
    (clip,) = find_clips([path]).clips
    return next(iter(ClipReader(clip).frames_at(3))).rgb


def turned(content: bytes, degrees: int) -> bytes:
    """An MP4 whose display matrix turns its pictures clockwise."""
    at = content.index(b"tkhd") + 44
    a, b, c, d = (part << 16 for part in QUARTER_TURNS[degrees])
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return content[:at] + matrix + content[at + len(matrix) :]


@pytest.mark.parametrize("degrees", QUARTER_TURNS)
def test_a_turned_clip_is_read_upright(tmp_path: Path, degrees: int) -> None:
    path = write_blocks(tmp_path / "a.mp4", WALK)
    before = first_frame(path)
    path.write_bytes(turned(path.read_bytes(), degrees))
    after = first_frame(path)
    # OpenCV and FFmpeg round colours alike, whichever way up the picture is
    clockwise = np.rot90(before, -degrees // 90)
    assert after.shape == clockwise.shape
    assert np.abs(after.astype(int) - clockwise).max() <= 2
    assert visits_of(path).counts.visits == 1


def test_a_clip_of_one_frame_has_no_visit_and_no_problem(tmp_path: Path) -> None:
    path = write_blocks(tmp_path / "a.mp4", WALK[:1])
    counts = visits_of(path).counts
    assert (counts.frames, counts.visits, counts.brief) == (1, 0, 1)
    assert counts.problem == ""


def test_a_clip_without_length_has_a_sentence(tmp_path: Path) -> None:
    path = write_blocks(tmp_path / "a.mp4", WALK)
    path.write_bytes(with_durations(path.read_bytes(), [(40, 0)]))
    result = visits_of(path)
    assert result.visits == ()
    assert "has no frame that can be read" in result.counts.problem


def ffmpeg() -> str:
    """FFmpeg's program, of this machine or of the package imageio-ffmpeg."""
    if found := shutil.which("ffmpeg"):
        return found
    return str(pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe())


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("deep.mkv", ["-c:v", "ffv1", "-pix_fmt", "yuv420p10le"]),
        ("deep.mp4", ["-c:v", "libx265", "-pix_fmt", "yuv420p10le"]),
        ("h264.mp4", ["-c:v", "libx264", "-bf", "3", "-g", "250"]),
        ("web.webm", ["-c:v", "libvpx-vp9", "-b:v", "1M"]),
        ("record.ts", ["-c:v", "libx264", "-f", "mpegts"]),
    ],
)
def test_other_codecs_and_ten_bits_are_read(
    tmp_path: Path, name: str, codec: list[str]
) -> None:
    source = write_blocks(tmp_path / "source.avi", WALK)
    command = [ffmpeg(), "-loglevel", "error", "-i", str(source), *codec]
    path = tmp_path / name
    subprocess.run([*command, str(path)], check=True)
    (visit,) = visits_of(path).visits
    assert visit.looks >= 9
    frame = first_frame(path)
    assert frame.dtype == np.uint8
    assert frame[100, 30].min() > 200 > 80 > frame[100, 200].max()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that nobody should connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{url}/a.mp4'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
        'type="static"><Period><AdaptationSet mimeType="video/mp4"><Representation '
        'id="1" bandwidth="1"><BaseURL>{url}/a.mp4</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>",
        "[playlist]\nFile1={url}/a.mp4\n",
    ],
    ids=["hls", "ffconcat", "dash", "pls"],
)
def test_a_playlist_that_is_named_mp4_makes_no_request(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    listening: socket.socket,
    text: str,
    trusted: bool,
) -> None:
    if trusted:  # as if its first bytes were a container's: FFmpeg has to refuse, too
        monkeypatch.setattr(clip_reader, "is_container", lambda head: True)
    port = listening.getsockname()[1]
    path = tmp_path / "a.mp4"
    path.write_text(text.replace("{url}", f"http://127.0.0.1:{port}"))
    result = visits_of(path)
    assert result.counts.problem and not result.visits
    with pytest.raises(BlockingIOError):
        listening.accept()
