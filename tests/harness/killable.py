"""A server of a copy of the project that is started, killed and started again."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.harness.project_copy import environment

START_TIMEOUT_S = 90.0
_PAUSE_S = 0.05


class KillableServer:
    """The app of a copy of the project, always at the same address."""

    def __init__(self, root: Path) -> None:
        """Choose a free port; `start` serves."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and wait until it is ready; how many seconds that took.

        Raises:
            RuntimeError: it did not become ready.
        """
        began = time.monotonic()
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
        return time.monotonic() - began

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
        """Ask until /ready answers so; its JSON.

        Raises:
            RuntimeError: it never did, or the server has ended.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            found, answer = self.ready()
            if found == status:
                return answer
            time.sleep(_PAUSE_S)
        log = (self._root / "server.log").read_text("utf-8", "replace")
        raise RuntimeError(f"/ready did not answer {status}:\n{log[-2000:]}")

    def kill(self) -> None:
        """End it at once, as kill -9 does, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
