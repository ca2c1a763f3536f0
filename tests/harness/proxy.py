"""nginx, set up as deploy/nginx has it, before an app on this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from agemodel.core import paths
from tests.harness.driver import free_port
from tests.harness.measurements import Missing
from tests.harness.waiting import wait_until

SETUP = paths.ROOT / "deploy" / "nginx"
NOBODY = 65534
START_TIMEOUT_S = 15
_PLACES = ("/usr/sbin", "/usr/local/sbin", "/sbin")


@dataclass(frozen=True)
class Proxy:
    """A running proxy: where it answers, its process's id and what it has said."""

    url: str
    pid: int
    log: Path


def find_nginx() -> str:
    """The path of nginx; `Missing` where it is not installed."""
    search = os.pathsep.join((os.environ.get("PATH", ""), *_PLACES))
    path = shutil.which("nginx", path=search)
    if path is None:
        raise Missing("nginx is not installed; on Debian: apt install nginx-light.")
    return path


@contextmanager
def run_proxy(app_url: str) -> Iterator[Proxy]:
    """Put the proxy before an app, as a user without rights, until the block ends.

    Only the two files of addresses differ from those in deploy/nginx.
    """
    nginx, port = find_nginx(), free_port()
    with TemporaryDirectory(prefix="proxy-") as name:
        folder = Path(name)
        setup = _write_setup(folder, urlsplit(app_url).netloc, port)
        log = folder / "proxy.log"
        with log.open("wb") as output:
            _give_away(folder, output.fileno())
            process = subprocess.Popen(
                [nginx, "-p", f"{folder}/", "-c", str(setup), "-g", "daemon off;"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=NOBODY if os.geteuid() == 0 else None,
                group=NOBODY if os.geteuid() == 0 else None,
                extra_groups=[] if os.geteuid() == 0 else None,
            )
        try:
            _wait_until_open(port, process, log)
            yield Proxy(f"http://127.0.0.1:{port}", process.pid, log)
        finally:
            process.terminate()
            process.wait(timeout=START_TIMEOUT_S)


def _write_setup(folder: Path, app: str, port: int) -> Path:
    setup = folder / "setup"
    shutil.copytree(SETUP, setup)
    (setup / "app.conf").write_text(f"server {app};\n", "utf-8")
    (setup / "listen.conf").write_text(f"listen 127.0.0.1:{port};\n", "utf-8")
    return setup / "nginx.conf"


def _give_away(folder: Path, log: int) -> None:
    """Let nobody write in the proxy's own folder, and open its log anew."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        os.fchown(log, NOBODY, NOBODY)


def _wait_until_open(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    wait_until(lambda: process.poll() is not None or _is_open(port), START_TIMEOUT_S)
    if process.poll() is not None:
        raise RuntimeError(f"nginx did not start:\n{log.read_text()}")


def _is_open(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
