"""Waiting for what another thread, process or page brings about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_S = 240.0
"""The longest wait: long, since a busy machine is no failure and success ends it."""
_PAUSE_S = 0.05


def wait_until(
    condition: Callable[[], Found | None],
    patience_s: float = PATIENCE_S,
    pause_s: float = _PAUSE_S,
) -> Found:
    """Ask again and again; return the first answer that counts as true.

    Raises:
        TimeoutError: none did.
    """
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"It was not so within {patience_s:.0f} s.")
        time.sleep(pause_s)
    return found


def pass_time(seconds: float) -> None:
    """Let time pass, where a drill measures what comes of it; no test does."""
    time.sleep(seconds)
