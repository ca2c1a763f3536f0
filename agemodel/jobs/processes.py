"""Processes by number, told from later ones that were given the same number."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}


def start_process(
    command: Sequence[str],
    log: Path,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C does not reach it.

    Args:
        command: the program and its arguments.
        log: the file to which it adds what it says.
        folder: to start it in; that of this process unless given.
        environment: what it finds besides that of this process, which goes first.
        stdin: its standard input.

    Raises:
        OSError: there is no such program, or the log cannot be written.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={**_ENVIRONMENT, **(environment or {}), **os.environ},
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def birth_of(pid: int) -> str | None:
    """When a process began, in a form that only serves to compare.

    Returns:
        None where there is no such process, or it has ended and is only still listed.
    """
    process = _process(pid)
    return None if process is None else _birth(process)


def is_alive(pid: int, birth: str) -> bool:
    """Whether the process of that number and birth is running."""
    return birth_of(pid) == birth


def end_process(pid: int, birth: str, *, at_once: bool = False) -> bool:
    """Ask the process of that number and birth to end, or end it `at_once`.

    Returns:
        Whether it was running.
    """
    process = _process(pid)
    if process is None or _birth(process) != birth:
        return False
    try:
        process.kill() if at_once else process.terminate()
    except psutil.NoSuchProcess:
        return False
    return True


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM raise `KeyboardInterrupt`, as Ctrl-C does, until the block ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def ending_with_starter() -> Iterator[None]:
    """Stop the block as SIGTERM does when who started this process has ended.

    It is to be started with a pipe for its standard input, to which nothing is written.
    """

    def wait() -> None:
        while os.read(stdin, 1):
            pass
        if not has_ended.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    stdin, has_ended = sys.stdin.fileno(), threading.Event()
    threading.Thread(target=wait, name="starter", daemon=True).start()
    try:
        yield
    finally:
        has_ended.set()


def _process(pid: int) -> psutil.Process | None:
    """A running process; None where it has ended, even if it is still listed."""
    if pid <= 0:
        return None
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.Error:
        return None


def _birth(process: psutil.Process) -> str | None:
    """The time at which a process began, which setting the clock does not change."""
    # Linux counts from the boot, and psutil adds the time of it by the present clock.
    offset_s = psutil.boot_time() if psutil.LINUX else 0.0
    try:
        return f"{process.create_time() - offset_s:.2f}"
    except psutil.Error:
        return None
