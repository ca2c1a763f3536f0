"""Notes what a Python process opens for writing, connects to, looks up and starts.

Python loads this by itself where its folder is on PYTHONPATH. Each event is a line of
JSON, its kind and what it was about, in the file that a variable names. On the signal
USR2 it notes, too, how many bytes are in use, not counting what was freed and kept.
"""

import json
import os
import signal
import sys
from typing import Any

NOTES = "AGEMODEL_DRILL_NOTES"
"""The variable; see `tests/harness/watched.py`."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CALLS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_OTHERS = ("socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen")
_SMALL_BLOCK_BYTES = 512
"""The most that a block can have which Python keeps apart from the C library's."""


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        if not isinstance(flags, int) or not flags & _WRITING or isinstance(path, int):
            return
        about = os.fsdecode(path)
    elif event in _CALLS:
        about = arguments[1]
    elif event in _OTHERS:
        about = arguments[0]
    else:
        return
    _write(event, str(about))


def _write(event: str, about: str) -> None:
    os.write(_file, (json.dumps([event, about]) + "\n").encode())


def _note_memory(*_: object) -> None:
    import psutil

    heap = psutil.heap_info()
    small = sys.getallocatedblocks() * _SMALL_BLOCK_BYTES
    _write("memory", str(heap.heap_used + heap.mmap_used + small))


if NOTES in os.environ:
    _file = os.open(os.environ[NOTES], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.addaudithook(_note)
    signal.signal(signal.SIGUSR2, _note_memory)
