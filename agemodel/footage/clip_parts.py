"""What was found in each clip, kept so that a stopped run goes on after the last one.

A part is a small file of numbers and sentences, named after the clip and all that
decides what is found in it. It holds no picture and no embedding.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from agemodel.core.errors import FootageError
from agemodel.core.files import Place, write_whole, writing
from agemodel.core.json_records import record_from, values_of
from agemodel.footage.clip_files import Clip
from agemodel.footage.clip_visits import ClipResult

PARTS = "parts"


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
        try:
            content = json.loads(self._path(clip).read_bytes())
            if _checksum(content["result"]) != content["sha256"]:
                return None
            return record_from(ClipResult, content["result"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, clip: Clip, result: ClipResult) -> None:
        """Keep what was found in a clip.

        Raises:
            FootageError: the disk refuses it.
        """
        values = values_of(result)
        content = {"sha256": _checksum(values), "result": values}
        with writing(
            "What was found in the clips", place_of(self._folder), FootageError
        ):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(clip), json.dumps(content).encode())

    def _path(self, clip: Clip) -> Path:
        known = [str(clip.path.absolute()), clip.size_bytes, clip.modified_ns]
        name = json.dumps([*known, self._digest])
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


def place_of(folder: Path) -> Place:
    """The run's folder, for sentences about its disk."""
    return Place(folder, "--out")


def _checksum(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
