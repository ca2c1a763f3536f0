"""Processes by number, told from later ones that were given the same number."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_AFTER_NAME = {"state": 0, "start": 19}
"""Fields of /proc/PID/stat behind the name, which is the second: proc(5)."""


def birth_of(pid: int) -> str | None:
    """When a process began, in a form that only serves to compare.

    No other process has the same number and the same birth, not even after the
    machine was started anew.

    Returns:
        None where there is no such process, or it has ended and is only still listed.
    """
    if pid <= 0:
        return None
    if (_PROC / "self" / "stat").exists():
        return _birth_in_proc(pid)
    return _birth_by_ps(pid)


def is_alive(pid: int, birth: str) -> bool:
    """Whether the process of that number and birth is at work."""
    return birth_of(pid) == birth


def send(pid: int, birth: str, number: signal.Signals) -> bool:
    """Send a signal to the process of that number and birth; whether it was there."""
    if not is_alive(pid, birth):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def _birth_in_proc(pid: int) -> str | None:
    try:
        # A name may hold spaces and parentheses: what follows is behind the last one.
        fields = (_PROC / str(pid) / "stat").read_text("utf-8").rpartition(")")[2]
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("utf-8").strip()
    except (OSError, ValueError):
        return None
    values = fields.split()
    if values[_AFTER_NAME["state"]] in "ZX":
        return None
    return f"{boot} {values[_AFTER_NAME['start']]}"


def _birth_by_ps(pid: int) -> str | None:
    """For systems without /proc, such as macOS."""
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    state, _, began = done.stdout.strip().partition(" ")
    return began.strip() if began and not state.startswith("Z") else None


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does, until the block ends: `KeyboardInterrupt`."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
