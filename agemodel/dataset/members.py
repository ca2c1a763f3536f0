"""The files in an archive or a folder, one at a time, read safely.

Nothing here writes. An archive is streamed and never trusted: each file has a hard
cap in bytes, so have the total and the number of files, whatever sizes the archive
states. What no honest archive of photos holds (`..`, absolute names, links, devices,
sparse files, encryption) refuses the whole of it. Only gzip and deflate are read,
because their decoders hand out a bounded amount at a time.
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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from agemodel.core.errors import DatasetError

_HEADER_BYTES = 1 << 16  # an extended tar header holds a name; 64 KiB is plenty
_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


@dataclass(frozen=True)
class Limits:
    """How much a source may hold.

    Attributes:
        file_bytes: the largest file that is read; a larger one is a reject.
        total_bytes: of everything unpacked; a source with more is refused.
        files: how many; a source with more is refused.
    """

    file_bytes: int = 5_000_000
    total_bytes: int = 2_000_000_000
    files: int = 100_000


@dataclass(frozen=True)
class Member:
    """One file of a source.

    Attributes:
        name: its path inside the source, as given.
        data: its bytes; None where it was not read.
        reason: a sentence that says why it was not read, else empty.
        done_bytes: how much of the source has been read with this file, of
            `source_bytes`.
    """

    name: str
    data: bytes | None
    reason: str
    done_bytes: int


def source_bytes(source: Path) -> int:
    """The size of an archive, or of all files in a folder."""
    if source.is_dir():
        return sum(info.st_size for _, info in list_folder(source))
    return source.stat().st_size


def iter_members(source: Path, limits: Limits) -> Iterator[Member]:
    """Read the files of a .tar, .tar.gz, .zip or folder, in its own order.

    The kind is told by the first bytes, not by the name.

    Raises:
        DatasetError: the source is of another kind, damaged, or refused.
    """
    if source.is_dir():
        members = _iter_folder(source, limits)
    else:
        members = _iter_archive(source, limits)
    for number, member in enumerate(members, start=1):
        if number > limits.files:
            raise DatasetError(
                f"{source.name} is refused: it holds more than {limits.files:,} files."
            )
        yield member


def list_folder(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Every entry below a folder that is not itself a folder, by its path, sorted.

    Links are listed, not followed.
    """
    found = []
    for parent, folders, files in os.walk(folder, onerror=_raise):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in files + links:
            path = Path(parent, name)
            found.append((path.relative_to(folder).as_posix(), path.lstat()))
    return sorted(found, key=lambda entry: entry[0])


def _raise(error: OSError) -> None:
    raise error


def _iter_folder(folder: Path, limits: Limits) -> Iterator[Member]:
    done_bytes = 0
    read_bytes = 0
    for name, info in list_folder(folder):
        done_bytes += info.st_size
        if not stat.S_ISREG(info.st_mode):
            reason = "The file is a link or a device, which is not followed."
            yield Member(name, None, reason, done_bytes)
            continue
        with (folder / name).open("rb") as file:
            data = file.read(limits.file_bytes + 1)
        read_bytes += len(data)
        _check_total(read_bytes, folder, limits)
        yield _capped(name, data, done_bytes, limits)


