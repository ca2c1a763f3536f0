"""The frame that a run is at, for a page: from process to process, in memory alone.

The run listens on a Unix socket that only its own account may open. Who connects gets a
line of JSON and a JPEG, which is drawn then. No picture touches a disk, and what is in
memory is gone with the run.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from agemodel.core import paths
from agemodel.footage.drawn_frames import with_faces
from agemodel.footage.run_progress import OnRunProgress, Progress
from agemodel.images import encode_jpeg

_PATIENCE_S = 2.0
_QUALITY = 80


@dataclass(frozen=True)
class Preview:
    """A frame that a run looked at.

    Attributes:
        clip: the name of the clip.
        time_s: of the frame, since the clip's beginning.
        visits: found in the run by then, with those that have not ended.
        jpeg: the frame with the faces that were seen in it, see `with_faces`.
    """

    clip: str
    time_s: float
    visits: int
    jpeg: bytes


def preview_path() -> Path:
    """Where the run that the app started listens: there is one at a time."""
    return paths.footage_dir() / ".preview"


@contextmanager
def offered_preview(path: Path) -> Iterator[OnRunProgress]:
    """Let others see the frames that the block tells of, until it ends.

    Where there is no such socket (on Windows, or the path is too long for one) they see
    none.

    Args:
        path: of the socket; one that a killed run left is removed.
    """
    newest: list[Progress] = []

    def take(progress: Progress) -> None:
        if progress.at:
            newest[:] = [progress]

    listening = _listening(path)
    if listening is None:
        yield take
        return
    args = (listening, newest)
    threading.Thread(target=_answer, args=args, name="preview", daemon=True).start()
    try:
        yield take
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # ends the thread
        listening.close()
        path.unlink(missing_ok=True)


def read_preview(path: Path) -> Preview | None:
    """The frame that a run is at; None where there is no run, or no frame yet."""
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(_PATIENCE_S)
            asking.connect(str(path))
            content = b"".join(iter(lambda: asking.recv(1 << 16), b""))
        head, _, jpeg = content.partition(b"\n")
        known = json.loads(head)
        size = known.pop("bytes")
    except (OSError, AttributeError, ValueError):
        return None
    return Preview(**known, jpeg=jpeg) if len(jpeg) == size else None


def _listening(path: Path) -> socket.socket | None:
    with suppress(OSError, AttributeError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        try:
            listening.bind(str(path))
            path.chmod(0o600)
            listening.listen()
        except OSError:
            listening.close()
            raise
        return listening
    return None


def _answer(listening: socket.socket, newest: list[Progress]) -> None:
    """Send the last progress with a frame, if there is one, to all who connect."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # closed
            return
        with connection, suppress(OSError):
            connection.settimeout(_PATIENCE_S)
            if newest:
                connection.sendall(_message(newest[0]))


def _message(progress: Progress) -> bytes:
    assert progress.at is not None
    jpeg = encode_jpeg(with_faces(progress.at), _QUALITY)
    known = {
        "clip": progress.clip,
        "time_s": progress.at.frame.time_s,
        "visits": progress.visits,
        "bytes": len(jpeg),
    }
    return json.dumps(known).encode() + b"\n" + jpeg
