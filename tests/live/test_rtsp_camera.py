"""A real RTSP server on loopback: a camera that is killed and comes back."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from agemodel.core.errors import FootageError
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.saved_run import list_saved, read_saved
from agemodel.images import encode_jpeg
from agemodel.live.camera_list import Camera
from agemodel.live.camera_reader import open_camera
from agemodel.live.camera_run import CameraRun
from tests.harness.driver import free_port
from tests.harness.made_estimators import CardOnly
from tests.harness.made_footage import BlockFinder
from tests.harness.measurements import Missing
from tests.harness.rtsp_camera import run_camera, system_python, write_frames
from tests.harness.waiting import wait_until

PASSWORD = "pass-w0rd"
SETTINGS = FootageSettings(looks_per_s=5, smallest_face_px=30, least_count=1)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    try:
        system_python()
    except Missing as reason:
        pytest.skip(str(reason))
    return write_frames(tmp_path / "frames", [block_frame()] * 2)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Camera:
    monkeypatch.setenv("ENTRANCE_USER", "viewer")
    monkeypatch.setenv("ENTRANCE_PASSWORD", PASSWORD)
    address = f"rtsp://127.0.0.1:{free_port()}/stream"
    return Camera("entrance", None, address, "ENTRANCE_USER", "ENTRANCE_PASSWORD")


def block_frame() -> bytes:
    rgb = np.full((240, 320, 3), 40, np.uint8)
    rgb[80:140, 100:160] = 240
    return encode_jpeg(rgb, 90)


def port_of(camera: Camera) -> int:
    return int(camera.address.split(":")[2].split("/")[0])


def test_a_camera_that_is_killed_and_started_again_is_watched_on(
    tmp_path: Path, frames: Path, camera: Camera
) -> None:
    finder, over, news = BlockFinder(), threading.Event(), list[str]()
    out = tmp_path / "out"
    run = CameraRun(
        camera,
        out,
        CardOnly(),
        SETTINGS,
        find_looks=finder,
        wait=lambda _: over.wait(0.1),
    )
    thread = threading.Thread(target=run.run, args=(over.is_set, news.append))
    with ExitStack() as server:
        server.enter_context(run_camera(port_of(camera), frames, "viewer", PASSWORD))
        thread.start()
        wait_until(lambda: finder.frames >= 5)
    wait_until(lambda: any("gave no more pictures" in one for one in news))
    seen = finder.frames
    with run_camera(port_of(camera), frames, "viewer", PASSWORD):
        wait_until(lambda: finder.frames >= seen + 5)
        over.set()
        thread.join(timeout=60)
    (folder,) = list_saved(out)
    counts = read_saved(folder).counts
    assert [one.visits for one in counts] == [1, 1]
    assert counts[0].problem == "Camera entrance gave no more pictures."
    assert counts[0].unread_s > 0
    written = b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())
    for secret in (PASSWORD, "viewer", camera.address):
        assert secret not in "".join(news)
        assert secret.encode() not in written


def test_a_wrong_password_is_told_without_it(
    frames: Path, camera: Camera, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        run_camera(port_of(camera), frames, "viewer", "another"),
        pytest.raises(FootageError, match="user and password are right") as refused,
    ):
        open_camera(camera)
    said = capfd.readouterr()
    for text in (str(refused.value), repr(refused.value.__cause__), *said):
        assert PASSWORD not in text and camera.address not in text


def test_where_nobody_answers_the_camera_cannot_be_opened(
    camera: Camera, capfd: pytest.CaptureFixture[str]
) -> None:
    before = dict(os.environ)
    with pytest.raises(FootageError, match="Camera entrance cannot be opened"):
        open_camera(camera)
    assert PASSWORD not in "".join(capfd.readouterr())
    changed = {k for k in os.environ if os.environ[k] != before.get(k)}
    assert changed <= {"OPENCV_FFMPEG_CAPTURE_OPTIONS", "OPENCV_FFMPEG_LOGLEVEL"}
    assert os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] == "protocol_whitelist;file"
