"""A `.zip` of photos in memory, which is never trusted.

Its table of contents, each member and all members together have hard caps in bytes,
whatever sizes it states; nothing is ever written. Links, devices, archives inside it,
members with a password and members that share their bytes are refused by name.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from agemodel.core.caps import caps, in_mb
from agemodel.core.errors import ImageError
from agemodel.core.file_names import shown_name

MAX_DIRECTORY_BYTES = 2 * 1024**2
"""Largest table of contents of an archive: about 20,000 files."""

_OTHER_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_BOOKKEEPING = re.compile(r"(^|/)(__MACOSX/|\.(?!\.)|(Thumbs\.db|desktop\.ini)$)", re.I)
"""What systems leave beside photos; nobody put it there, so it is no photo."""
_CHUNK_BYTES = 1 << 16
_LOCAL_HEADER_BYTES = 30
_LOCKED = 0x1 | 0x40 | 0x2000
"""Flags of a password, of strong encryption and of hidden headers (APPNOTE 4.4.4)."""
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError),
    *(ValueError, RuntimeError, NotImplementedError, struct.error, OverflowError),
    *(LookupError, MemoryError),
)


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
            self._zip = zipfile.ZipFile(_Directory(data))
        except _ZIP_ERRORS as error:
            raise ImageError(
                f"{self.name} cannot be opened: expected a .zip of photos with at most "
                "about 20,000 files, got one that is damaged, cut off, too large or no "
                ".zip. Make it again, or choose the photos themselves."
            ) from error
        every = self._zip.infolist()
        self.listed = len(every)
        self.entries = [
            entry
            for entry in every
            if not entry.is_dir() and not _BOOKKEEPING.search(entry.filename)
        ]
        self._sharing = _sharing_bytes(every, self._zip.start_dir)
        self._left_bytes = caps().unpacked_bytes

    def shown(self, entry: zipfile.ZipInfo) -> str:
        """A member's name behind the archive's, as it is shown."""
        return shown_name(f"{self.name}/{entry.filename}")

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """Unpack one member, counting every byte that comes out.

        Raises:
            ImageError: the member is refused, damaged or larger than a cap.
        """
        shown = self.shown(entry)
        if reason := self._oddity(entry):
            raise ImageError(f"{shown} is refused: {reason}")
        self._check(entry.file_size, entry.file_size, shown)
        chunks: list[bytes] = []
        size = 0
        try:
            with self._zip.open(entry) as member:
                while chunk := member.read(_CHUNK_BYTES):
                    size += len(chunk)
                    self._check(len(chunk), size, shown)
                    self._left_bytes -= len(chunk)
                    chunks.append(chunk)
        except _ZIP_ERRORS as error:
            raise ImageError(
                f"{shown} cannot be unpacked: expected a whole file, got one that is "
                "damaged or cut off. Make the archive again."
            ) from error
        return b"".join(chunks)

    def _check(self, new_bytes: int, size: int, shown: str) -> None:
        limits = caps()
        most = min(limits.member_bytes, limits.file_bytes)
        if size > most:
            raise ImageError(
                f"{shown} is too large: expected at most {in_mb(most)} unpacked, got "
                "more."
            )
        if new_bytes > self._left_bytes:
            raise ImageError(
                f"{shown} was left out: at most {in_mb(limits.unpacked_bytes)} are "
                "unpacked from one archive. Split it and bring the parts."
            )

    def _oddity(self, entry: zipfile.ZipInfo) -> str | None:
        """Why a member is refused unread; None for an honest one."""
        kind = stat.S_IFMT(entry.external_attr >> 16)
        parts = re.split(r"[/\\]", entry.filename)
        if ".." in parts or re.match(r"[/\\]|[A-Za-z]:", entry.filename):
            return "its name points outside the archive."
        if kind not in (0, stat.S_IFREG):
            return "it is a link or a device, not a file."
        if entry.flag_bits & _LOCKED:
            return (
                "it is locked with a password. Unpack the archive and bring the photos."
            )
        if PurePosixPath(entry.filename).suffix.lower() in _OTHER_ARCHIVES:
            return "it is an archive inside an archive. Bring it by itself."
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return (
                "it is packed in a rare way. Make the archive again as an ordinary "
                ".zip."
            )
        if entry.header_offset in self._sharing:
            return "it shares its bytes with another file. Make the archive again."
        return None


class _Directory(BytesIO):
    """An archive's bytes, of which no more than a directory's worth is read at once.

    zipfile reads the whole directory in one go and makes an object of every entry.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        rest = len(self.getbuffer()) - self.tell()
        size = rest if size is None or size < 0 else min(size, rest)
        if size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("its table of contents is too large")
        return super().read(size)


def _sharing_bytes(entries: list[zipfile.ZipInfo], directory_at: int) -> set[int]:
    """Where members begin whose bytes are others' too, or the directory's.

    Bombs of a few MB list the same bytes thousands of times (Fifield, 'A better zip
    bomb', 2019). Old versions of zipfile do not look.
    """
    sharing: set[int] = set()
    ahead = sorted(entries, key=lambda entry: entry.header_offset)
    last_at, last_end = -1, 0
    for entry in ahead:
        at = entry.header_offset
        end = at + _LOCAL_HEADER_BYTES + entry.compress_size
        if at < last_end:
            sharing |= {last_at, at}
        if end > directory_at:
            sharing.add(at)
        if end > last_end:
            last_at, last_end = at, end
    return sharing
