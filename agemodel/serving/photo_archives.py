"""A `.zip` of photos in memory, read by the reader of `core.archives`.

A member that must not be read costs itself alone: it is refused by name.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

from agemodel.core.archives import ARCHIVE_ERRORS, Oddity, ZipReader
from agemodel.core.caps import caps, in_mb
from agemodel.core.errors import ImageError
from agemodel.core.file_names import shown_name

MAX_DIRECTORY_BYTES = 2 * 1024**2
"""Largest table of contents of an archive: about 20,000 files."""

_OTHER_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_BOOKKEEPING = re.compile(r"(^|/)(__MACOSX/|\.(?!\.)|(Thumbs\.db|desktop\.ini)$)", re.I)
"""What systems leave beside photos; nobody put it there, so it is no photo."""
_ERRORS = (*ARCHIVE_ERRORS, OSError)  # of bytes in memory, no disk's
_REASONS = {
    Oddity.OUTSIDE: "its name points outside the archive.",
    Oddity.NO_FILE: "it is a link or a device, not a file.",
    Oddity.LOCKED: "it is locked with a password. Unpack the archive and bring the "
    "photos.",
    Oddity.RARE_PACKING: "it is packed in a rare way. Make the archive again as an "
    "ordinary .zip.",
    Oddity.SHARED_BYTES: "it shares its bytes with another file. Make the archive "
    "again.",
}


class PhotoArchive:
    """A .zip in memory and what may still be read out of it.

    Attributes:
        name: as it is shown.
        entries: its files, less what systems leave beside photos.
        listed: how many entries its table of contents has.
    """

    def __init__(self, name: str, data: bytes) -> None:
        """Read the table of contents.

        Raises:
            ImageError: it is damaged, too large or no archive.
        """
        self.name = shown_name(name)
        try:
            self._zip = ZipReader(BytesIO(data), MAX_DIRECTORY_BYTES)
        except _ERRORS as error:
            raise ImageError(
                f"{self.name} cannot be opened: expected a .zip of photos with at most "
                "about 20,000 files, got one that is damaged, cut off, too large or no "
                ".zip. Make it again, or choose the photos themselves."
            ) from error
        self.listed = len(self._zip.entries)
        self.entries = [
            entry
            for entry in self._zip.entries
            if not entry.is_dir() and not _BOOKKEEPING.search(entry.filename)
        ]

    def shown(self, entry: zipfile.ZipInfo) -> str:
        """A member's name behind the archive's, as it is shown."""
        return shown_name(f"{self.name}/{entry.filename}")

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """Unpack one member.

        Raises:
            ImageError: the member is refused, damaged or larger than a cap.
        """
        shown = self.shown(entry)
        oddity = self._zip.oddity(entry)
        if oddity is not None:
            raise ImageError(f"{shown} is refused: {_REASONS[oddity]}")
        if PurePosixPath(entry.filename).suffix.lower() in _OTHER_ARCHIVES:
            raise ImageError(
                f"{shown} is refused: it is an archive inside an archive. Bring it by "
                "itself."
            )
        limits = caps()
        most = min(limits.member_bytes, limits.file_bytes)
        left = max(limits.unpacked_bytes - self._zip.read_bytes, 0)
        _check_size(entry.file_size, most, left, shown)
        try:
            data = self._zip.read(entry, min(most, left))
        except _ERRORS as error:
            raise ImageError(
                f"{shown} cannot be unpacked: expected a whole file, got one that is "
                "damaged or cut off. Make the archive again."
            ) from error
        _check_size(len(data), most, left, shown)
        return data


def _check_size(size: int, most: int, left: int, shown: str) -> None:
    """Refuse a member that is too large by itself, or for what is left."""
    if size > most:
        raise ImageError(
            f"{shown} is too large: expected at most {in_mb(most)} unpacked, got more."
        )
    if size > left:
        raise ImageError(
            f"{shown} was left out: at most {in_mb(caps().unpacked_bytes)} are "
            "unpacked from one archive. Split it and bring the parts."
        )
