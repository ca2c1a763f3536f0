"""Fetching one large file over http or https, in as many attempts as it takes.

What has come lies in a file called `partial`, and `partial.json` beside it says what it
is the beginning of. A later attempt, of this process or of another after a kill, asks
the server for the rest on condition that the file there is still the same (RFC 9110,
If-Range); a file that has changed, or a server that cannot tell, starts over.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3

import agemodel
from agemodel.core.errors import DatasetError
from agemodel.core.files import megabytes
from agemodel.dataset.transfer import Interruption, Transfer, on_cancel

PARTIAL_NAME = "partial"
STATE_NAME = "partial.json"
_PIECE_BYTES = 1 << 18
_START_BYTES = 512  # of an archive, to tell it by
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


def fetch(url: str, transfer: Transfer) -> Path:
    """Fetch the archive at `url`, or the rest of it.

    The file is on the disk, whole as far as the server's word goes, when this returns.

    Returns:
        The file, `partial` in the transfer's folder.

    Raises:
        DownloadCancelled: `transfer.cancel` was set.
        DatasetError: the address or what lies there is refused, there is no room, or
            the connection failed too often. Its text names no password and no query.
        OSError: the disk does not take it.
    """
    check_url(url)
    transfer.folder.mkdir(parents=True, exist_ok=True)

    def held() -> tuple[int, int | None]:
        beginning = _read_beginning(transfer.folder, url)
        return beginning.size, beginning.total

    transfer.tell(*held(), "connecting")
    with requests.Session() as session:
        return transfer.persist(lambda: _attempt(session, url, transfer), held)


def forget(folder: Path) -> None:
    """Delete what has come; the next attempt begins anew."""
    for name in (PARTIAL_NAME, STATE_NAME):
        (folder / name).unlink(missing_ok=True)


def shown(url: str) -> str:
    """An address for a person's eyes: no user, no password, no query."""
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


# ---------------------------------------------------------------- what has come


@dataclass(frozen=True)
class _Beginning:
    """What has come of a file.

    Attributes:
        size: bytes.
        validator: of the file, for If-Range: an entity tag or a date; may be empty.
        total: bytes of the whole file, if known.
    """

    size: int = 0
    validator: str = ""
    total: int | None = None


