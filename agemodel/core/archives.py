"""Reading archives that are never trusted: the one reader of .zip and .tar.

A zip's table of contents and every member have hard caps in bytes, whatever sizes they
state; nothing is written. What no honest archive of photos holds is told as an
`Oddity`. Only stored and deflated members are read, because their decoder hands out a
bounded amount at a time. The callers have the limits, and the sentences for people.
"""

from __future__ import annotations

import gzip
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from enum import Enum, auto
from typing import BinaryIO, Protocol, cast

ARCHIVE_ERRORS = (
    *(tarfile.TarError, gzip.BadGzipFile, zipfile.BadZipFile, zipfile.LargeZipFile),
    *(zlib.error, struct.error, EOFError, ValueError, RuntimeError),
    *(OverflowError, LookupError, MemoryError),
)
"""What the standard library raises on a damaged archive, `OSError` aside."""

_CHUNK_BYTES = 1 << 16
_LOCAL_HEADER_BYTES = 30
_LOCKED = 0x1 | 0x40 | 0x2000
"""Flags of a password, of strong encryption and of hidden headers (APPNOTE 4.4.4)."""
_TAR_HEADER_BYTES = 1 << 16  # an extended header holds a name; 64 KiB is plenty
_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


class Oddity(Enum):
    """Why a member must not be read."""

    OUTSIDE = auto()
    """Its name points outside the archive, in the manner of Unix or of Windows."""
    NO_FILE = auto()
    """It is a link, a device or a sparse file."""
    LOCKED = auto()
    """It needs a password."""
    RARE_PACKING = auto()
    """It is packed by another method than deflate."""
    SHARED_BYTES = auto()
    """Its bytes are also those of another member, or of the table of contents."""


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Read at most `size` bytes."""


# ---------------------------------------------------------------- zip


class ZipReader:
    """The members of a .zip.

    Attributes:
        entries: all that its table of contents lists, folders too.
        read_bytes: how many bytes have been unpacked so far.
    """

    def __init__(self, stream: BinaryIO, most_directory_bytes: int) -> None:
        """Read the table of contents.

        Args:
            stream: the archive; seekable.
            most_directory_bytes: a larger table of contents is taken for damage.

        Raises:
            Exception: one of `ARCHIVE_ERRORS`, or an `OSError`.
        """
        bounded = cast(BinaryIO, _BoundedReads(stream, most_directory_bytes))
        self._zip = zipfile.ZipFile(bounded)
        self.entries = self._zip.infolist()
        self.read_bytes = 0
        self._sharing = _sharing_bytes(self.entries, self._zip.start_dir)

    def oddity(self, entry: zipfile.ZipInfo) -> Oddity | None:
        """Why an entry must not be read; None for an honest one."""
        if _points_outside(entry.filename):
            return Oddity.OUTSIDE
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR if entry.is_dir() else 0):
            return Oddity.NO_FILE
        if entry.flag_bits & _LOCKED:
            return Oddity.LOCKED
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return Oddity.RARE_PACKING
        if entry.header_offset in self._sharing:
            return Oddity.SHARED_BYTES
        return None

    def read(self, entry: zipfile.ZipInfo, most_bytes: int) -> bytes:
        """Unpack a member, counting every byte that comes out.

        Returns:
            At most `most_bytes` + 1 bytes: the one more tells that it is larger.

        Raises:
            Exception: one of `ARCHIVE_ERRORS`, or an `OSError`.
        """
        chunks: list[bytes] = []
        left = most_bytes + 1
        with self._zip.open(entry) as member:
            while left and (chunk := member.read(min(left, _CHUNK_BYTES))):
                self.read_bytes += len(chunk)
                left -= len(chunk)
                chunks.append(chunk)
        return b"".join(chunks)


class _BoundedReads:
    """A stream of which no more than a directory's worth is read at once.

    zipfile reads the whole directory in one go and makes an object of every entry.
    """

    def __init__(self, stream: BinaryIO, most_bytes: int) -> None:
        self._stream = stream
        self._most_bytes = most_bytes
        self._size = stream.seek(0, os.SEEK_END)
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1, /) -> bytes:
        rest = max(self._size - self.tell(), 0)
        size = rest if size < 0 else min(size, rest)
        if size > self._most_bytes:
            raise zipfile.BadZipFile("its table of contents is too large")
        return self._stream.read(size)


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


# ---------------------------------------------------------------- tar


def open_tar(stream: Readable) -> tarfile.TarFile:
    """A tar, to be read once from its begin to its end, with every header checked.

    Raises:
        Exception: one of `ARCHIVE_ERRORS`; also while it is read.
    """
    return tarfile.open(fileobj=stream, mode="r|", tarinfo=_StrictTarInfo)  # type: ignore[call-overload]


def tar_oddity(info: tarfile.TarInfo) -> Oddity | None:
    """Why a member of a tar must not be read; None for an honest one."""
    if _points_outside(info.name):
        return Oddity.OUTSIDE
    if not info.isdir() and (not info.isreg() or info.issparse()):
        return Oddity.NO_FILE
    return None


class CountedReader:
    """A stream that says how much has been read of it.

    Args:
        stream: what is read.
        check: called with the bytes read so far; what it raises ends the reading.
    """

    def __init__(self, stream: Readable, check: Callable[[int], None]) -> None:
        self._stream = stream
        self._check = check
        self._read_bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read at most `size` bytes."""
        data = self._stream.read(size)
        self._read_bytes += len(data)
        self._check(self._read_bytes)
        return data


class _StrictTarInfo(tarfile.TarInfo):
    """A tar header that is checked before tarfile acts on it.

    By itself tarfile takes a damaged header for the end of the archive, silently, and
    reads an extended header of any size into memory.
    """

    @classmethod
    def frombuf(
        cls, buf: bytes | bytearray, encoding: str, errors: str
    ) -> _StrictTarInfo:
        end_marker = len(buf) == tarfile.BLOCKSIZE and not any(buf)
        try:
            info = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if end_marker:
                raise
            raise tarfile.ReadError(str(error)) from error
        extended = info.type in _EXTENDED
        if info.size < 0 or (extended and info.size > _TAR_HEADER_BYTES):
            raise tarfile.ReadError("a header with an impossible size")
        return info

    def _proc_gnusparse_10(self, *_: object) -> None:
        # Its map is read without an end; sparse files are refused anyway.
        raise tarfile.ReadError("a sparse file")


def _points_outside(name: str) -> bool:
    absolute = re.match(r"[/\\]|[A-Za-z]:", name) is not None
    return absolute or ".." in re.split(r"[/\\]", name)
