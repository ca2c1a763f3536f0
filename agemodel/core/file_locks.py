"""Lock files: one holder at a time, among processes and threads.

The system releases a lock when its process ends, however it ends, and child processes
do not inherit it. The file itself stays, and says nothing.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from pathlib import Path

from filelock import FileLock, Timeout, lock_descriptor

_POLL_S = 0.02


def try_lock(
    path: Path, patience_s: float = 0.0
) -> AbstractContextManager[object] | None:
    """Lock a file, which is made if it is missing.

    Args:
        path: the lock file.
        patience_s: how long to wait for another holder.

    Returns:
        A context that releases the lock at its end; None where another holds it.

    Raises:
        OSError: the file cannot be opened for writing.
    """
    try:
        return FileLock(path, poll_interval=_POLL_S).acquire(timeout=patience_s)
    except Timeout:
        return None


def lock_or_raise(path: Path, error: Exception) -> AbstractContextManager[object]:
    """Lock a file as `try_lock` does, or raise `error` where another holds it."""
    held = try_lock(path)
    if held is None:
        raise error
    return held


def is_locked(path: Path, patience_s: float = 0.0) -> bool:
    """Whether a lock file is held, without writing anything.

    Args:
        path: the lock file, which may be missing.
        patience_s: how long to wait for its release.

    Raises:
        OSError: the file cannot be opened for reading.
    """
    if not path.exists():
        return False
    deadline = time.monotonic() + patience_s
    with path.open("rb") as file:
        while not lock_descriptor(file.fileno(), blocking=False):
            if time.monotonic() >= deadline:
                return True
            time.sleep(_POLL_S)
    return False
