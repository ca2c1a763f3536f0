"""Downloading UTKFace: from a mirror or any address to the imported dataset.

The archive comes into the folder `download` of the data folder (same disk, not under
version control), is imported by `import_dataset`, and is deleted. A download that was
cancelled, cut off or killed goes on when the same one is started again.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agemodel.core.errors import DatasetError
from agemodel.core.file_locks import try_lock
from agemodel.core.files import data_place, writing
from agemodel.dataset.archive import ImportReport, Progress, import_dataset
from agemodel.dataset.fetch import (
    PARTIAL_NAME,
    STATE_NAME,
    check_url,
    fetch,
    forget,
    shown,
)
from agemodel.dataset.members import Limits
from agemodel.dataset.mirror import CACHE_NAME, fetch_mirror
from agemodel.dataset.transfer import (
    PAUSES_S,
    TIMEOUTS_S,
    DownloadCancelled,
    Transfer,
)

__all__ = [
    "LICENCE",
    "DownloadCancelled",
    "DownloadReport",
    "LicenceNotAccepted",
    "check_digest",
    "download_dataset",
    "is_begun",
]

LICENCE = """\
UTKFace is given out by its authors for non-commercial research only.

- Neither the images nor anything derived from them may be used commercially.
- No part of the images may be published or passed on; copies for use inside one
  organisation, at one site, are allowed.
- The images were collected from the Internet; their copyright stays with their owners.

The terms themselves, which alone count: https://susanqq.github.io/UTKFace/
"""
"""The terms in short, in Markdown, for a person to accept before a download."""

FOLDER_NAME = "download"
LOCK_NAME = ".download.lock"


class LicenceNotAccepted(DatasetError):
    """A download was started without the dataset's terms being accepted."""


@dataclass(frozen=True)
class DownloadReport:
    """What came of a download.

    Attributes:
        imported: what came of the import.
        kept: where the archive or folder that came lies, if it was to be kept.
    """

    imported: ImportReport
    kept: Path | None


def download_dataset(
    data_dir: Path,
    url: str | None = None,
    *,
    licence_accepted: bool,
    sha256: str = "",
    keep: bool = False,
    progress: Progress | None = None,
    import_progress: Progress | None = None,
    cancel: threading.Event | None = None,
    max_bytes: int = Limits.total_bytes,
    pauses_s: tuple[float, ...] = PAUSES_S,
    timeouts_s: tuple[float, float] = TIMEOUTS_S,
) -> DownloadReport:
    """Download UTKFace and import it.

    It blocks; a page calls it in a thread and reads what `progress` was told.

    Args:
        data_dir: the data folder, made if it is missing.
        url: of an archive; the mirror on Kaggle if not given.
        licence_accepted: that a person has accepted `LICENCE`.
        sha256: of the archive, in hexadecimal, if known; only with `url`.
        keep: leave the archive in `download` in the data folder.
        progress: called now and then with the bytes that have come, their total if
            known, and a phrase; from this thread.
        import_progress: the same for the import that follows.
        cancel: set it, from any thread, to stop within a second (while a server does
            not answer at all, within `timeouts_s`).
        max_bytes: a larger archive is refused.
        pauses_s: between attempts, see `Transfer`.
        timeouts_s: see `Transfer`.

    Raises:
        LicenceNotAccepted: `licence_accepted` is false; nothing was done.
        DownloadCancelled: `cancel` was set; what has come is kept.
        DatasetError: another download is running; the source, or what it gave, is
            refused; the connection failed for good; there is no room; or the import
            failed. A dataset that was there before is still there.
    """
    if not licence_accepted:
        raise LicenceNotAccepted(
            "The terms of UTKFace must be accepted first: non-commercial research "
            "only. Read them, then accept them on the page or with --accept-licence."
        )
    if url is not None:
        check_url(url)
    check_digest(sha256, url)
    data_dir = Path(data_dir)
    transfer = Transfer(
        folder=data_dir / FOLDER_NAME,
        max_bytes=max_bytes,
        progress=progress,
        cancel=cancel or threading.Event(),
        pauses_s=pauses_s,
        timeouts_s=timeouts_s,
    )
    with writing("The download", data_place(data_dir), DatasetError):
        data_dir.mkdir(parents=True, exist_ok=True)
        with _download_lock(data_dir):
            if url is None:
                came = fetch_mirror(transfer)
                waste = transfer.folder / CACHE_NAME
            else:
                came = waste = _fetch_archive(url, sha256, transfer)
            return _import(came, waste, data_dir, transfer, import_progress, keep)


