"""Photos on their way from the live camera to the Estimate page.

One is kept in memory, under a name that cannot be guessed, until it is fetched once;
the oldest make room for new ones. Nothing is written to a disk.
"""

from __future__ import annotations

import secrets
import threading

MOST_BYTES = 2 * 1024**2
MOST_KEPT = 16
KEPT_S = 60.0
"""How long whoever takes a photo may need to fetch it, before it is to be dropped."""


class Snapshots:
    """Photos that wait to be fetched; threads may share one."""

    def __init__(self) -> None:
        self._waiting: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def keep(self, jpeg: bytes) -> str:
        """Keep a photo; return the name to fetch it by."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._waiting[name] = jpeg
            while len(self._waiting) > MOST_KEPT:
                del self._waiting[next(iter(self._waiting))]
        return name

    def fetch(self, name: str) -> bytes | None:
        """The photo of a name, which is let go of; None where there is none."""
        with self._lock:
            return self._waiting.pop(name, None)


WAITING = Snapshots()
"""Those of this process."""
