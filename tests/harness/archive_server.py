"""A server of archives on 127.0.0.1 and a kagglehub that misbehave as they are told."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.harness.dataset_archives import Files, faces, write_folder, write_tar
from tests.harness.waiting import PATIENCE_S

FACES = 12
HALF = 5 << 16
"""About half of an archive with noise, a whole number of the client's chunks."""
STALL_S = PATIENCE_S  # longer than any test waits


@dataclass
class Answer:
    """What the server does with one request; None stands for what is proper."""

    status: int = 200  # of an answer without the file
    # added, or instead of the proper ones; None takes one away
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes | None = None  # instead of the file
    stop_after: int | None = None  # bytes of the body after which the connection is cut
    # bytes of the body after which nothing more comes, until the server's
    # `released` is set; then the connection is cut
    stall_after: int | None = None
    chunked: bool = False  # without a stated length


class Server(ThreadingHTTPServer):
    """Serves one file at every path."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.plan: list[Answer] = []  # for the next requests, then `always`
        self.always = Answer()
        self.asked: list[dict[str, str]] = []
        self.released = threading.Event()

    def handle_error(self, *_: object) -> None:
        """Say nothing when a client has gone."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/UTKFace.tar.gz"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(dict(self.headers.items()) | {"path": self.path})
        answer = server.plan.pop(0) if server.plan else server.always
        body = server.body if answer.body is None else answer.body
        length: dict[str, str | None] = {"Content-Length": str(len(body))}
        if answer.chunked:
            length = {"Transfer-Encoding": "chunked"}
        self.send_response(answer.status)
        for name, value in (length | answer.headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self._send(answer, body)

    def _send(self, answer: Answer, body: bytes) -> None:
        cuts = (answer.stop_after, answer.stall_after)
        part = body[: min(cut for cut in (*cuts, len(body)) if cut is not None)]
        step = 1000 if answer.chunked else len(part) or 1
        for begin in range(0, len(part), step):
            piece = part[begin : begin + step]
            framed = b"%x\r\n%s\r\n" % (len(piece), piece) if answer.chunked else piece
            self.wfile.write(framed)
        if answer.stall_after is not None:
            self.server.released.wait(STALL_S)
        if part != body or "Content-Length" in answer.headers:
            self.close_connection = True
        elif answer.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(body: bytes) -> Iterator[Server]:
    """A server of `body`, until the block ends."""
    with Server(body) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


def archive_with_noise(path: Path, files: Files | None = None) -> bytes:
    """A .tar.gz of over 600 kB: the faces, and a file that does not compress."""
    noise = ("UTKFace/notes.bin", os.urandom(600_000))
    return write_tar(path, [*(files or faces(FACES)), noise]).read_bytes()


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """As `archive_with_noise` makes it."""
    return archive_with_noise(tmp_path_factory.mktemp("archive") / "source.tar.gz")


@pytest.fixture
def server(archive: bytes) -> Iterator[Server]:
    """A server of it, for one test."""
    with serving(archive) as server:
        yield server


CLIENT = '''
"""Behaves as kagglehub does, without a network."""
import logging, os, sys, threading
from pathlib import Path
import requests
from tqdm import tqdm


class KaggleApiHTTPError(requests.HTTPError):
    pass


def dataset_download(handle):
    print("a warning of the library's own")
    cache = Path(os.environ["KAGGLEHUB_CACHE"], "datasets", handle)
    calls = Path(os.environ["CALLS"])
    with calls.open("a") as file:
        print(handle, os.getpid(), file=file)
    acts = os.environ["ACTS"].split()
    act = acts[min(len(calls.read_text().splitlines()), len(acts)) - 1]
    if act.isdigit():
        response = requests.Response()
        response.status_code = int(act)
        raise KaggleApiHTTPError("at https://x?signature=hush", response=response)
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / "1.archive"
    begun = archive.stat().st_size if archive.exists() else 0
    with tqdm(total=1_000_000, initial=begun, unit="B", unit_scale=True) as bar:
        with archive.open("ab") as file:
            for _ in range(begun, 1_000_000, 100_000):
                file.write(bytes(100_000))
                file.flush()
                bar.update(100_000)
                if act == "drop" and bar.n >= 500_000:
                    raise requests.ConnectionError("at https://x?signature=hush")
                if act == "stall" and bar.n >= 500_000:
                    bar.refresh()
                    Path(os.environ["CALLS"] + ".stalled").touch()
                    threading.Event().wait(60)
    if act == "full":
        raise OSError(28, "No space left on device")
    if act == "odd":
        raise ZeroDivisionError("hush")
    archive.unlink()
    os.rename(os.environ["UNPACKED"], cache / "versions")
    return str(cache / "versions")
'''


def replace_kagglehub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """A stand-in for kagglehub, and for what the mirror holds."""
    package = tmp_path / "packages" / "kagglehub"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(CLIENT)
    write_folder(tmp_path / "unpacked", faces(FACES))
    write_folder(tmp_path / "unpacked", faces(5, folder="crop_part1/"))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setenv("UNPACKED", str(tmp_path / "unpacked"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("ACTS", "whole")

    def act(*acts: str) -> None:
        monkeypatch.setenv("ACTS", " ".join(acts))

    def calls() -> list[list[str]]:
        return [line.split() for line in (tmp_path / "calls").read_text().splitlines()]

    return SimpleNamespace(act=act, calls=calls, stalled=tmp_path / "calls.stalled")
