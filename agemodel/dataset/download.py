"""Downloading UTKFace: from Kaggle's mirror or an address to the imported dataset.

What comes lies in the folder `download` of the data folder (same disk, not under
version control), is imported by `import_dataset`, and is deleted. A download from the
mirror that was cancelled, cut off or killed goes on when it is started again; one from
an address starts anew.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.core.file_locks import try_lock
from agemodel.core.files import check_room, data_place, megabytes, writing
from agemodel.dataset import kaggle_mirror
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.import_report import ImportReport
from agemodel.dataset.members import Limits
from agemodel.dataset.url_download import (
    TIMEOUTS_S,
    check_sha256,
    check_url,
    fetch_url,
)

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
_CACHE = "kaggle"
_ARRIVING = "arriving"


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
    progress: OnProgress | None = None,
    import_progress: OnProgress | None = None,
    max_bytes: int = Limits.total_bytes,
    timeouts_s: tuple[float, float] = TIMEOUTS_S,
) -> DownloadReport:
    """Download UTKFace and import it.

    Args:
        data_dir: the data folder, made if it is missing.
        url: of an archive; the mirror on Kaggle if not given.
        licence_accepted: that a person has accepted `LICENCE`.
        sha256: of the archive, in hexadecimal, if known; only with `url`.
        keep: leave the archive in `download` in the data folder.
        progress: told the bytes that have come. An error that it raises cancels the
            download within a second, or, while a server at an address does not answer,
            within `timeouts_s`.
        import_progress: the same for the import that follows.
        max_bytes: a larger archive is refused.
        timeouts_s: of an address, see `url_download`.

    Raises:
        LicenceNotAccepted: `licence_accepted` is false; nothing was done.
        DatasetError: another download is running; the source, or what it gave, is
            refused; the connection failed; there is no room; or the import failed. A
            dataset that was there before is still there.
    """
    if not licence_accepted:
        raise LicenceNotAccepted(
            "The terms of UTKFace must be accepted first: non-commercial research "
            "only. Read them, then accept them on the page or with --accept-licence."
        )
    if url is not None:
        check_url(url)
    check_sha256(sha256, url)
    data_dir = Path(data_dir)
    folder = data_dir / FOLDER_NAME
    with writing("The download", data_place(data_dir), DatasetError):
        folder.mkdir(parents=True, exist_ok=True)
        with _download_lock(data_dir), _removed_if_empty(folder):
            if url is None:
                tell = _with_size_checked(progress, folder, max_bytes, copies=2.5)
                return _from_mirror(data_dir, tell, import_progress, keep)
            tell = _with_size_checked(progress, folder, max_bytes, copies=1.5)
            with _emptied(folder / _ARRIVING) as arriving:
                archive = arriving / _file_name(url)
                fetch_url(url, archive, tell, sha256, timeouts_s)
                report = import_dataset(archive, data_dir, progress=import_progress)
                if not keep:
                    return DownloadReport(report, None)
                os.replace(archive, folder / archive.name)
                return DownloadReport(report, folder / archive.name)


def mirror_is_begun(data_dir: Path) -> bool:
    """Whether a download from the mirror that did not end is there to go on from."""
    return kaggle_mirror.is_begun(Path(data_dir) / FOLDER_NAME / _CACHE)


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


@contextmanager
def _removed_if_empty(folder: Path) -> Iterator[None]:
    """Delete a folder at the end of the block, unless something is in it."""
    try:
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """A folder that is empty at first, whatever was left in it, and gone at last."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_size_checked(
    progress: OnProgress | None, folder: Path, max_bytes: int, copies: float
) -> OnProgress:
    """Report progress, and refuse a file that is too large for us or for the disk.

    Args:
        progress: told what is not refused.
        folder: where the file comes to lie.
        max_bytes: of the file.
        copies: how much room the file needs after it has come, in its own sizes.
    """
    fitting = None

    def tell(done: int, total: int | None, text: str) -> None:
        nonlocal fitting
        if max(done, total or 0) > max_bytes:
            raise DatasetError(
                f"The download is refused: it is larger than {megabytes(max_bytes)}, "
                "and UTKFace is not. Check the address."
            )
        if total is not None and total != fitting:
            needed = int(total - done + copies * total)
            what = "the download and its import need"
            check_room(what, needed, data_place(folder), DatasetError)
            fitting = total
        if progress is not None:
            progress(done, total, text)

    return tell


def _file_name(url: str) -> str:
    """The last part of the address, made harmless."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", last).lstrip(".-")[-100:]
    return "UTKFace-archive" if name in ("", _CACHE, _ARRIVING) else name


def _from_mirror(
    data_dir: Path, tell: OnProgress, import_progress: OnProgress | None, keep: bool
) -> DownloadReport:
    """Fetch and import the mirror's images, which stay until they are imported."""
    cache = data_dir / FOLDER_NAME / _CACHE
    images = kaggle_mirror.fetch_mirror(cache, tell)
    report = import_dataset(images, data_dir, progress=import_progress)
    if keep:
        return DownloadReport(report, images)
    shutil.rmtree(cache)
    return DownloadReport(report, None)
