"""A visitor without a browser: speaks Streamlit's protocol to a running server.

It does what the page in a browser does: takes the cookie against forged requests, opens
the WebSocket, asks for a run of the script, puts files to the addresses that it is
given, tells the uploader of them, and fetches the pictures that are shown. The
messages are those of the installed Streamlit (checked in 1.67).
"""

from __future__ import annotations

import re
import socket
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE_S = 120.0
"""The longest wait for one message; nothing should come near it."""

_XSRF_COOKIE = "_streamlit_xsrf"
_AGE = re.compile(r"^\d+ years$")


@dataclass
class Drawn:
    """What one run of the script put on the page."""

    # headings, Markdown, captions and plain text, in order of arrival
    texts: list[str] = field(default_factory=list)
    # paths of the pictures on the server
    pictures: list[str] = field(default_factory=list)
    uploader: str = ""  # the id of the last file uploader, empty where there is none
    # names for the files that the page makes when they are asked for
    downloads: list[str] = field(default_factory=list)
    # whether an exception was shown, or the script did not end well
    failed: bool = False

    @property
    def ages(self) -> list[str]:
        """The ages on the cards, as they are shown: `47 years`."""
        return [text for text in self.texts if _AGE.match(text)]

    def take(self, element: Element) -> None:
        """Take note of an element."""
        kind = element.WhichOneof("type")
        if kind in ("markdown", "heading", "text"):
            self.texts.append(getattr(element, kind).body)
        elif kind == "imgs":
            self.pictures += [image.url for image in element.imgs.imgs]
        elif kind == "file_uploader":
            self.uploader = element.file_uploader.id
        elif kind == "download_button":
            self.downloads.append(element.download_button.deferred_file_id)
        elif kind == "exception":
            self.failed = True


class Visitor:
    """One tab of a browser; a context manager that closes it at the end."""

    def __init__(self, url: str, claims: Mapping[str, str] | None = None) -> None:
        """Take the cookie.

        Args:
            url: of the server, `http://127.0.0.1:8501`.
            claims: headers by which a visitor says who he is; also `Host`, `Origin`.
        """
        self._url, self._host, self._claims = url, urlsplit(url).netloc, claims or {}
        self._web, self._closing = requests.Session(), ExitStack()
        self._web.trust_env = False  # no proxy of this machine's
        self._request("GET", "/_stcore/health")
        self._token = str(self._web.cookies[_XSRF_COOKIE])
        self._session_id = self._page = ""

    def __enter__(self) -> Visitor:
        """Open the connection."""
        claims = dict(self._claims)
        host = claims.pop("Host", self._host)
        origin = claims.pop("Origin", f"http://{host}")
        address, _, port = self._host.rpartition(":")
        connecting = connect(
            f"ws://{host}/_stcore/stream",
            sock=socket.create_connection((address, int(port)), PATIENCE_S),
            origin=Origin(origin),
            subprotocols=[Subprotocol("streamlit"), Subprotocol(self._token)],
            additional_headers={"Cookie": f"{_XSRF_COOKIE}={self._token}", **claims},
            compression=None,
            max_size=None,
            open_timeout=PATIENCE_S,
        )
        self._socket: ClientConnection = self._closing.enter_context(connecting)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the tab; the server notices at once."""
        self._closing.close()

    def open(self, page: str = "") -> Drawn:
        """Ask for a page by its path, without a slash, and wait until it is drawn."""
        self._page = page
        message = BackMsg()
        message.rerun_script.page_name = page
        self._send(message)
        return self._wait_until_drawn()

    def upload(self, drawn: Drawn, name: str, content: bytes) -> Drawn:
        """Give a file to the page's uploader; wait until all it leads to is drawn."""
        urls = self._put(name, content)
        message = BackMsg()
        message.rerun_script.page_name = self._page
        widget = message.rerun_script.widget_states.widgets.add(id=drawn.uploader)
        info = widget.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=urls.file_id
        )
        info.file_urls.CopyFrom(urls)
        self._send(message)
        return self._wait_until_drawn()

    def _put(self, name: str, content: bytes) -> FileURLs:
        """Send a file to the server; where it lies there."""
        message = BackMsg()
        request = message.file_urls_request
        request.request_id = uuid.uuid4().hex
        request.file_names.append(name)
        request.session_id = self._session_id
        self._send(message)
        (urls,) = self._receive("file_urls_response").file_urls_response.file_urls
        self._request(
            "PUT",
            urls.upload_url,
            files={"file": (name, content)},
            headers={"X-Xsrftoken": self._token},
        )
        return urls

    def download(self, drawn: Drawn) -> list[bytes]:
        """Ask for every file that the page offers, and fetch it."""
        return self.fetch([self._made(name) for name in drawn.downloads])

    def _made(self, name: str) -> str:
        """Have a file made; its path."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id = uuid.uuid4().hex
        request.session_id = self._session_id
        request.deferred_file.file_id = name
        self._send(message)
        answer = self._receive("backend_operation_response")
        return answer.backend_operation_response.deferred_file.url

    def fetch(self, paths: Sequence[str]) -> list[bytes]:
        """Fetch what the page shows."""
        return [self._request("GET", path) for path in paths]

    def _request(self, method: str, path: str, **options: Any) -> bytes:
        answer = self._web.request(
            method, self._url + path, timeout=PATIENCE_S, **options
        )
        answer.raise_for_status()
        return answer.content

    def _send(self, message: BackMsg) -> None:
        self._socket.send(message.SerializeToString())

    def _next(self) -> ForwardMsg:
        message = ForwardMsg()
        data = self._socket.recv(PATIENCE_S, decode=False)
        message.ParseFromString(data)
        return message

    def _receive(self, kind: str) -> ForwardMsg:
        while (message := self._next()).WhichOneof("type") != kind:
            pass
        return message

    def _wait_until_drawn(self) -> Drawn:
        """Take in messages until the run is over that the last request led to."""
        drawn = Drawn()
        while True:
            message = self._next()
            kind = message.WhichOneof("type")
            if kind == "new_session":
                drawn = Drawn()
                self._session_id = message.new_session.initialize.session_id
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                drawn.take(message.delta.new_element)
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    continue
                wanted = ForwardMsg.FINISHED_SUCCESSFULLY
                drawn.failed |= message.script_finished != wanted
                return drawn
