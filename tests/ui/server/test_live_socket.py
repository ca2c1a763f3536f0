"""The live camera's socket, served by itself, with hostile and honest browsers."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from agemodel.core.errors import ModelError
from agemodel.footage.looks import Look
from agemodel.images import encode_jpeg
from agemodel.live import camera_frames, snapshots
from agemodel.live.live_session import LiveSession
from agemodel.metrics.calibration import Calibration
from tests.harness.made_footage import BlockFinder
from tests.harness.served_routes import serve_routes
from tests.harness.waiting import PATIENCE_S, wait_until
from ui.server import live_page, live_socket

CALIBRATION = Calibration(0.8, None, 8.0, 1.0, 0.0, 0.1, 100)


class GatedFinder(BlockFinder):
    """Finds blocks once its gate is open; raises what it is told to, once."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.failure: Exception | None = None

    def __call__(self, rgb: np.ndarray, time_s: float) -> list[Look]:
        assert self.gate.wait(PATIENCE_S)
        if self.failure:
            failure, self.failure = self.failure, None
            raise failure
        return super().__call__(rgb, time_s)


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> Iterator[GatedFinder]:
    found = GatedFinder()
    monkeypatch.setattr(
        live_socket, "_begin", lambda: (LiveSession(CALIBRATION), found)
    )
    yield found
    found.gate.set()


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with serve_routes([*live_page.routes(), live_socket.route()]) as served:
        yield served


Joins = Callable[..., ClientConnection]


@pytest.fixture
def join(host: str, finder: GatedFinder) -> Iterator[Joins]:
    """A function that connects; in the end nobody is left."""
    with ExitStack() as open_ones:

        def join(origin: str | None = f"http://{host}") -> ClientConnection:
            socket = connect(
                f"ws://{host}{live_socket.PATH}", origin=origin, max_size=None
            )
            return open_ones.enter_context(socket)

        yield join
        finder.gate.set()
    wait_until(lambda: not live_socket._open)


def frame(*blocks: int) -> bytes:
    """A frame of 320 x 240 px with a bright block at each place, px from the left."""
    rgb = np.full((240, 320, 3), 40, np.uint8)
    for left in blocks:
        rgb[80:140, left : left + 60] = 240
    return encode_jpeg(rgb, 90)


def answer(socket: ClientConnection, message: bytes | None = None) -> dict[str, Any]:
    if message is not None:
        socket.send(message)
    return json.loads(socket.recv(timeout=PATIENCE_S))


def closing(socket: ClientConnection) -> tuple[str, int]:
    """The sentence with which a connection ends, and its code."""
    sentence = answer(socket)["closing"]
    with pytest.raises(ConnectionClosed) as ended:
        socket.recv(timeout=PATIENCE_S)
    assert ended.value.rcvd is not None
    return sentence, ended.value.rcvd.code


def test_frames_are_answered_with_faces_that_keep_their_numbers(join: Joins) -> None:
    socket = join()
    answers = [answer(socket, frame(40 + 2 * n, 200)) for n in range(4)]
    assert [one["size"] for one in answers] == [[320, 240]] * 4
    assert [face["number"] for face in answers[1]["faces"]] == [None, None]
    faces = answers[3]["faces"]
    assert [face["number"] for face in faces] == [1, 2]
    assert [face["gender"] for face in faces] == ["female", "female"]
    for face in faces:
        assert face["age_low"] < face["age_years"] < face["age_high"]
    assert faces[0]["box_xyxy"] == pytest.approx([46, 80, 106, 140], abs=3)


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "http://127.0.0.1:1", "null", "//[", None]
)
def test_a_page_from_elsewhere_is_refused(join: Joins, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        join(origin)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff", b"\x00" * 1000, frame(40)[:900], b"GIF89a" + b"x" * 99],
    ids=["nothing", "a start", "zeros", "cut off", "GIF"],
)
def test_a_malformed_frame_is_answered_and_the_next_is_looked_at(
    join: Joins, data: bytes
) -> None:
    socket = join()
    assert answer(socket, data)["problem"].startswith("The frame")
    assert len(answer(socket, frame(40))["faces"]) == 1


def test_an_oversized_frame_ends_the_connection_with_a_sentence(join: Joins) -> None:
    socket = join()
    socket.send(frame(40) + bytes(camera_frames.MOST_BYTES))
    sentence, code = closing(socket)
    assert "expected at most 300 KB, got 30" in sentence
    assert code == 1009


def test_words_that_mean_nothing_are_passed_over(join: Joins) -> None:
    socket = join()
    socket.send("hello")
    socket.send('{"faces": "all"}')
    assert len(answer(socket, frame(40))["faces"]) == 1


