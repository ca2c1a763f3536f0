"""Another process's memory on Linux: how much it is, and what is in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.harness.measurements import Missing

_CHUNK_BYTES = 16 * 1024**2
_MB = 1e6
_LOOK_EVERY_S = 0.02


def private_mb(pid: int) -> float:
    """Memory that a process holds for itself, without files, in MB (10^6 bytes).

    Raises:
        Missing: the system does not tell.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError as error:
        raise Missing("Only Linux tells what memory a process has.") from error
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("RssAnon:"))
    return int(kilobytes) * 1024 / _MB


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


def search(pid: int, needles: Mapping[str, bytes]) -> dict[str, int]:
    """How often each needle lies in the memory that a process can write to.

    Raises:
        Missing: its memory may not be read.
    """
    found = dict.fromkeys(needles, 0)
    overlap = max(map(len, needles.values())) - 1
    for _, chunk in chunks(pid, overlap):
        for name, needle in needles.items():
            found[name] += chunk.count(needle)
    return found


def chunks(pid: int, overlap: int) -> Iterator[tuple[int, bytes]]:
    """Addresses and contents of what is not only zeros, in overlapping parts.

    A needle in an overlap is met twice; there are no overlaps between mappings.

    Raises:
        Missing: its memory may not be read.
    """
    zeros = bytes(_CHUNK_BYTES + overlap)
    try:
        memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    except OSError as error:
        raise Missing("The server's memory may not be read here.") from error
    try:
        for start, end in _writable(pid):
            for at in range(start, end, _CHUNK_BYTES):
                size = min(_CHUNK_BYTES + overlap, end - at)
                try:
                    chunk = os.pread(memory, size, at)
                except OSError:  # a guard page, or unmapped meanwhile
                    continue
                if chunk != zeros[: len(chunk)]:
                    yield at, chunk
    finally:
        os.close(memory)


def _writable(pid: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{pid}/maps").read_text("ascii").splitlines():
        addresses, rights = line.split()[:2]
        if rights.startswith("rw"):
            start, end = addresses.split("-")
            yield int(start, 16), int(end, 16)
