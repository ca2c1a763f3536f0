"""Uploaded files in, photos that are waiting to be read out.

A `.zip` stands for the photos in it. It is never trusted: its directory, each member
and all members together have hard caps in bytes, whatever sizes it states, and nothing
is ever written. What cannot be read is a photo, too, whose `read` raises the sentence
that says why, so that nothing vanishes without a line.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import PurePosixPath

from agemodel.errors import ImageError
from agemodel.images import MAX_BYTES

MAX_PHOTOS = 300
"""Most photos at a time: their previews take about 100 MB."""
MAX_MEMBER_BYTES = min(100 * 1024**2, MAX_BYTES)
"""Largest file that is read out of an archive."""
MAX_UNPACKED_BYTES = 2 * 1024**3
"""Most bytes that are read out of one archive, a member at a time."""
MAX_DIRECTORY_BYTES = 2 * 1024**2
"""Largest table of contents of an archive: about 20,000 files."""

ARCHIVE_SUFFIX = ".zip"

_OTHER_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_BOOKKEEPING = re.compile(r"(^|/)(__MACOSX/|\.(?!\.)|(Thumbs\.db|desktop\.ini)$)", re.I)
"""What systems leave beside photos; nobody put it there, so it is no photo."""
_CHUNK_BYTES = 1 << 16
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError),
    *(ValueError, RuntimeError, NotImplementedError, struct.error, OverflowError),
    *(LookupError, MemoryError),
)


@dataclass(frozen=True, eq=False)
class Upload:
    """A photo that waits to be read.

    Attributes:
        name: as given; `archive.zip/folder/photo.jpg` for a member of an archive.
        read: gives its bytes, or raises an ImageError that says why not.
        notes: sentences that belong to the photo.
    """

    name: str
    read: Callable[[], bytes]
    notes: tuple[str, ...] = ()


def find_photos(
    files: Iterable[tuple[str, bytes]], most: int = MAX_PHOTOS
) -> list[Upload]:
    """List the photos in uploaded files, those in archives included.

    Nothing is unpacked yet: each photo's bytes are read when it is its turn.

    Args:
        files: names and contents.
        most: how many photos are taken; the rest is one entry that says so.
    """
    every = (upload for name, data in files for upload in _photos_of(name, data))
    taken = list(islice(every, max(most, 0)))
    left_out = sum(1 for _ in every)
    if left_out:
        taken.append(_left_out(left_out))
    return taken


def _photos_of(name: str, data: bytes) -> Iterator[Upload]:
    if name.lower().endswith(ARCHIVE_SUFFIX):
        yield from _members(name, data)
    else:
        yield Upload(name, lambda: data)


def _left_out(count: int) -> Upload:
    were = "1 file was" if count == 1 else f"{count:,} files were"
    return _refused(
        "Too many photos",
        f"{were} left out: at most {MAX_PHOTOS} photos are kept at a time. Take the "
        "results away, clear everything, and bring the rest.",
    )


def _refused(name: str, sentence: str) -> Upload:
    def read() -> bytes:
        raise ImageError(sentence)

    return Upload(name, read)


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


class _Archive:
    """A .zip in memory and what may still be read out of it."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._zip = zipfile.ZipFile(_Directory(data))
        self._left_bytes = MAX_UNPACKED_BYTES
        self.entries = [
            entry
            for entry in self._zip.infolist()
            if not entry.is_dir() and not _BOOKKEEPING.search(entry.filename)
        ]

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """Unpack one member, counting every byte that comes out.

        Raises:
            ImageError: the member is refused, damaged or larger than a cap.
        """
        shown = f"{self.name}/{entry.filename}"
        if reason := _oddity(entry):
            raise ImageError(f"{shown} is refused: {reason}")
        chunks: list[bytes] = []
        size = 0
        try:
            with self._zip.open(entry) as member:
                while chunk := member.read(_CHUNK_BYTES):
                    size += len(chunk)
                    self._count(len(chunk), size, shown)
                    chunks.append(chunk)
        except _ZIP_ERRORS as error:
            raise ImageError(
                f"{shown} cannot be unpacked: expected a whole file, got one that is "
                "damaged or cut off. Make the archive again."
            ) from error
        return b"".join(chunks)

    def _count(self, new_bytes: int, size: int, shown: str) -> None:
        self._left_bytes -= new_bytes
        if size > MAX_MEMBER_BYTES:
            raise ImageError(
                f"{shown} is too large: expected at most {_mb(MAX_MEMBER_BYTES)} "
                "unpacked, got more."
            )
        if self._left_bytes < 0:
            raise ImageError(
                f"{shown} was left out: at most {_mb(MAX_UNPACKED_BYTES)} are unpacked "
                "from one archive. Split it and bring the parts."
            )


def _members(name: str, data: bytes) -> list[Upload]:
    try:
        archive = _Archive(name, data)
    except _ZIP_ERRORS:
        sentence = (
            f"{name} cannot be opened: expected a .zip of photos with at most about "
            "20,000 files, got one that is damaged, cut off, too large or no .zip. "
            "Make it again, or choose the photos themselves."
        )
        return [_refused(name, sentence)]
    if not archive.entries:
        return [_refused(name, f"{name} is empty: expected a .zip of photos.")]
    return [_member(archive, entry) for entry in archive.entries]


def _member(archive: _Archive, entry: zipfile.ZipInfo) -> Upload:
    return Upload(f"{archive.name}/{entry.filename}", lambda: archive.read(entry))


def _oddity(entry: zipfile.ZipInfo) -> str | None:
    """Why a member is refused unread; None for an honest one."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    parts = re.split(r"[/\\]", entry.filename)
    if ".." in parts or re.match(r"[/\\]|[A-Za-z]:", entry.filename):
        return "its name points outside the archive."
    if kind not in (0, stat.S_IFREG):
        return "it is a link or a device, not a file."
    if entry.flag_bits & 0x1:
        return "it is locked with a password. Unpack the archive and bring the photos."
    if PurePosixPath(entry.filename).suffix.lower() in _OTHER_ARCHIVES:
        return "it is an archive inside an archive. Bring it by itself."
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in a rare way. Make the archive again as an ordinary .zip."
    return None


def _mb(byte_count: int) -> str:
    return f"{byte_count // 1024**2:,} MB"
