"""One archive from an address, http or https, fetched with pooch.

What breaks off is of no use: the next attempt starts anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import pooch
import requests

import agemodel
from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.core.files import megabytes

TIMEOUTS_S = (10.0, 15.0)
"""How long a server may take to be reached, and between two pieces of the file."""

_CHUNK_BYTES = 1 << 16
_BY_HAND = (
    "Or download the archive with a browser and import it: python -m agemodel data "
    "import UTKFace.tar.gz"
)
_MEANINGS = {
    401: "asks for a login",
    403: "refuses the request or asks for a login",
    404: "has nothing under this address",
}
"""Of statuses of HTTP, behind the name of the server."""


def fetch_url(url: str, path: Path, on_progress: OnProgress, sha256: str) -> None:
    """Fetch the file at `url` into `path`.

    Args:
        url: as `check_address` takes it.
        path: is written; after an error its content is of no use.
        on_progress: told the bytes that have come, the first time before any has.
        sha256: of the file, in hexadecimal; not checked if empty.

    Raises:
        DatasetError: the connection fails, or the checksum is another. Its text names
            no password and no query.
        OSError: the disk does not take it.
    """
    on_progress(0, None, "connecting")
    with path.open("wb") as file, _failures_told(url, file, on_progress):
        download = pooch.HTTPDownloader(
            _PoochProgress(file, on_progress),
            _CHUNK_BYTES,
            timeout=TIMEOUTS_S,
            headers={
                "Accept-Encoding": "identity",
                "User-Agent": f"agemodel/{agemodel.__version__}",
            },
            hooks={"response": _leave_packed},
        )
        download(url, file, None)
    if sha256 and pooch.file_hash(str(path)) != sha256.lower():
        raise DatasetError(
            f"What {shown_url(url)} gave has another checksum: its SHA-256 is "
            f"{pooch.file_hash(str(path))}. It was deleted. Check the address and the "
            "checksum."
        )


def shown_url(url: str) -> str:
    """An address as it may be shown: without user, password and query."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"
    except ValueError:
        return "the address"


def check_address(url: str, sha256: str) -> None:
    """Refuse an address that is not of http or https, and what is no SHA-256.

    Raises:
        DatasetError: one of them is refused; an empty `sha256` is not.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise DatasetError(
            "The address must begin with http:// or https:// and a host. An archive "
            "or a folder on this machine is imported with: python -m agemodel data "
            "import PATH"
        )
    if sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DatasetError(
            f"{sha256!r} is not a SHA-256. Give its 64 hexadecimal digits."
        )


class _PoochProgress:
    """The progress bar that pooch fills; it counts what is in the file."""

    total = 0  # bytes that the server states, set by pooch; 0 if it states none

    def __init__(self, file: BinaryIO, on_progress: OnProgress) -> None:
        self._file = file
        self._on_progress = on_progress

    def update(self, _: int) -> None:
        self._on_progress(self._file.tell(), self.total or None, "downloading")

    def reset(self) -> None:
        """Called at the end, before a last `update`."""

    def close(self) -> None:
        """Called after it."""


def _leave_packed(response: requests.Response, **_: object) -> None:
    """Have a .gz stored as it comes, also where it is labelled as an encoding."""
    response.raw.headers.pop("Content-Encoding", None)


@contextmanager
def _failures_told(url: str, file: BinaryIO, on_progress: OnProgress) -> Iterator[None]:
    """Translate what pooch and requests raise, whose texts may hold a secret."""
    where = shown_url(url)
    try:
        yield
    except requests.HTTPError as error:
        status = 0 if error.response is None else error.response.status_code
        wrong = "is out of order" if status >= 500 else "did not answer with a file"
        raise DatasetError(
            f"{where} {_MEANINGS.get(status, wrong)} (HTTP {status}). Check the "
            f"address. {_BY_HAND}"
        ) from None
    except (requests.RequestException, ValueError) as error:
        done = file.tell()
        on_progress(done, None, "interrupted")  # who cancelled meanwhile is told so
        failed = f"{where} cannot be reached ({type(error).__name__})."
        if done:
            failed = f"The connection to {where} broke after {megabytes(done)}."
        raise DatasetError(
            f"{failed} Check the address, or start the download again: it begins "
            f"anew. {_BY_HAND}"
        ) from None