def is_begun(data_dir: Path, *, mirror: bool) -> bool:
    """Whether a download that did not end is there, for the same one to go on from.

    Args:
        data_dir: the data folder.
        mirror: ask for one from the mirror on Kaggle, else for one from an address.
    """
    folder = Path(data_dir) / FOLDER_NAME
    if mirror:
        return any(folder.glob(f"{CACHE_NAME}/datasets/*"))
    return (folder / STATE_NAME).exists()


def check_digest(sha256: str, url: str | None) -> None:
    """Refuse what is no SHA-256, or none of an archive at an address.

    Raises:
        DatasetError: it is not.
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


@contextmanager
def _download_lock(data_dir: Path) -> Iterator[None]:
    """Hold the one lock of downloads; the system lets go when a process dies."""
    held = try_lock(data_dir / LOCK_NAME)
    if held is None:
        raise DatasetError(
            f"Another download into {data_dir} is running. Wait for it to end, or "
            "cancel it, then try again."
        )
    with held:
        yield


def _fetch_archive(url: str, sha256: str, transfer: Transfer) -> Path:
    """Fetch `url`, check it, and give it the name that the address ends with."""
    archive = transfer.folder / _file_name(url)
    partial = transfer.folder / PARTIAL_NAME
    unfinished = (transfer.folder / STATE_NAME).exists() and not partial.exists()
    if unfinished and archive.exists():
        # It was renamed below, but its import did not come to an end.
        os.replace(archive, partial)
    fetch(url, transfer)
    if sha256:
        with partial.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256.lower():
            forget(transfer.folder)
            raise DatasetError(
                f"What {shown(url)} gave has another checksum: its SHA-256 is {found}. "
                "It was deleted. Check the address and the checksum."
            )
    os.replace(partial, archive)
    return archive


def _file_name(url: str) -> str:
    """The last part of the address, made harmless."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", last).lstrip(".-")[-100:]
    taken = name.startswith(PARTIAL_NAME) or name == CACHE_NAME
    return "UTKFace-archive" if taken or not name else name


def _import(
    came: Path,
    waste: Path,
    data_dir: Path,
    transfer: Transfer,
    progress: Progress | None,
    keep: bool,
) -> DownloadReport:
    """Import what came, then delete it; also if the import finds it useless."""

    def tell(done: int, total: int | None, text: str) -> None:
        transfer.check_cancelled()
        if progress is not None:
            progress(done, total, text)

    try:
        report = import_dataset(came, data_dir, progress=tell)
    except DownloadCancelled:
        raise
    except DatasetError as error:
        if not _may_pass(error):
            _delete(waste, transfer.folder)
        raise
    if keep:
        (transfer.folder / STATE_NAME).unlink(missing_ok=True)
        return DownloadReport(report, came)
    _delete(waste, transfer.folder)
    return DownloadReport(report, None)


def _may_pass(error: DatasetError) -> bool:
    """Whether an import failed for its surroundings, not for what was imported."""
    cause = error.__cause__
    return isinstance(cause, OSError) and not isinstance(cause, gzip.BadGzipFile)


def _delete(waste: Path, folder: Path) -> None:
    """Delete what came, and the folder if nothing else is in it."""
    if waste.is_dir():
        shutil.rmtree(waste)
    else:
        waste.unlink(missing_ok=True)
        forget(folder)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
