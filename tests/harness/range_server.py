"""A server of one file on 127.0.0.1, slow enough to be cut off.

It goes on from where it is asked to, and takes down from which byte that was.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE_BYTES = 1 << 16
PAUSE_S = 0.01
TAG = '"one"'


class Server(ThreadingHTTPServer):
    """Serves the same bytes at every path."""

    daemon_threads = True

    def __init__(self, body: bytes) -> None:
        """Take a free port; nothing is answered before `serve_forever`."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body = body
        self.starts: list[int] = []

    def handle_error(self, *_: object) -> None:
        """Say nothing when a client has gone."""

    @property
    def url(self) -> str:
        """Where the file is."""
        return f"http://127.0.0.1:{self.server_port}/faces.tar.gz"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send the file from where the client asks for it."""
        body = self.server.body
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        self.server.starts.append(start)
        if start >= len(body):
            return self._begin(416, f"bytes */{len(body)}", 0)
        span = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self._begin(206 if asked else 200, span, len(body) - start)
        for begin in range(start, len(body), PIECE_BYTES):
            self.wfile.write(body[begin : begin + PIECE_BYTES])
            time.sleep(PAUSE_S)

    def _begin(self, status: int, span: str, length: int) -> None:
        self.send_response(status)
        self.send_header("ETag", TAG)
        self.send_header("Content-Range", span)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(body: bytes) -> Iterator[Server]:
    """A server of `body`, until the block ends."""
    with Server(body) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
