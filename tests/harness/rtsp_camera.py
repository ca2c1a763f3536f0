"""A network camera on this machine: a GStreamer RTSP server that shows made frames.

Run by the system's Python, which has GStreamer's bindings; on Debian: apt install
python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.harness.measurements import Missing
from tests.harness.waiting import wait_until

PATH = "/stream"
_PROGRAM = """
import sys, gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
port, frames, user, password = sys.argv[1:]
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f"( multifilesrc location={frames}/%03d.jpg loop=true"
    " caps=image/jpeg,framerate=10/1"
    " ! jpegdec ! videoconvert ! video/x-raw,format=I420 ! jpegenc"
    " ! rtpjpegpay name=pay0 )")
factory.set_shared(True)
if user:
    basic = GstRtspServer.RTSPAuth.make_basic(user, password)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(basic, token)
    server.set_auth(auth)
    factory.add_role_from_structure(Gst.Structure.new_from_string(
        "viewer, media.factory.access=true, media.factory.construct=true"))
server.get_mount_points().add_factory("/stream", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
"""


def system_python() -> str:
    """The Python that has GStreamer's RTSP server; `Missing` where none has."""
    path = shutil.which("python3", path="/usr/bin")
    check = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if (
        path is None
        or subprocess.run([path, "-c", check], capture_output=True).returncode
    ):
        raise Missing(
            "GStreamer's RTSP server is not installed; on Debian: apt install "
            "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good."
        )
    return path


def write_frames(folder: Path, frames: Sequence[bytes]) -> Path:
    """Write JPEGs as the camera shows them, again and again."""
    folder.mkdir()
    for number, frame in enumerate(frames):
        (folder / f"{number:03d}.jpg").write_bytes(frame)
    return folder


@contextmanager
def run_camera(
    port: int, frames: Path, user: str = "", password: str = ""
) -> Iterator[None]:
    """Serve frames at rtsp://127.0.0.1:PORT/stream until the block ends."""
    process = subprocess.Popen(
        [system_python(), "-c", _PROGRAM, str(port), str(frames), user, password],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        wait_until(lambda: _answers(port))
        yield
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
