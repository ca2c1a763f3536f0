"""A visitor without a browser: speaks Streamlit's protocol to a running server.

It does what the page in a browser does: takes the cookie against forged requests, opens
the WebSocket, asks for a run of the script, puts files to the addresses that it is
given, tells the uploader of them, and fetches the pictures that are shown. The
messages are those of the installed Streamlit (checked in 1.67).
"""

from __future__ import annotations

import http.client
import re
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
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
    """What one run of the script put on the page.

    Attributes:
        texts: headings, Markdown, captions and plain text, in order of arrival.
        pictures: paths of the pictures on the server.
        uploader: the id of the last file uploader, empty where there is none.
        downloads: names for the files that the page makes when they are asked for.
        failed: whether an exception was shown, or the script did not end well.
    """

    texts: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    uploader: str = ""
    downloads: list[str] = field(default_factory=list)
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

    def __init__(self, url: str) -> None:
        """Take the cookie.

        Args:
            url: of the server, `http://127.0.0.1:8501`.
        """
        self._url, self._host = url, urlsplit(url).netloc
        self._token = self._fetch_token()
        self._closing = ExitStack()
        self.session_id = ""
        self._page = ""

    def __enter__(self) -> Visitor:
        """Open the connection."""
        connecting = connect(
            f"ws://{self._host}/_stcore/stream",
            origin=Origin(self._url),
            subprotocols=[Subprotocol("streamlit"), Subprotocol(self._token)],
            additional_headers={"Cookie": f"{_XSRF_COOKIE}={self._token}"},
            compression=None,
            max_size=None,
            open_timeout=PATIENCE_S,
            proxy=None,
        )
        self._socket: ClientConnection = self._closing.enter_context(connecting)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
        """Give a file to the page's uploader; wait until all it leads to is drawn.

        Args:
            drawn: the page as it is, with an uploader.
            name: of the file.
            content: its bytes.
        """
        file_id, put_path, delete_path = self.put(name, content)
        message = BackMsg()
        message.rerun_script.page_name = self._page
        widget = message.rerun_script.widget_states.widgets.add(id=drawn.uploader)
        info = widget.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=file_id
        )
        info.file_urls.file_id = file_id
        info.file_urls.upload_url = put_path
        info.file_urls.delete_url = delete_path
        self._send(message)
        return self._wait_until_drawn()

    def put(self, name: str, content: bytes) -> tuple[str, str, str]:
        """Send a file to the server and tell no widget of it.

        Returns:
            The file's id, the path it was put to, and the path that deletes it.
        """
        message = BackMsg()
        request = message.file_urls_request
        request.request_id = uuid.uuid4().hex
        request.file_names.append(name)
        request.session_id = self.session_id
        self._send(message)
        (urls,) = self._receive("file_urls_response").file_urls_response.file_urls
        boundary = uuid.uuid4().hex
        self._request(
            "PUT",
            urls.upload_url,
            _multipart(boundary, name, content),
            {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "X-Xsrftoken": self._token,
            },
        )
        return urls.file_id, urls.upload_url, urls.delete_url

    def download(self, drawn: Drawn) -> list[bytes]:
        """Ask for every file that the page offers, and fetch it."""
        return self.fetch([self._made(name) for name in drawn.downloads])

    def _made(self, name: str) -> str:
        """Have a file made; its path."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id = uuid.uuid4().hex
        request.session_id = self.session_id
        request.deferred_file.file_id = name
        self._send(message)
        answer = self._receive("backend_operation_response")
        return answer.backend_operation_response.deferred_file.url

    def fetch(self, paths: Sequence[str]) -> list[bytes]:
        """Fetch what the page shows."""
        return [self._request("GET", path) for path in paths]

    def _fetch_token(self) -> str:
        connection = http.client.HTTPConnection(self._host, timeout=PATIENCE_S)
        connection.request("GET", "/_stcore/health")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        cookies = answer.headers.get_all("Set-Cookie") or []
        found = [c.partition(";")[0] for c in cookies if c.startswith(_XSRF_COOKIE)]
        return found[0].partition("=")[2]

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        connection = http.client.HTTPConnection(self._host, timeout=PATIENCE_S)
        cookie = {"Cookie": f"{_XSRF_COOKIE}={self._token}"}
        try:
            connection.request(method, path, body, cookie | (headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.reason}")
        return content

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
                self.session_id = message.new_session.initialize.session_id
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                drawn.take(message.delta.new_element)
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    continue
                wanted = ForwardMsg.FINISHED_SUCCESSFULLY
                drawn.failed |= message.script_finished != wanted
                return drawn


def _multipart(boundary: str, name: str, content: bytes) -> bytes:
    """The body that a browser's FormData makes of one file."""
    shown = name.replace("\\", "\\\\").replace('"', "%22")
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{shown}"; filename="{shown}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
