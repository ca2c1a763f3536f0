"""The app in its container's shape, behind its proxy, and what gets through."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from agemodel.core import paths
from tests.drills import proxy_checks as checks
from tests.drills.browsing import browse
from tests.drills.container import run_image, service
from tests.harness.driver import Server
from tests.harness.findings import Finding, all_of, at_most
from tests.harness.proxy import find_nginx, run_proxy
from tests.harness.visitor import Visitor

PROMISE = """
Behind the proxy of `deploy/` and as its `app.Dockerfile` sets the app up, visitors
reach the app and nothing else: as a user without rights, on files that cannot be
written, with limits on what one of them may send, and with a policy by which the
browser loads nothing from elsewhere and no other site can frame the app.
"""
BROWSER_TESTS = (
    "tests/browser/test_accessibility.py",
    "tests/browser/test_estimate.py",
    "tests/browser/test_live.py",
)
"""Run once more behind the proxy: every view on every screen, uploads, the camera."""
_PYTEST = (sys.executable, "-m", "pytest", "-q")
_SWITCHED_ON = (
    *("AGEMODEL_TEST_BEHIND_PROXY", "AGEMODEL_TEST_EVERY_SCREEN"),
    "AGEMODEL_VISITORS_MAY_CHANGE",
)
REQUESTS = 1000  # after 1,000 nginx ends a connection
BURST, RATE_S = 500, 50
LET_GO_S = 30.0
SAMPLE = paths.SAMPLES / "eileen-collins.jpg"


def run() -> tuple[list[Finding], list[str]]:
    """Follow the Dockerfile's steps, put the proxy before the app, and try it."""
    find_nginx()
    with TemporaryDirectory(prefix="container-") as name:
        folder = Path(name)
        with run_image(folder) as app, run_proxy(app.url) as proxy:
            findings = _in_the_image(folder, app)
            findings += browse(proxy.url)
            findings += _at_the_proxy(proxy.url)
    findings += _all_browser_tests()
    return findings, [
        "No container engine ran: the Dockerfile's steps were followed by plain "
        "commands, in a virtual environment in place of the base image, and its CMD "
        "run as its user. What compose.yaml limits was read, not tried.",
        "The browser tests run with the permission to change things, which a proxy's "
        "visitors do not have otherwise; that they do not is a test of its own, and so "
        "is what the proxy hides and refuses (tests/drills/test_proxy.py).",
    ]


def _in_the_image(folder: Path, app: Server) -> list[Finding]:
    process = psutil.Process(app.pid)
    wanted, uid = int(service("app")["user"].partition(":")[0]), process.uids().real
    with Visitor(app.url) as visitor:
        drawn = visitor.upload(visitor.open(), SAMPLE.name, SAMPLE.read_bytes())
    estimated = len(drawn.ages) == 1 and not drawn.failed
    size, is_nobody = f"{_size_mb(folder / 'venv'):,.0f} MB", uid == wanted != 0
    return [
        Finding("Packages in the image, without TensorFlow", size),
        Finding("The app's process", f"user {uid}", "no user's rights", is_nobody),
        all_of("Sample photos estimated", int(estimated), 1),
    ]


def _at_the_proxy(url: str) -> list[Finding]:
    answers = [checks.ask(url, path) for path in ("/", "/media/x.png", *checks.HIDDEN)]
    present = [name in one.headers for one in answers for name in checks.HEADERS]
    let_go_s = checks.seconds_until_let_go(url)
    headers = "Security headers, on pages and on refusals"
    return [
        all_of(headers, sum(present), len(present)),
        at_most(
            "A request that is never ended is let go after", let_go_s, LET_GO_S, "s"
        ),
        _flood(url),
    ]


def _flood(url: str) -> Finding:
    refused, took_s = checks.flooded(url, REQUESTS)
    spare = BURST + RATE_S * (took_s + 1)
    return Finding(
        f"Of {REQUESTS:,} requests at once of one visitor, refused (429)",
        f"{refused:,} in {took_s:.1f} s",
        f"those over {BURST} and {RATE_S} a second",
        0 < REQUESTS - refused <= spare,
    )


def _all_browser_tests() -> list[Finding]:
    """The browser's tests once more, behind the proxy, on every screen."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [*_PYTEST, *BROWSER_TESTS, f"--junitxml={report}"],
            cwd=paths.ROOT,
            env=os.environ | dict.fromkeys(_SWITCHED_ON, "1"),
            stdout=subprocess.DEVNULL,
            check=False,
        )
        suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    counts = {name: int(suite.get(name, 0)) for name in ("tests", "skipped")}
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    ran = counts["tests"] - counts["skipped"]
    bars = "axe-core on every view, both themes, wide and narrow, included"
    return [all_of(f"Browser tests passed behind the proxy, {bars}", ran - failed, ran)]


def _size_mb(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if not path.is_symlink())
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6
