"""The app as its Dockerfile and compose.yaml would run it, without their engine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from agemodel.core import paths
from tests.harness.sandbox import Sandbox

COMPOSE = paths.ROOT / "deploy" / "compose.yaml"
ADDRESS, PORT = "0.0.0.0", "8501"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10


@dataclass(frozen=True)
class Running:
    """The app at work: where it answers, the program's process id, its log."""

    url: str
    pid: int
    log: Path

    def status(self) -> dict[str, str]:
        """What the system says of the process: its user, its rights."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {k: " ".join(v.split()) for k, _, v in (x.partition(":") for x in lines)}


def service(name: str) -> dict[str, Any]:
    """One service of compose.yaml."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"][name]
    return found


@contextmanager
def run_app(sandbox: Sandbox) -> Iterator[Running]:
    """Start the image's CMD as compose.yaml does, until the block ends.

    Only its address and port are others: 127.0.0.1, and one that is free.

    Raises:
        RuntimeError: it did not start.
        subprocess.TimeoutExpired: asked to end, it did not in the time that an engine
            gives it.
    """
    port = _free_port()
    log = sandbox.folder.parent / "app.log"
    arguments = [
        argument.replace(ADDRESS, "127.0.0.1")
        for argument in sandbox.stage.last("CMD").listed()
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            _as_composed(sandbox, [*arguments, f"--server.port={port}"]),
            env=sandbox.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(port, process, log)
        app = Running(f"http://127.0.0.1:{port}", _only_child(process.pid), log)
        yield app
        os.kill(app.pid, signal.SIGTERM)
        process.wait(timeout=STOP_TIMEOUT_S)
    finally:
        process.kill()  # with all below it
        process.wait()


def is_healthy(sandbox: Sandbox, app: Running) -> bool:
    """What the image's HEALTHCHECK says of the running app."""
    check = sandbox.stage.last("HEALTHCHECK")
    _, _, command = check.rest.partition("CMD ")
    port = app.url.rpartition(":")[2]
    arguments = type(check)("CMD", command.replace(PORT, port)).listed()
    return _said_in(sandbox, arguments).returncode == 0


def writable(sandbox: Sandbox) -> list[str]:
    """The folders in which the image's user can make a file."""
    script = (
        "find / -xdev -type d -writable 2>/dev/null; "
        "for place in /tmp /home/app; do touch $place/x && echo $place; done"
    )
    said = _said_in(sandbox, ["sh", "-c", script]).stdout.split()
    return sorted({place for place in said if not place.startswith(("/proc", "/dev"))})


def _said_in(
    sandbox: Sandbox, arguments: list[str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _as_composed(sandbox, arguments),
        env=sandbox.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def _as_composed(sandbox: Sandbox, arguments: list[str]) -> list[str]:
    app = service("app")
    return sandbox.command(arguments, app["user"], app["tmpfs"])


def _only_child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            url = f"http://127.0.0.1:{port}/_stcore/health"
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, TimeoutError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The app did not start:\n{log.read_text()}")
