"""Writing to a disk that may be full or read-only, by a process that may be killed.

An error of the disk becomes a sentence that names the folder and the remedy. A file is
put in place whole (for folders see `staging`); what a killed process left half written
has a name of its own, by which it is found and deleted.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agemodel.core import paths
from agemodel.core.errors import AgeModelError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM}
REFUSALS = frozenset({*_FULL, *_FORBIDDEN, errno.EROFS, errno.EFBIG})
"""Error numbers with which a disk refuses to be written."""

_MENTIONED_BYTES = 1_000_000
_PARTIAL = re.compile(r"\.(?P<name>.+)\.\d+(-\d+)?")


@dataclass(frozen=True)
class Place:
    """A folder that is written to, and the variable that names another one."""

    folder: Path
    setting: str


def data_place(data_dir: Path) -> Place:
    """The folder of the dataset and the marks."""
    return Place(data_dir, "AGEMODEL_DATA")


def runs_place() -> Place:
    """The folder of the runs and of the app's choice of a model."""
    return Place(paths.runs_dir(), "AGEMODEL_RUNS")


def models_place() -> Place:
    """The folder of the exported models."""
    return Place(paths.models_dir(), "AGEMODEL_MODELS")


# ---------------------------------------------------------------- what is refused


@contextmanager
def writing(
    what: str, place: Place, kind: type[AgeModelError], room_bytes: int = 0
) -> Iterator[None]:
    """Turn an error of the disk in a block into a sentence.

    Args:
        what: what is being written, which begins the sentence: "The marks".
        place: the folder that is written to.
        kind: the class of the error to raise.
        room_bytes: how much room it takes; 0 where that is not known.

    Raises:
        AgeModelError: of class `kind`, for any `OSError`, which is its cause.
    """
    try:
        yield
    except OSError as error:
        raise kind(refusal(error, what, place, room_bytes)) from error


def refusal(error: OSError, what: str, place: Place, room_bytes: int = 0) -> str:
    """The sentence for an error of the disk: why, and what to do about it.

    Args:
        error: the error of the system.
        what: see `writing`.
        place: the folder that was written to, unless the error names another.
        room_bytes: see `writing`.
    """
    place = _place_of(error, place)
    why, remedy = _reason(error, place.folder, room_bytes)
    return (
        f"{what} cannot be written: {why}. {remedy}, or choose another folder with "
        f"{place.setting}, then start again. What was finished before is kept."
    )


def check_room(
    what_need: str, needed_bytes: int, place: Place, kind: type[AgeModelError]
) -> None:
    """Refuse work that the disk has no room for, before it begins.

    Args:
        what_need: what takes the room, with its verb: "the import needs".
        needed_bytes: how much it needs.
        place: the folder that it writes to.
        kind: the class of the error to raise.

    Raises:
        AgeModelError: of class `kind`; there is too little room.
    """
    free = shutil.disk_usage(_nearest(place.folder)).free
    if needed_bytes > free:
        raise kind(
            f"The disk of {place.folder} has {megabytes(free)} free, and {what_need} "
            f"{megabytes(needed_bytes)}. Make room, or choose another folder with "
            f"{place.setting}, then start again."
        )


def megabytes(count: int) -> str:
    """A number of bytes as text, in MB."""
    return f"{count / 1e6:,.1f} MB"


def _place_of(error: OSError, place: Place) -> Place:
    """The place of a refused file: data, runs, models, or elsewhere."""
    name = error.filename2 or error.filename
    if not isinstance(name, (str, bytes)):
        return place
    path = Path(os.fsdecode(name)).absolute()
    known = (place, data_place(paths.data_dir()), runs_place(), models_place())
    around = (path, *path.parents)
    found = next((one for one in known if one.folder.absolute() in around), None)
    # A whole disk is full or read-only; a permission is missing for one folder.
    whole = found is not None and error.errno not in _FORBIDDEN
    folder = _nearest(found.folder if found and whole else path)
    return Place(folder, (found or place).setting)


def _nearest(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(one for one in (path, *path.absolute().parents) if os.path.isdir(one))


def _reason(error: OSError, folder: Path, room_bytes: int) -> tuple[str, str]:
    """The reason of an error and its remedy."""
    if error.errno in _FULL:
        known = room_bytes >= _MENTIONED_BYTES
        room = f"at least {megabytes(room_bytes)}" if known else "some room"
        return f"the disk of {folder} is full", f"Free {room} there"
    if error.errno == errno.EROFS:
        return f"{folder} is read-only", "Make it writable"
    if error.errno in _FORBIDDEN:
        return (
            f"this user may not write to {folder}",
            "Give write permission for that folder",
        )
    if error.errno == errno.EFBIG:
        return f"{folder} takes no file as large as that", "Raise the limit on files"
    return f"{error}", f"Check the folder {folder} and its disk"


# ---------------------------------------------------------------- whole or not at all


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a power cut, sees the old or the new one.

    Raises:
        OSError: the disk refuses it; the old file is kept, and nothing else is left.
    """
    with written_whole(path) as file:
        file.write(content)


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """The same for what is written piece by piece: it is in place after the block.

    Raises:
        OSError: the disk refuses it.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with partial.open("wb") as file:
            yield file
        put_in_place(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def put_in_place(made: Path, place: Path) -> None:
    """Rename what was written beside its place, once it is on the disk.

    Args:
        made: a file, which may replace one; or a folder whose files were flushed.
        place: its new name, on the same disk.

    Raises:
        OSError: the disk refuses it.
    """
    flush(made)
    os.replace(made, place)
    flush(place.parent)


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path, name: str = "") -> None:
    """Delete what killed processes left half written by `write_whole`.

    Only one process at a time may write these files: the one that calls this.

    Args:
        folder: where to look.
        name: the file that was being written; any unless given.
    """
    for path in folder.glob(".*"):
        found = _PARTIAL.fullmatch(path.name)
        if found and name in ("", found["name"]) and path.is_file():
            path.unlink(missing_ok=True)
