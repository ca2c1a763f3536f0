"""A `.zip` of photos, read by the reader of `core.archives`.

A member that must not be read costs itself alone: it is refused by name.
"""

from __future__ import annotations

import threading
import weakref
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

from agemodel.core.archives import ARCHIVE_ERRORS, Oddity, ZipReader
from agemodel.core.caps import caps, in_mb
from agemodel.core.errors import ImageError
from agemodel.core.file_names import is_bookkeeping, shown_name

MAX_DIRECTORY_BYTES = 2 * 1024**2
"""Largest table of contents of an archive: about 20,000 files."""

_OTHER_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_ERRORS = (*ARCHIVE_ERRORS, OSError)
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
    """A .zip and what may still be read out of it; threads may share one.

    Attributes:
        name: as it is shown.
        entries: its files, less what systems leave beside photos.
        listed: how many entries its table of contents has.
    """

    def __init__(self, name: str, stream: BinaryIO) -> None:
        """Read the table of contents.

        Args:
            name: of the archive, for messages and results.
            stream: its bytes, seekable; closed with the archive.

        Raises:
            ImageError: it is damaged, too large or no archive.
        """
        weakref.finalize(self, stream.close)
        self.name = shown_name(name)
        self._reading = threading.Lock()
        try:
            self._zip = ZipReader(stream, MAX_DIRECTORY_BYTES)
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
            if not entry.is_dir() and not is_bookkeeping(entry.filename)
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
        with self._reading:  # all that is unpacked is counted together
            return self._unpack(entry, shown)

    def _unpack(self, entry: zipfile.ZipInfo, shown: str) -> bytes:
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
