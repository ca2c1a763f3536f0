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
from requests.exceptions import (
    ChunkedEncodingError,
    InvalidSchema,
    SSLError,
    TooManyRedirects,
)

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
    410: "has nothing under this address any more",
}
"""Of statuses of HTTP, behind the name of the server."""


def fetch_url(
    url: str,
    path: Path,
    on_progress: OnProgress,
    sha256: str = "",
    timeouts_s: tuple[float, float] = TIMEOUTS_S,
) -> None:
    """Fetch the file at `url` into `path`.

    Args:
        url: of http or https.
        path: is written; after an error its content is of no use.
        on_progress: told the bytes that have come, the first time before any has.
        sha256: of the file, in hexadecimal; not checked if empty.
        timeouts_s: see `TIMEOUTS_S`.

    Raises:
        DatasetError: the address is refused, the connection fails, or the checksum is
            another. Its text names no password and no query.
        OSError: the disk does not take it.
    """
    check_url(url)
    on_progress(0, None, "connecting")
    with path.open("wb") as file, _failures_told(url, file, on_progress):
        download = pooch.HTTPDownloader(
            _PoochProgress(file, on_progress),
            _CHUNK_BYTES,
            timeout=timeouts_s,
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


def check_url(url: str) -> None:
    """Refuse an address that is not of http or https.

    Raises:
        DatasetError: it is not.
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


def check_sha256(sha256: str, url: str | None) -> None:
    """Refuse what is no SHA-256, or none of an archive at an address.

    Raises:
        DatasetError: it is refused.
    """
    if sha256 and url is None:
        raise DatasetError(
            "A SHA-256 is of one archive: give its address too (--from). What comes "
            "from Kaggle is checked against Kaggle's own checksum."
        )
    if sha256 and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise DatasetError(
            f"{sha256!r} is not a SHA-256. Give its 64 hexadecimal digits."
        )


class _PoochProgress:
    """The progress bar that pooch fills; it counts what is in the file."""

    def __init__(self, file: BinaryIO, on_progress: OnProgress) -> None:
        self._file = file
        self._on_progress = on_progress
        self._total = 0

    @property
    def total(self) -> int:
        """Bytes that the server states; 0 if it states none."""
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        """Set by pooch before the first piece."""
        self._total = total
        self.update(0)

    def update(self, _: int) -> None:
        self._on_progress(self._file.tell(), self._total or None, "downloading")

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
    except TooManyRedirects:
        raise DatasetError(f"{where} leads round in circles. Check it.") from None
    except InvalidSchema:
        raise DatasetError(
            f"{where} leads to an address that is neither http nor https, which is "
            "refused. Give the archive's own address."
        ) from None
    except SSLError:
        raise DatasetError(
            f"No secure connection to {where}. Check the address, and this machine's "
            "clock and certificates."
        ) from None
    except (requests.ConnectionError, requests.Timeout, ChunkedEncodingError):
        done = file.tell()
        on_progress(done, None, "interrupted")  # who cancelled meanwhile is told so
        broke = f"The connection to {where} broke after {megabytes(done)}."
        raise DatasetError(
            f"{broke if done else f'{where} cannot be reached.'} Start the download "
            f"again: it begins anew. {_BY_HAND}"
        ) from None
    except (requests.RequestException, ValueError) as error:
        raise DatasetError(
            f"The download from {where} failed ({type(error).__name__}). Check the "
            "address."
        ) from None