def _iter_archive(source: Path, limits: Limits) -> Iterator[Member]:
    with source.open("rb") as raw, _damage_told(source):
        start = raw.read(512)
        raw.seek(0)
        if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            yield from _iter_zip(raw, source, limits)
        elif start[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield from _iter_tar(unpacked, raw, source, limits)
        elif start[257:262] == b"ustar" or (start and not any(start)):  # or empty
            yield from _iter_tar(raw, raw, source, limits)
        else:
            raise DatasetError(
                f"{source.name} is not a .tar.gz, .tar or .zip archive. If it was "
                "downloaded, a page may have been saved in its place: download the "
                "archive again, or give the folder of the unpacked images."
            )


@contextmanager
def _damage_told(source: Path) -> Iterator[None]:
    """Translate what the libraries raise on a damaged archive."""
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _damaged(source, error) from error
    except (gzip.BadGzipFile, NotImplementedError, RuntimeError) as error:
        raise _damaged(source, error) from error
    except (
        ValueError,
        OverflowError,
        struct.error,
    ) as error:  # nonsense in a header's numbers
        raise _damaged(source, error) from error


def _damaged(source: Path, error: Exception | str) -> DatasetError:
    return DatasetError(
        f"{source.name} is damaged or cut short ({error}). Download it again."
    )


# ---------------------------------------------------------------- tar


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _CappedReader:
    """A stream that gives at most `limits.total_bytes`, then refuses the archive."""

    def __init__(self, stream: _Readable, source: Path, limits: Limits) -> None:
        self._stream = stream
        self._source = source
        self._limits = limits
        self._read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._read_bytes += len(data)
        _check_total(self._read_bytes, self._source, self._limits)
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
        if info.size < 0 or (info.type in _EXTENDED and info.size > _HEADER_BYTES):
            raise tarfile.ReadError("a header with an impossible size")
        return info

    def _proc_gnusparse_10(self, *_: object) -> None:
        # Its map is read without an end; sparse files are refused anyway.
        raise tarfile.ReadError("a sparse file")


def _iter_tar(
    stream: _Readable, raw: BinaryIO, source: Path, limits: Limits
) -> Iterator[Member]:
    """Stream a tar out of `stream`; `raw` tells how far the source has been read."""
    capped = _CappedReader(stream, source, limits)
    with tarfile.open(fileobj=capped, mode="r|", tarinfo=_StrictTarInfo) as archive:  # type: ignore[call-overload]
        for info in archive:
            _check_name(info.name, source)
            if info.isdir():
                continue
            if not info.isreg() or info.issparse():
                raise _refused(source, info.name, "a link, a device or a sparse file")
            if info.size > limits.file_bytes:
                yield Member(info.name, None, _too_large(limits), raw.tell())
                continue
            yield Member(info.name, archive.extractfile(info).read(), "", raw.tell())
    while capped.read(1 << 16):  # to the end, where gzip keeps its checksum
        pass


# ---------------------------------------------------------------- zip


def _iter_zip(raw: BinaryIO, source: Path, limits: Limits) -> Iterator[Member]:
    done_bytes = 0
    read_bytes = 0
    with zipfile.ZipFile(raw) as archive:
        for info in archive.infolist():
            _check_zip_entry(info, source)
            if info.is_dir():
                continue
            with archive.open(info) as file:
                data = file.read(limits.file_bytes + 1)
            done_bytes += info.compress_size
            read_bytes += len(data)
            _check_total(read_bytes, source, limits)
            yield _capped(info.filename, data, done_bytes, limits)


def _check_zip_entry(info: zipfile.ZipInfo, source: Path) -> None:
    _check_name(info.filename, source)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(source, info.filename, "a link or a device")
    if info.flag_bits & 0x1:
        raise _refused(source, info.filename, "encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(source, info.filename, "packed in another way than deflate")


# ---------------------------------------------------------------- checks


def _check_name(name: str, source: Path) -> None:
    """Refuse a name that points outside, in the manner of Unix or of Windows."""
    outside = ".." in re.split(r"[/\\]", name)
    absolute = re.match(r"[/\\]|[A-Za-z]:", name) is not None
    if outside or absolute:
        raise _refused(source, name, "a path that points outside the archive")


def _check_total(read_bytes: int, source: Path, limits: Limits) -> None:
    if read_bytes > limits.total_bytes:
        raise DatasetError(
            f"{source.name} is refused: it unpacks to more than "
            f"{limits.total_bytes / 1e6:,.0f} MB."
        )


def _capped(name: str, data: bytes, done_bytes: int, limits: Limits) -> Member:
    """A member whose data was read up to one byte past the cap."""
    if len(data) > limits.file_bytes:
        return Member(name, None, _too_large(limits), done_bytes)
    return Member(name, data, "", done_bytes)


def _too_large(limits: Limits) -> str:
    return f"The file is larger than {limits.file_bytes / 1e6:g} MB."


def _refused(source: Path, name: str, what: str) -> DatasetError:
    return DatasetError(
        f"{source.name} is refused: {name!r} in it is {what}. An archive of UTKFace "
        "holds plain files only."
    )
