"""Downloading UTKFace: from Kaggle's mirror or an address to the imported dataset.

What comes lies in the folder `download` of the data folder (same disk, not under
version control), is imported by `import_dataset`, and is deleted. A download from the
mirror that was cancelled, cut off or killed goes on when it is started again; one from
an address starts anew.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.core.file_locks import lock_or_raise
from agemodel.core.files import check_room, data_place, megabytes, writing
from agemodel.dataset import kaggle_mirror
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.import_report import ImportReport
from agemodel.dataset.members import Limits
from agemodel.dataset.url_download import check_address, fetch_url

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
MAX_BYTES = Limits.total_bytes  # a larger archive is refused
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
            within `url_download.TIMEOUTS_S`.
        import_progress: the same for the import that follows.

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
        check_address(url, sha256)
    elif sha256:
        raise DatasetError(
            "A SHA-256 is of one archive: give its address too (--from). What comes "
            "from Kaggle is checked against Kaggle's own checksum."
        )
    data_dir = Path(data_dir)
    folder = data_dir / FOLDER_NAME
    running = DatasetError(
        f"Another download into {data_dir} is running. Wait for it to end, or "
        "cancel it, then try again."
    )
    with writing("The download", data_place(data_dir), DatasetError):
        folder.mkdir(parents=True, exist_ok=True)
        with lock_or_raise(data_dir / LOCK_NAME, running):
            try:
                if url is None:
                    tell = _with_size_checked(progress, folder, copies=2.5)
                    return _from_mirror(data_dir, tell, import_progress, keep)
                tell = _with_size_checked(progress, folder, copies=1.5)
                return _from_url(url, sha256, data_dir, tell, import_progress, keep)
            finally:
                with suppress(OSError):  # unless something is kept in it
                    folder.rmdir()


def mirror_is_begun(data_dir: Path) -> bool:
    """Whether a download from the mirror that did not end is there to go on from."""
    return kaggle_mirror.is_begun(Path(data_dir) / FOLDER_NAME / _CACHE)


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


def _from_url(
    url: str,
    sha256: str,
    data_dir: Path,
    tell: OnProgress,
    import_progress: OnProgress | None,
    keep: bool,
) -> DownloadReport:
    """Fetch and import an archive, in a folder that is gone at last."""
    folder = data_dir / FOLDER_NAME
    arriving = folder / _ARRIVING
    shutil.rmtree(arriving, ignore_errors=True)  # what a killed process left
    arriving.mkdir()
    try:
        archive = arriving / _file_name(url)
        fetch_url(url, archive, tell, sha256)
        report = import_dataset(archive, data_dir, progress=import_progress)
        kept = archive.replace(folder / archive.name) if keep else None
        return DownloadReport(report, kept)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)


def _with_size_checked(
    progress: OnProgress | None, folder: Path, copies: float
) -> OnProgress:
    """Report progress, and refuse a file that is too large for us or for the disk.

    Args:
        progress: told what is not refused.
        folder: where the file comes to lie.
        copies: how much room the file needs after it has come, in its own sizes.
    """
    fitting = None

    def tell(done: int, total: int | None, text: str) -> None:
        nonlocal fitting
        if max(done, total or 0) > MAX_BYTES:
            raise DatasetError(
                f"The download is refused: it is larger than {megabytes(MAX_BYTES)}, "
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
