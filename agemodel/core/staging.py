"""Folders that are put in place whole, or not at all.

A folder is filled in a hidden folder beside its place, which a lock file guards. The
system releases the lock when a process dies: so what a killed process left half filled
is known, and the next one that fills a folder there deletes it.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agemodel.core.file_locks import try_lock
from agemodel.core.files import flush, put_in_place

_PREFIX = ".filled-"
_LOCK_SUFFIX = ".lock"
_REPLACED = "replaced"
_PATIENCE_S = 10.0
"""For another process that has just taken the new lock file for a dead one's."""

_AT_FDCWD, _EXCHANGE = -100, 2
"""Arguments of renameat2(2)."""


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Fill a folder, which takes its place when the block has ended without an error.

    Args:
        folder: its place; one that is there already is replaced.

    Yields:
        An empty folder on the same disk, to be filled with files.

    Raises:
        OSError: the disk refuses it. What was there before is still there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _repair(folder.parent)
    outer = folder.parent / f"{_PREFIX}{secrets.token_hex(8)}"
    lock = outer.with_suffix(_LOCK_SUFFIX)
    held = try_lock(lock, _PATIENCE_S)
    if held is None:
        raise BlockingIOError(f"{lock} is held by another program.")
    try:
        with held:
            filled = outer / folder.name
            filled.mkdir(parents=True)
            yield filled
            for path in filled.iterdir():
                flush(path)
            _put(filled, folder)
    finally:
        shutil.rmtree(outer, ignore_errors=True)
        lock.unlink(missing_ok=True)


def _put(filled: Path, folder: Path) -> None:
    """Move a filled folder to its place.

    On Linux it is exchanged with the one before, in one step. Elsewhere that one is
    away for a moment, in a place from which `_repair` brings it back after a kill.
    """
    if not folder.exists():
        put_in_place(filled, folder)
        return
    flush(filled)
    if not _exchange(filled, folder):
        replaced = filled.parent / _REPLACED
        replaced.mkdir()
        folder.rename(replaced / folder.name)
        filled.rename(folder)
    flush(folder.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders; False where the system cannot."""
    if sys.platform != "linux":
        return False
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError):
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) == 0)


def _repair(parent: Path) -> None:
    """Undo what killed processes left half done in a folder."""
    for lock in parent.glob(f"{_PREFIX}*{_LOCK_SUFFIX}"):
        held = try_lock(lock)
        if held is None:  # its process is alive
            continue
        outer = lock.with_suffix("")
        with held:
            for old in outer.glob(f"{_REPLACED}/*"):
                if not (parent / old.name).exists():
                    old.rename(parent / old.name)
            shutil.rmtree(outer, ignore_errors=True)
        lock.unlink(missing_ok=True)
