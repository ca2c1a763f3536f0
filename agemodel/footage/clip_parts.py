"""What was found in each clip, kept so that a stopped run goes on.

Of a long clip every five minutes are kept, until it is done. A part is a small file of
numbers and sentences, named after the clip and all that decides what is found in it. It
holds no picture and no embedding.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Generic, TypeVar

from agemodel.core.errors import FootageError
from agemodel.core.files import Place, write_whole, writing
from agemodel.core.json_records import record_from, values_of
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_results import ClipResult, SoFar

PARTS = "parts"

Found = TypeVar("Found", ClipResult, SoFar)


class Part(Generic[Found]):
    """A file with what was found in a clip, all of it or up to a point."""

    def __init__(self, path: Path, kind: type[Found]) -> None:
        """Remember the file; nothing is written yet."""
        self._path = path
        self._kind: type[Found] = kind

    def read(self) -> Found | None:
        """What is kept; None where nothing is, or it is damaged."""
        try:
            content = json.loads(self._path.read_bytes())
            if _checksum(content["result"]) != content["sha256"]:
                return None
            return record_from(self._kind, content["result"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, found: Found) -> None:
        """Keep it in place of what was kept before.

        Raises:
            FootageError: the disk refuses it.
        """
        values, folder = values_of(found), self._path.parent
        content = {"sha256": _checksum(values), "result": values}
        with writing("What was found in the clips", place_of(folder), FootageError):
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps(content).encode())

    def delete(self) -> None:
        """Keep it no longer."""
        self._path.unlink(missing_ok=True)


class ClipParts:
    """The parts of one run in its folder."""

    def __init__(self, out: Path, digest: str) -> None:
        """Remember where they lie.

        Args:
            out: the folder of the run.
            digest: see `FootageSettings.digest`.
        """
        self._folder = out / PARTS
        self._digest = digest

    def whole(self, clip: Clip) -> Part[ClipResult]:
        """All that was found in a clip, once it is done."""
        return Part(self._path(clip), ClipResult)

    def so_far(self, clip: Clip) -> Part[SoFar]:
        """What was found in a clip that is not done."""
        return Part(self._path(clip, "-so-far"), SoFar)

    def _path(self, clip: Clip, end: str = "") -> Path:
        known = [str(clip.path.absolute()), clip.size_bytes, clip.modified_ns]
        name = json.dumps([*known, self._digest])
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        return self._folder / f"{digest}{end}.json"


def place_of(folder: Path) -> Place:
    """The run's folder, for sentences about its disk."""
    return Place(folder, "--out")


def _checksum(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
