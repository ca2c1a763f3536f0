"""Ends the sessions of tabs that were closed, a while after they were closed.

Streamlit keeps the session of a closed tab for `server.disconnectedSessionTTL` seconds,
in case it comes back. Once that time is over, it lets go of it only when another tab
is closed (checked in Streamlit 1.67), so on a quiet server the photos of a visit would
stay in memory.
"""

from __future__ import annotations

import asyncio
import ctypes
from typing import Any

from streamlit.runtime import Runtime, get_instance

LOOK_EVERY_S = 10.0


async def keep_ending_expired_sessions() -> None:
    """End expired sessions every `LOOK_EVERY_S` seconds, until it is cancelled."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        # A task of its own, whose failure asyncio logs: it is not the last look.
        await asyncio.wait([asyncio.create_task(_look())])


async def _look() -> None:
    if end_expired_sessions(get_instance()):
        await asyncio.to_thread(return_free_memory)


def end_expired_sessions(runtime: Runtime) -> int:
    """End expired sessions, with their uploads, pictures and state.

    Returns:
        How many there were.
    """
    manager: Any = runtime._session_mgr  # nothing public ends a session
    expired = manager._session_storage._cache.expire()
    for _, information in expired:
        information.session.shutdown()
        _empty(information.session)
    return len(expired)


def _empty(session: Any) -> None:
    """Drop what a session holds, for the session itself may stay.

    The loop by which the server writes keeps the one it wrote to last until it writes
    to another (checked in Streamlit 1.67).
    """
    session.session_state.clear()
    session._fragment_storage.clear()


def return_free_memory() -> None:
    """Give free memory back to the system, where the C library is glibc."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return
