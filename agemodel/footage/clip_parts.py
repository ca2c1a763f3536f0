"""What was found in each clip, kept so that a stopped run goes on.

Of a long clip every five minutes are kept, until it is done. A part is a small file of
numbers and sentences, named after the clip and all that decides what is found in it. It
holds no picture and no embedding.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from agemodel.core.errors import FootageError
from agemodel.core.files import Place, write_whole, writing
from agemodel.core.json_records import record_from, values_of
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_results import ClipResult, SoFar

PARTS = "parts"

Kept = TypeVar("Kept", ClipResult, SoFar)


class ClipParts:
    """The parts of one run in its folder."""

    def __init__(self, out: Path, digest: str) -> None:
        """Remember where they lie; nothing is written yet.

        Args:
            out: the folder of the run.
            digest: see `FootageSettings.digest`.
        """
        self._folder = out / PARTS
        self._digest = digest

    def read(self, clip: Clip) -> ClipResult | None:
        """What is kept of a clip; None where nothing is, or it is damaged."""
        return _read(self._path(clip), ClipResult)

    def write(self, clip: Clip, result: ClipResult) -> None:
        """Keep what was found in a clip.

        Raises:
            FootageError: the disk refuses it.
        """
        _write(self._path(clip), result)

    def so_far(self, clip: Clip) -> KeptSoFar:
        """Where that is kept of a clip which is not done."""
        return KeptSoFar(self._path(clip, "-so-far"))

    def _path(self, clip: Clip, end: str = "") -> Path:
        known = [str(clip.path.absolute()), clip.size_bytes, clip.modified_ns]
        name = json.dumps([*known, self._digest])
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        return self._folder / f"{digest}{end}.json"


class KeptSoFar:
    """A file with what was found in a clip up to a point; see `KeepsSoFar`."""

    def __init__(self, path: Path) -> None:
        """Remember the file; nothing is written yet."""
        self._path = path

    def read(self) -> SoFar | None:
        """What is kept; None where nothing is, or it is damaged."""
        return _read(self._path, SoFar)

    def write(self, so_far: SoFar) -> None:
        """Keep it in place of what was kept before.

        Raises:
            FootageError: the disk refuses it.
        """
        _write(self._path, so_far)

    def delete(self) -> None:
        """Keep it no longer: all of the clip is kept."""
        self._path.unlink(missing_ok=True)


def place_of(folder: Path) -> Place:
    """The run's folder, for sentences about its disk."""
    return Place(folder, "--out")


def _read(path: Path, kind: type[Kept]) -> Kept | None:
    try:
        content = json.loads(path.read_bytes())
        if _checksum(content["result"]) != content["sha256"]:
            return None
        return record_from(kind, content["result"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, found: ClipResult | SoFar) -> None:
    values = values_of(found)
    content = {"sha256": _checksum(values), "result": values}
    with writing("What was found in the clips", place_of(path.parent), FootageError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(content).encode())


def _checksum(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
