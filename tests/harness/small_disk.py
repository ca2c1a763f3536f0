"""Small disks that are full, read-only or forbidden.

They are for a process with a mount table of its own. Such a table needs no rights where
the system lets a user make one: `unshare -rm`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agemodel.core import paths
from tests.harness.measurements import Missing

POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Runs a program without the powers by which root passes over permissions."""

_UNSHARE = ("unshare", "-rm")
"""Runs a program with a mount table of its own, as root among its own files."""

_BALLAST = "ballast"
_TOOLS = (_UNSHARE[0], POWERLESS[0], "mount", "umount")


def check_available() -> None:
    """Raise `Missing` where no such disks can be made."""
    if sys.platform != "linux" or not all(map(shutil.which, _TOOLS)):
        raise Missing(f"Small disks need Linux and {', '.join(_TOOLS)}.")
    trial = [*_UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"This system allows no small disks: {done.stderr.strip()}")


def found_on_small_disks(*arguments: str | Path) -> Any:
    """What a Python prints as JSON in a process that has a mount table of its own."""
    check_available()
    command = [*_UNSHARE, sys.executable, *arguments]
    done = subprocess.run(command, cwd=paths.ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def mount_small_disk(folder: Path, megabytes: int) -> None:
    """Put an empty disk of that size in a folder's place; made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "none", folder)


def unmount(folder: Path) -> None:
    """Take a small disk away again."""
    subprocess.run(["umount", folder], check=True)


def close_root(open_folder: Path) -> None:
    """Make the whole root read-only, all but one folder and what is mounted in it."""
    _mount("--bind", open_folder, open_folder)
    _mount("-o", "remount,bind,ro", "/")


@contextmanager
def full(folder: Path, *, later: bool = False) -> Iterator[None]:
    """Fill a small disk until the block ends, which may begin before it is filled."""
    if not later:
        fill(folder)
    try:
        yield
    finally:
        (folder / _BALLAST).unlink(missing_ok=True)


def fill(folder: Path) -> None:
    """Fill a small disk."""
    free = shutil.disk_usage(folder).free
    with (folder / _BALLAST).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Close a small disk to writing until the block ends."""
    _mount("-o", "remount,ro", folder)
    try:
        yield
    finally:
        _mount("-o", "remount,rw", folder)


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """Take the write permission from a folder, and from those in it, for the block."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    modes = [path.stat().st_mode for path in folders]
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path, mode in zip(folders, modes, strict=True):
            path.chmod(mode)


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)
