"""What can be asked of a proxy without a browser."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.harness.visitor import Visitor

HEADERS = (
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "Referrer-Policy",
    "Permissions-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
)
UPLOAD = "/_stcore/upload_file/a-session/a-file"
HIDDEN = ("/_stcore/metrics", "/_stcore/agent/openapi.json", "/ready")
CLAIMS: tuple[dict[str, str], ...] = (
    {},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": ""},
    {"X-Real-IP": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1;host=localhost"},
    {"Connection": "Upgrade, X-Forwarded-For"},
    {"Host": "localhost:8501", "Origin": "http://localhost:8501"},
)
"""Headers by which a visitor may try to pass for one on the app's own machine."""

TIMEOUT_S = 30


def ask(url: str, path: str, method: str = "GET") -> requests.Response:
    """Send a request and read its answer to the end."""
    with requests.Session() as web:
        web.trust_env = False  # no proxy of this machine's
        body = b"x" if method == "PUT" else None
        return web.request(method, url + path, data=body, timeout=TIMEOUT_S)


def announce(url: str, path: str, length: int) -> int:
    """The answer to an upload that says how long it is, before any of it is sent."""
    with _dial(url) as line:
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        line.sendall(head.encode())
        return int(line.recv(64).split()[1])


def seconds_until_let_go(url: str) -> float:
    """For how long a visitor is waited for who never ends the request."""
    with _dial(url) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        started = time.monotonic()
        with suppress(ConnectionResetError):
            while line.recv(1024):
                pass
        return time.monotonic() - started


def refused_of(url: str, tabs: int) -> int:
    """How many of so many tabs, open at once, are refused for their number."""
    refused = 0
    with ExitStack() as opened:
        for _ in range(tabs):
            try:
                opened.enter_context(connect(_stream(url), origin=Origin(url)))
            except InvalidStatus as answer:
                refused += answer.response.status_code == 429
    return refused


def flooded(url: str, requests: int) -> tuple[int, float]:
    """How many of requests sent in one go are refused, and how long all of it took."""
    wanted = b"GET /_stcore/health HTTP/1.1\r\nHost: x\r\n\r\n" * (requests - 1)
    last = b"GET /_stcore/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    heard = bytearray()
    started = time.monotonic()
    with _dial(url) as line:
        line.sendall(wanted + last)
        while part := line.recv(65_536):
            heard += part
    return heard.count(b"HTTP/1.1 429"), time.monotonic() - started


def stream_status(url: str, origin: str) -> int:
    """The answer to a page of another origin that opens the app's WebSocket."""
    try:
        with connect(_stream(url), origin=Origin(origin)):
            return 101
    except InvalidStatus as answer:
        return answer.response.status_code


def texts_seen(url: str, claims: Mapping[str, str]) -> list[str]:
    """What the app's first page says to a visitor with these headers."""
    with Visitor(url, claims) as visitor:
        return visitor.open().texts


def _dial(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port or 80), TIMEOUT_S)


def _stream(url: str) -> str:
    return f"ws://{urlsplit(url).netloc}/_stcore/stream"