def _read_beginning(folder: Path, url: str) -> _Beginning:
    """What has come of the file at `url`; nothing if it belongs to another."""
    try:
        state = json.loads((folder / STATE_NAME).read_bytes())
        size = (folder / PARTIAL_NAME).stat().st_size
        if state["address_sha256"] == _digest(url):
            return _Beginning(size, state["validator"], state["total"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass
    return _Beginning()


def _begin(folder: Path, url: str, validator: str, total: int | None) -> None:
    """Empty the partial file, and only then say what will be in it."""
    (folder / PARTIAL_NAME).write_bytes(b"")
    state = {"address_sha256": _digest(url), "validator": validator, "total": total}
    draft = folder / (STATE_NAME + ".new")
    draft.write_text(json.dumps(state), "utf-8")
    os.replace(draft, folder / STATE_NAME)


def _digest(url: str) -> str:
    """Stands for an address, which may hold a secret, on the disk."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


# ---------------------------------------------------------------- one attempt


def _attempt(session: requests.Session, url: str, transfer: Transfer) -> Path:
    folder = transfer.folder
    held = _read_beginning(folder, url)
    with _get(session, url, held, transfer) as response:
        start, total = _where(response, held, folder)
        if response.status_code == 416:  # nothing is left to ask for
            transfer.tell(held.size, total)
            return folder / PARTIAL_NAME
        transfer.check_size(start, total, copies=1.5)
        if start == 0:
            _begin(folder, url, _validator(response), total)
        done = _write(response, url, start, total, transfer)
    if total is not None and done < total:
        raise Interruption(
            f"The connection to {shown(url)} broke after {megabytes(done)} of "
            f"{megabytes(total)}."
        )
    return folder / PARTIAL_NAME


@contextmanager
def _get(
    session: requests.Session, url: str, held: _Beginning, transfer: Transfer
) -> Iterator[requests.Response]:
    """Ask for the file, or for its rest; translate what the library raises.

    The library's own texts hold the address with its query, so none is passed on.
    """
    headers = {
        "Accept-Encoding": "identity",  # sizes and ranges are of the file itself
        "User-Agent": f"agemodel/{agemodel.__version__}",
    }
    if held.size and held.validator:
        headers |= {"Range": f"bytes={held.size}-", "If-Range": held.validator}
    where = shown(url)
    try:
        with session.get(
            url, headers=headers, stream=True, timeout=transfer.timeouts_s
        ) as response:
            _check_status(response, where)
            with on_cancel(transfer.cancel, response.raw.shutdown):
                yield response
    except requests.exceptions.TooManyRedirects:
        raise DatasetError(f"{where} leads round in circles. Check it.") from None
    except requests.exceptions.InvalidSchema:
        raise DatasetError(
            f"{where} leads to an address that is neither http nor https, which is "
            "refused. Give the archive's own address."
        ) from None
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" not in str(error):
            raise Interruption(f"No secure connection to {where}.") from None
        raise DatasetError(
            f"The certificate of {where} is not trusted. Check the address, and this "
            "machine's clock and certificates."
        ) from None
    except (requests.exceptions.ConnectionError, requests.exceptions.Timeout):
        raise Interruption(f"{where} cannot be reached.") from None
    except requests.exceptions.ChunkedEncodingError:
        raise Interruption(f"The connection to {where} broke.") from None
    except requests.exceptions.RequestException as error:
        raise DatasetError(
            f"The download from {where} failed ({type(error).__name__}). Check the "
            "address."
        ) from None


def _check_status(response: requests.Response, where: str) -> None:
    status = response.status_code
    if status in (200, 206, 416):
        return
    if status in _PASSING:
        asked = response.headers.get("Retry-After", "")
        wait_s = float(asked) if asked.isascii() and asked.isdigit() else 0.0
        raise Interruption(f"{where} is out of order (HTTP {status}).", wait_s)
    meaning = {
        401: "asks for a login",
        403: "refuses the request or asks for a login",
        404: "has nothing under this address",
        410: "has nothing under this address any more",
    }.get(status, "did not answer with a file")
    raise DatasetError(
        f"{where} {meaning} (HTTP {status}). Check the address, or download the "
        "archive with a browser and import it: python -m agemodel data import "
        "UTKFace.tar.gz"
    )


def _where(
    response: requests.Response, held: _Beginning, folder: Path
) -> tuple[int, int | None]:
    """The place in the file where the answer begins, and the file's size if known.

    Raises:
        Interruption: the answer does not go on from what has come, which is deleted.
    """
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isascii() and length.isdigit() else None
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    start, said = found.groups() if found else (None, None)
    total = int(said) if said and said != "*" else None
    if response.status_code == 206:
        fits = start == str(held.size)
    else:  # nothing lies behind what has come, if that is all there is
        fits = start is None and total == held.size
    same_size = None in (total, held.total) or total == held.total
    same_file = _validator(response) in ("", held.validator)
    if not (held.size and fits and same_size and same_file):
        forget(folder)
        raise Interruption(
            f"{shown(response.url)} does not go on from what has come: its file has "
            "changed, or its answers do not fit together."
        )
    return held.size, held.total if total is None else total


def _validator(response: requests.Response) -> str:
    """A strong entity tag, else the date of the last change, else nothing."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _write(
    response: requests.Response,
    url: str,
    start: int,
    total: int | None,
    transfer: Transfer,
) -> int:
    """Add the answer's body to the partial file.

    Every piece is handed to the system at once, so that a kill loses none that came;
    the end waits for the disk.

    Returns:
        How many bytes have come in all.
    """
    path = transfer.folder / PARTIAL_NAME
    done = start
    with path.open("ab") as file:
        try:
            transfer.tell(done, total)
            for piece in _pieces(response):
                file.write(piece)
                file.flush()
                if done < _START_BYTES <= done + len(piece):
                    _check_start(path, url, transfer.folder)
                done += len(piece)
                if done > transfer.max_bytes:
                    forget(transfer.folder)
                    transfer.check_size(done, total, copies=0)
                transfer.tell(done, total)
        except urllib3.exceptions.HTTPError:
            transfer.check_cancelled()  # it was shut, or else it broke
            raise Interruption(
                f"The connection to {shown(url)} broke after {megabytes(done)}."
            ) from None
        finally:
            os.fsync(file.fileno())
    transfer.tell(done, total)
    if done < _START_BYTES and (total is None or done == total):
        _check_start(path, url, transfer.folder)
    return done


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes over the wire: a .gz that is sent as one is not unpacked."""
    while piece := response.raw.read1(_PIECE_BYTES, decode_content=False):
        yield piece


def _check_start(path: Path, url: str, folder: Path) -> None:
    """Refuse what does not begin as a zip, a gzip or a tar does."""
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    archive = start.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"))
    if archive or start[257:262] == b"ustar":
        return
    forget(folder)
    page = start.lstrip()[:1] == b"<"
    raise _no_archive(url, "a web page" if page else "a file of another kind")


def _no_archive(url: str, what: str) -> DatasetError:
    return DatasetError(
        f"{shown(url)} gives {what}, not a .tar.gz, .tar or .zip archive. Open it in a "
        "browser: it may ask for a login or a confirmation. Give the address of the "
        "archive itself, or download it there and import it with: python -m agemodel "
        "data import UTKFace.tar.gz"
    )
