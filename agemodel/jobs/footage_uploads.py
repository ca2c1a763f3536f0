"""Videos that were uploaded for a try: temporary files, removed when their run ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from agemodel.core import paths
from agemodel.core.errors import FootageError
from agemodel.core.files import runs_place, write_whole, writing

_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_CHARACTERS = 80


def uploads_dir() -> Path:
    """The folder that they lie in."""
    return paths.footage_dir().absolute() / ".uploads"


def write_upload(name: str, content: bytes) -> Path:
    """Write an uploaded video for a run; those that an earlier one left are removed.

    A time in its name is kept.

    Raises:
        FootageError: the disk refuses it.
    """
    safe = _STRANGE.sub("_", Path(name).name).lstrip(".")[-_MOST_CHARACTERS:]
    path = uploads_dir() / (safe or "video")
    with writing("The video", runs_place(), FootageError, len(content)):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_uploads(path.parent.iterdir())
        write_whole(path, content)
    return path


def remove_uploads(paths_of_a_run: Iterable[str | Path]) -> None:
    """Remove those of some files that were uploaded; others stay as they are."""
    for path in map(Path, paths_of_a_run):
        if is_upload(path):
            path.unlink(missing_ok=True)


def is_upload(path: str | Path) -> bool:
    """Whether a path is that of an uploaded video, which may be removed by now."""
    return Path(path).absolute().parent == uploads_dir()
