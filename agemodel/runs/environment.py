"""The versions, commit and machine that a run or a figure was made with."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from agemodel import __version__
from agemodel.core import paths

_PACKAGES = ("tensorflow", "jax", "keras", "numpy", "opencv-python-headless", "pillow")
_FIGURES = ("docs", "benchmarks/results.json", "tests/drills/results.json")
"""Files that measurements write; changes in them do not make a commit dirty."""
_TIMEOUT_S = 10


def describe_environment() -> dict[str, Any]:
    """Versions, commit and machine; None for what is not known."""
    return {
        "agemodel": __version__,
        "python": platform.python_version(),
        "packages": {name: installed_version(name) for name in _PACKAGES},
        "commit": _commit(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def installed_version(package: str) -> str | None:
    """The version of an installed package; None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit, with `-dirty` where files other than `_FIGURES` differ from it."""
    try:
        commit = _git("rev-parse", "--short", "HEAD").stdout.strip()
        apart = [f":(exclude){path}" for path in _FIGURES]
        differs = _git("diff", "--quiet", "HEAD", "--", ".", *apart).returncode
    except (OSError, subprocess.TimeoutExpired):
        return None
    return f"{commit}{'-dirty' * bool(differs)}" if commit else None


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-C", str(paths.ROOT), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
