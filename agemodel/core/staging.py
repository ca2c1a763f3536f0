"""Folders that are put in place whole, or not at all.

A folder is filled in another one beside its place, which is locked meanwhile. The
system lets go of the lock when a process dies, however it dies: so what was left half
filled is told from what is being filled, and the next who fills one there deletes it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agemodel.core.files import flush

_PREFIX = ".filled-"
_REPLACED = "replaced"
_AT_FDCWD, _EXCHANGE = -100, 2
"""Of renameat2(2)."""


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Fill a folder, which takes its place when the block has ended well.

    Args:
        folder: its place; one that is there already is replaced.

    Yields:
        An empty folder on the same disk, to be filled.

    Raises:
        OSError: the disk does not take it. What was there before is still there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _mend(folder.parent)
    outer = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder.parent))
    try:
        with _locked(outer):
            filled = outer / folder.name
            filled.mkdir()
            yield filled
            for path in (*filled.iterdir(), filled):
                flush(path)
            _put(filled, folder)
    finally:
        shutil.rmtree(outer, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock until the block ends.

    Raises:
        BlockingIOError: another process does.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _put(filled: Path, folder: Path) -> None:
    """Give a folder its place.

    On Linux it changes places with the one before, in one step. Elsewhere that one is
    away for a moment, in a place from which `_mend` brings it back after a kill.
    """
    if not folder.exists():
        filled.rename(folder)
    elif not _exchange(filled, folder):
        replaced = filled.parent / _REPLACED
        replaced.mkdir()
        folder.rename(replaced / folder.name)
        filled.rename(folder)
    flush(folder.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places; whether the system can."""
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError):
        return False
    names = os.fsencode(one), os.fsencode(other)
    return renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0


def _mend(parent: Path) -> None:
    """Undo what killed processes left half done."""
    for outer in parent.glob(f"{_PREFIX}*"):
        try:
            with _locked(outer):
                for old in outer.glob(f"{_REPLACED}/*"):
                    if not (parent / old.name).exists():
                        old.rename(parent / old.name)
                shutil.rmtree(outer, ignore_errors=True)
        except OSError:  # another process is filling it
            continue
