"""The app served while everything is noted that it writes and whom it calls."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import psutil

from tests.harness.driver import Server, run_server
from tests.harness.measurements import Missing
from tests.harness.waiting import wait_until

NOTES = "AGEMODEL_DRILL_NOTES"
"""The variable that tests/harness/watch/sitecustomize.py reads."""

_HOOK = Path(__file__).with_name("watch")
_LOOK_EVERY_S = 0.02
_PATIENCE_S = 30.0
_CALLS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
_NO_FILE = ("/dev/null", "/proc/")


@dataclass(frozen=True)
class Watched:
    """A server that is watched."""

    server: Server  # as it runs
    home: Path  # its home folder
    temporary: Path  # the folder for its temporary files
    notes: Path  # the file that its events go to
    # files that it held open without a name, by their names before
    deleted: set[str] = field(default_factory=set)

    def events(self) -> list[tuple[str, str]]:
        """What was noted so far: see `events_in`."""
        return events_in(self.notes)

    def in_use_mb(self) -> float:
        """What the server holds and has not freed, in MB (10^6 bytes).

        Unlike the memory that it has from the system, this hardly depends on chance.
        """
        if not hasattr(psutil, "heap_info"):
            raise Missing("This system does not tell how much memory is in use.")
        known = len(self._memory())
        os.kill(self.server.pid, signal.SIGUSR2)
        try:
            wait_until(lambda: len(self._memory()) > known, _PATIENCE_S)
        except TimeoutError as error:
            raise Missing("The server does not tell how much is in use.") from error
        return self._memory()[-1] / 1e6

    def _memory(self) -> list[int]:
        return [int(about) for kind, about in self.events() if kind == "memory"]


@contextmanager
def watch_server(folder: Path) -> Iterator[Watched]:
    """Serve the app with a home and a place for temporary files of its own."""
    home, temporary, notes = folder / "home", folder / "tmp", folder / "notes.jsonl"
    home.mkdir()
    temporary.mkdir()
    with (
        noting(notes, TMPDIR=str(temporary)),
        run_server(home) as server,
        deleted_of(server.pid) as deleted,
    ):
        yield Watched(server, home, temporary, notes, deleted)


@contextmanager
def noting(notes: Path, **more: str) -> Iterator[None]:
    """Let the Python processes that the block starts note in a file what they do."""
    added = {"PYTHONPATH": str(_HOOK), NOTES: str(notes)} | more
    with patch.dict(os.environ, added):
        yield


@contextmanager
def deleted_of(pid: int) -> Iterator[set[str]]:
    """Meanwhile look for files that a process holds open without a name.

    Yields:
        Their names before.
    """
    found: set[str] = set()
    over = threading.Event()
    looking = threading.Thread(target=_look_for_deleted, args=(pid, found, over))
    looking.start()
    try:
        yield found
    finally:
        over.set()
        looking.join()


def events_in(notes: Path) -> list[tuple[str, str]]:
    """What was noted so far: the kind and what it was about."""
    lines = notes.read_text("utf-8").splitlines()
    return [(kind, about) for kind, about in map(json.loads, lines)]


def written(events: list[tuple[str, str]]) -> list[str]:
    """The files that were opened for writing, without compiled modules."""
    paths = [about for kind, about in events if kind == "open"]
    return [p for p in paths if not p.startswith(_NO_FILE) and "__pycache__" not in p]


def called(events: list[tuple[str, str]]) -> list[str]:
    """Addresses and names that the process called or looked up."""
    return [about for kind, about in events if kind in _CALLS]


def files_with(
    folders: list[Path], marks: dict[str, bytes], since_s: float
) -> list[Path]:
    """Files changed since a time that hold a mark, or are named after one."""
    return [
        path
        for folder in folders
        for path in _changed(folder, since_s)
        if _holds(path, marks)
    ]


def _changed(folder: Path, since_s: float) -> Iterator[Path]:
    for parent, below, names in os.walk(folder):
        below[:] = [name for name in below if name not in (".git", ".venv")]
        for name in names:
            path = Path(parent, name)
            try:
                if path.is_file() and path.stat().st_mtime >= since_s:
                    yield path
            except OSError:  # gone meanwhile
                continue


def _holds(path: Path, marks: dict[str, bytes]) -> bool:
    try:
        content = os.fsencode(path) + path.read_bytes()
    except OSError:  # gone meanwhile
        return False
    return any(mark in content for mark in marks.values())


def _look_for_deleted(pid: int, found: set[str], over: threading.Event) -> None:
    folder = Path(f"/proc/{pid}/fd")
    while folder.exists() and not over.wait(_LOOK_EVERY_S):
        for link in _links(folder):
            try:
                target = os.readlink(link)
            except OSError:  # closed meanwhile
                continue
            if target.endswith(" (deleted)"):
                found.add(target)


def _links(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # the process has ended
        return []
