"""Streamlit apps, served for as long as a block lasts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agemodel import paths
from benchmarks.record import Missing

START_TIMEOUT_S = 60


@contextmanager
def serve(script: Path, home: Path) -> Iterator[str]:
    """Serve a script with this project's settings, and give the address.

    Args:
        script: a Streamlit app.
        home: an empty folder, the server's home; it holds the log, too.

    Raises:
        Missing: it did not start.
    """
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = ["--server.headless", "true", "--server.port", str(port)]
    environment = {k: v for k, v in os.environ.items() if "STREAMLIT" not in k}
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command + options,
            cwd=paths.ROOT,
            env=environment | {"HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        _end(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise Missing("A Streamlit server did not start.")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
