"""The files in an archive or a folder, one at a time, read safely.

Nothing here writes. Each file has a hard cap in bytes, so have the total and the number
of files, whatever sizes the archive states. What no honest archive of photos holds (see
`archives.Oddity`) refuses the whole of it.
"""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agemodel.core.archives import (
    ARCHIVE_ERRORS,
    CountedReader,
    Oddity,
    Readable,
    ZipReader,
    open_tar,
    tar_oddity,
)
from agemodel.core.errors import DatasetError

_DIRECTORY_BYTES = 1 << 25  # of a zip: 100,000 files of 335 bytes
_WHAT_IT_IS = {
    Oddity.OUTSIDE: "a path that points outside the archive",
    Oddity.NO_FILE: "a link, a device or a sparse file",
    Oddity.LOCKED: "encrypted",
    Oddity.RARE_PACKING: "packed in another way than deflate",
    Oddity.SHARED_BYTES: "a file that shares its bytes with another",
}


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
    except ARCHIVE_ERRORS as error:
        raise DatasetError(
            f"{source.name} is damaged or cut short ({error}). Download it again."
        ) from error


def _iter_tar(
    stream: Readable, raw: BinaryIO, source: Path, limits: Limits
) -> Iterator[Member]:
    """Stream a tar out of `stream`; `raw` tells how far the source has been read."""
    counted = CountedReader(stream, lambda size: _check_total(size, source, limits))
    with open_tar(counted) as archive:
        for info in archive:
            _check_oddity(tar_oddity(info), info.name, source)
            if info.isdir():
                continue
            file = archive.extractfile(info)
            if info.size > limits.file_bytes or file is None:
                yield Member(info.name, None, _too_large(limits), raw.tell())
                continue
            yield Member(info.name, file.read(), "", raw.tell())
    while counted.read(1 << 16):  # to the end, where gzip keeps its checksum
        pass


def _iter_zip(raw: BinaryIO, source: Path, limits: Limits) -> Iterator[Member]:
    done_bytes = 0
    archive = ZipReader(raw, _DIRECTORY_BYTES)
    for entry in archive.entries:
        _check_oddity(archive.oddity(entry), entry.filename, source)
        if entry.is_dir():
            continue
        data = archive.read(entry, limits.file_bytes)
        done_bytes += entry.compress_size
        _check_total(archive.read_bytes, source, limits)
        yield _capped(entry.filename, data, done_bytes, limits)


# ---------------------------------------------------------------- checks


def _check_oddity(oddity: Oddity | None, name: str, source: Path) -> None:
    if oddity is not None:
        raise DatasetError(
            f"{source.name} is refused: {name!r} in it is {_WHAT_IT_IS[oddity]}. An "
            "archive of UTKFace holds plain files only."
        )


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
