"""The bytes of a file or a pipe, within the cap on a file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from agemodel.core.caps import caps, in_mb
from agemodel.core.errors import ImageError
from agemodel.core.file_names import shown_name
from agemodel.images.kinds import EXPECTED
from agemodel.images.limits import too_large


def read_bytes(path: Path, name: str | None = None) -> bytes:
    """Read a file, or a pipe to its end.

    Args:
        path: where it is; links are followed.
        name: name for messages; the path's own by default.

    Raises:
        ImageError: it is not there, no file or pipe, too large or not readable.
    """
    shown = shown_name(name or path.name)
    try:
        if path.is_fifo():
            with path.open("rb") as pipe:
                return read_stream(pipe, shown)
        if not path.is_file():
            raise ImageError(f"{shown} {_what_is_at(path)}: expected a picture file.")
        size = path.stat().st_size
        check_length(size, shown)
        with path.open("rb") as file:
            return file.read(size)  # which makes room for as much as it is told
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(
            f"{shown} cannot be opened: expected a file that this account may "
            f"read, got '{reason}'."
        ) from error


def read_stream(stream: BinaryIO, shown: str) -> bytes:
    """Read a stream to its end.

    Raises:
        ImageError: it is empty or longer than a file may be.
    """
    data = stream.read(caps().file_bytes + 1)
    if len(data) > caps().file_bytes:
        raise too_large(shown, in_mb(caps().file_bytes), "more")
    check_length(len(data), shown)
    return data


def _what_is_at(path: Path) -> str:
    if path.is_dir():
        return "is a folder"
    if path.exists():
        return "is a device or a socket"
    return "is a link to what is not there" if path.is_symlink() else "is not there"


def check_length(byte_count: int, shown: str) -> None:
    """Refuse what is empty or larger than a file may be, by an `ImageError`."""
    if byte_count == 0:
        raise ImageError(f"{shown} is empty: expected {EXPECTED}, got 0 bytes.")
    if byte_count > caps().file_bytes:
        got = f"{byte_count / 1024**2:,.1f} MB"
        raise too_large(shown, in_mb(caps().file_bytes), got)
