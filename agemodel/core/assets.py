"""Files that ship with the package, checked against their checksums when read.

A folder of shipped files has a `manifest.json` of the form
`{"files": {NAME: {"sha256": ..., "source": ..., "licence": ...}}}`. LiteRT runs many
damaged files without an error, so only the checksum shows the damage.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from agemodel.core.errors import ModelError

MANIFEST = "manifest.json"


def read_verified(folder: Path, file: str) -> bytes:
    """Read a shipped file and check it against the SHA-256 in its folder's manifest.

    Raises:
        ModelError: the manifest or file is missing, or the checksum differs.
    """
    manifest = folder / MANIFEST
    try:
        expected = json.loads(manifest.read_text("utf-8"))["files"][file]["sha256"]
        content = (folder / file).read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{file} cannot be read from {folder.name}/ ({type(error).__name__}). "
            "Restore the folder from the repository: git checkout -- assets"
        ) from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise ModelError(
            f"{file} differs from the checksum in {folder.name}/manifest.json: it is "
            "damaged or was replaced. Restore it: git checkout -- assets"
        )
    return content
