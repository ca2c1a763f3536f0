"""Switches off TCP's delay of small answers.

TCP holds back a small answer until the one before was acknowledged, which may take
40 ms; asyncio switches that off, but not for sockets that say no protocol, and those of
Streamlit say none (checked in Streamlit 1.67). A page takes some eighty answers.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

_DESCRIPTORS = Path("/dev/fd")


def answer_at_once() -> int:
    """Switch delays off on the sockets that listen, and so on what they accept.

    Returns:
        How many there are; 0 also where a process cannot list its files (Windows).
    """
    count = 0
    for name in os.listdir(_DESCRIPTORS) if _DESCRIPTORS.is_dir() else ():
        with (
            contextlib.suppress(OSError),  # a file, or closed meanwhile
            socket.socket(fileno=os.dup(int(name))) as copy,
        ):
            if copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                count += 1
    return count
