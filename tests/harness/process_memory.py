"""How much memory another process has for itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

_LOOK_EVERY_S = 0.02


def private_mb(pid: int) -> float:
    """Memory that would be free if the process ended, in MB (10^6 bytes)."""
    return float(psutil.Process(pid).memory_full_info().uss) / 1e6


@contextmanager
def peak_private_mb(pid: int) -> Iterator[list[float]]:
    """Meanwhile look again and again; at the end the list holds the largest figure."""
    peak = [private_mb(pid)]
    over = threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_EVERY_S):
            peak[0] = max(peak[0], private_mb(pid))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield peak
    finally:
        over.set()
        looking.join()
