"""A copy of the project that may be damaged, and processes that run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from agemodel.core import paths

PARTS = (
    "agemodel",
    "ui",
    "pages",
    "tests",
    "benchmarks",
    "requirements",
    "docs",
    "assets",
)
FILES = ("app.py", "requirements.txt")


@contextmanager
def project_copy() -> Iterator[Path]:
    """A copy of what the app runs from, without data and runs, until the block ends."""
    with TemporaryDirectory(prefix="agemodel-") as folder:
        root = Path(folder) / "project"
        for part in (*PARTS, ".streamlit"):
            shutil.copytree(
                paths.ROOT / part,
                root / part,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        for name in FILES:
            if (paths.ROOT / name).exists():
                shutil.copy(paths.ROOT / name, root / name)
        yield root


def environment(root: Path) -> dict[str, str]:
    """Of a process in a copy: no setting of this one's leads out of it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AGEMODEL_", "STREAMLIT_", "PYTHONPATH"))
    }
    return kept | {
        "HOME": str(root.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
    }


def run_inside(root: Path, arguments: Sequence[str], timeout_s: float) -> str:
    """What a module of the copy, with its arguments, printed.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=root,
        env=environment(root),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    return done.stdout
