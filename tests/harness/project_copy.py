"""A copy of the project that may be damaged, and what runs in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from agemodel.core import paths
from tests.harness.driver import free_port
from tests.harness.waiting import wait_until

PARTS = (
    *("agemodel", "ui", "pages", "tests", "benchmarks", "requirements", "docs"),
    *("assets", ".streamlit"),
)
FILES = ("app.py", "requirements.txt")
START_TIMEOUT_S = 90.0


@contextmanager
def project_copy() -> Iterator[Path]:
    """A copy of what the app runs from, without data and runs, until the block ends."""
    with TemporaryDirectory(prefix="agemodel-") as folder:
        root = Path(folder) / "project"
        for part in PARTS:
            shutil.copytree(
                paths.ROOT / part,
                root / part,
                ignore=shutil.ignore_patterns("__pycache__"),
            )
        for name in FILES:
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
    """What a module of the copy, with its arguments, printed."""
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


class KillableServer:
    """The app of a copy of the project, always at the same address."""

    def __init__(self, root: Path) -> None:
        """Choose a free port; `start` serves."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py"]
        options = ["--server.headless", "true", "--server.port", str(self.port)]
        with (self._root / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *options, "--server.address", "127.0.0.1"],
                cwd=self._root,
                env=environment(self._root),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_for(200)

    def ready(self) -> tuple[int, dict[str, Any]]:
        """What /ready answers: its status, 0 where nobody does, and its JSON."""
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def wait_for(self, status: int) -> dict[str, Any]:
        """Ask until /ready answers so; its JSON."""

        def answered() -> tuple[int, dict[str, Any]] | None:
            if self._process is None or self._process.poll() is not None:
                return -1, {}
            found = self.ready()
            return found if found[0] == status else None

        found, answer = wait_until(answered, START_TIMEOUT_S)
        if found != status:
            log = (self._root / "server.log").read_text("utf-8", "replace")
            raise RuntimeError(f"/ready did not answer {status}:\n{log[-2000:]}")
        return answer

    def kill(self) -> None:
        """End it at once, as kill -9 does, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