def test_frames_that_come_before_an_answer_are_dropped_and_counted(
    join: Joins, finder: GatedFinder
) -> None:
    socket = join()
    finder.gate.clear()
    for _ in range(5):
        socket.send(frame(40))
    # messages are received in order: once this is answered, the frames have come
    socket.send(live_socket.SNAPSHOT)
    assert "snapshot" in answer(socket, frame(40))
    finder.gate.set()
    assert answer(socket)["dropped"] == 4
    assert answer(socket, frame(40))["dropped"] == 0
    assert finder.frames == 2


def test_who_never_waits_for_an_answer_is_let_go(
    join: Joins, finder: GatedFinder
) -> None:
    socket = join()
    finder.gate.clear()
    for _ in range(live_socket.MOST_DROPPED + 2):
        socket.send(frame(40))
    assert closing(socket) == (live_socket.HASTY, 1008)


def test_of_fifty_sockets_eight_are_served_and_a_place_comes_free(
    join: Joins,
) -> None:
    sockets = [join() for _ in range(50)]
    served, refused = sockets[: live_socket.MOST_SOCKETS], sockets[8:]
    for socket in refused:
        assert closing(socket) == (live_socket.FULL, 1013)
    for socket in served:
        assert len(answer(socket, frame(40))["faces"]) == 1
    served[0].close()
    wait_until(lambda: len(live_socket._open) < live_socket.MOST_SOCKETS)
    assert len(answer(join(), frame(40))["faces"]) == 1


def test_other_requests_are_answered_while_frames_are_looked_at(
    join: Joins, host: str, finder: GatedFinder
) -> None:
    finder.gate.clear()
    sockets = [join() for _ in range(live_socket.MOST_SOCKETS)]
    for socket in sockets:
        socket.send(frame(40))
    with urllib.request.urlopen(f"http://{host}/live", timeout=60) as page:
        assert page.status == 200
    finder.gate.set()
    for socket in sockets:
        assert len(answer(socket)["faces"]) == 1


def test_a_failure_of_our_own_is_told_and_the_next_frame_is_looked_at(
    join: Joins, finder: GatedFinder
) -> None:
    socket = join()
    finder.failure = RuntimeError("secret")
    assert answer(socket, frame(40)) == {"problem": live_socket.FAILED}
    assert len(answer(socket, frame(40))["faces"]) == 1


def test_a_browser_that_leaves_in_the_midst_gives_its_place_back(
    join: Joins, finder: GatedFinder
) -> None:
    finder.gate.clear()
    socket = join()
    socket.send(frame(40))
    socket.close()
    wait_until(lambda: not live_socket._open)
    finder.gate.set()
    assert len(answer(join(), frame(40))["faces"]) == 1


def test_who_sends_nothing_is_let_go(
    join: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "IDLE_S", 0.01)
    assert closing(join()) == (live_socket.IDLE, 1013)


def test_a_missing_model_is_told(join: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModelError("The model is missing. Run make ship.")

    monkeypatch.setattr(live_socket, "_begin", missing)
    assert closing(join())[0] == "The model is missing. Run make ship."


def test_a_snapshot_waits_under_its_name(join: Joins) -> None:
    socket = join()
    socket.send(live_socket.SNAPSHOT)
    photo = frame(40)
    name = answer(socket, photo)["snapshot"]
    assert snapshots.WAITING.fetch(name) == photo
    # what follows is a frame again
    assert len(answer(socket, photo)["faces"]) == 1


def test_a_snapshot_is_dropped_after_its_time(
    join: Joins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "KEPT_S", 0.0)
    socket = join()
    socket.send(live_socket.SNAPSHOT)
    name = answer(socket, frame(40))["snapshot"]
    wait_until(lambda: name not in snapshots.WAITING._waiting)


def test_a_snapshot_over_its_size_is_refused(join: Joins) -> None:
    socket = join()
    socket.send(live_socket.SNAPSHOT)
    socket.send(bytes(snapshots.MOST_BYTES + 1024))
    assert closing(socket)[1] == 1009


def test_the_page_is_set_in_the_font_of_the_other_pages(host: str) -> None:
    with urllib.request.urlopen(f"http://{host}/live/font.woff2", timeout=60) as font:
        assert font.read(4) == b"wOF2"


@pytest.mark.parametrize(
    "file", ["", "/live.js", "/live_faces.js", "/theme.js", "/live.css"]
)
def test_the_page_asks_nothing_of_anybody_else(host: str, file: str) -> None:
    with urllib.request.urlopen(f"http://{host}/live{file}", timeout=60) as page:
        text = page.read().decode()
        policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "https://" not in text
    assert "//" not in text.replace("// ", "").replace("http://localhost", "")
