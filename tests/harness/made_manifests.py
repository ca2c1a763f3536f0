"""A manifest of files, as it lies beside those that ship."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path


def hold(folder: Path, *names: str) -> None:
    """Let the manifest of a folder hold the files of these names, beside others."""
    path = folder / "manifest.json"
    files = json.loads(path.read_text("utf-8"))["files"] if path.exists() else {}
    for name in names:
        content = (folder / name).read_bytes()
        files[name] = {"sha256": hashlib.sha256(content).hexdigest()}
    path.write_text(json.dumps({"files": files}), "utf-8")
