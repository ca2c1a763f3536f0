"""The app in its container's shape, behind its proxy, and what gets through."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from tempfile import TemporaryDirectory

from agemodel.core import paths
from tests.drills import proxy_checks as checks
from tests.drills.browsing import browse
from tests.drills.container import Running, is_healthy, run_app, service, writable
from tests.harness.findings import Finding, all_of, at_most
from tests.harness.proxy import find_nginx, run_proxy
from tests.harness.sandbox import Sandbox, built

PROMISE = """
Behind the proxy of `deploy/` and in the container of the `Dockerfile`, visitors reach
the app and nothing else: as a user without rights, on files that cannot be written,
with limits on what one of them may send, and with a policy by which the browser loads
nothing from elsewhere and no other site can frame the app.
"""
PAGES = ("/", "/dataset", "/training", "/evaluation", "/about")
BROWSER_TESTS = (
    "tests/browser/test_accessibility.py",
    "tests/browser/test_estimate.py",
)
"""Run once more behind the proxy: every view on every screen, and uploads."""

MOST_MIB = 101  # client_max_body_size
MAX_ESTIMATE_S = 5.0
TABS, REQUESTS = 60, 1000  # after 1,000 nginx ends a connection
VISITOR_TABS, BURST, RATE_S = 40, 500, 50
LET_GO_S = 30.0
HEALTH_S = 30.0
_MODEL = Path("app", "assets", "models", "mobile", "model.tflite")
_MAY_WRITE = ["/home/app", "/tmp"]


def run() -> tuple[list[Finding], list[str]]:
    """Run the Dockerfile's steps, start the app there, the proxy before it, and try it.

    Raises:
        Missing: no nginx, no rights, or no Chromium.
    """
    find_nginx()
    with TemporaryDirectory(prefix="container-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        sandbox, steps = built(folder)
        with run_app(sandbox) as app, run_proxy(app.url) as proxy:
            findings = _in_the_container(sandbox, steps, app)
            findings += _in_a_browser(proxy.url)
            findings += _at_the_proxy(proxy.url)
            findings.append(_memory(app))
    findings += _all_browser_tests()
    return findings, _notes()


def _in_the_container(sandbox: Sandbox, steps: int, app: Running) -> list[Finding]:
    status = app.status()
    places = writable(sandbox)
    venv_mb = _size_mb(sandbox.folder / "venv")
    rights = f"user {status['Uid'].split()[0]}, capabilities {status['CapEff']}"
    bare = status["Uid"].split()[0] == service("app")["user"].partition(":")[0]
    bare = bare and int(status["CapEff"], 16) == 0 and status["NoNewPrivs"] == "1"
    return [
        Finding("Steps of the Dockerfile that ran", f"{steps}", "all", True),
        Finding("Packages in the container, without TensorFlow", f"{venv_mb:,.0f} MB"),
        Finding("The app's process", rights, "no user's rights, none to be had", bare),
        Finding(
            "Folders that it can write to",
            ", ".join(places),
            "those in memory alone",
            places == _MAY_WRITE,
        ),
        _health(sandbox, app),
    ]


def _health(sandbox: Sandbox, app: Running) -> Finding:
    """The health check with the model as it is, a bit of it turned, and turned back."""
    model = sandbox.folder / _MODEL
    sound = model.read_bytes()
    damaged = bytes([sound[0] ^ 1]) + sound[1:]
    told = []
    for content, wanted in ((sound, True), (damaged, False), (sound, True)):
        model.write_bytes(content)
        told.append(_turns(sandbox, app, wanted))
    words = {True: "green", False: "red"}
    return Finding(
        "Health check; a bit of the model turned; turned back",
        ", ".join(words[one] for one in told),
        "green, red, green",
        told == [True, False, True],
    )


def _turns(sandbox: Sandbox, app: Running, wanted: bool) -> bool:
    """The health check's word, once it is the wanted one or after a while."""
    deadline = time.monotonic() + HEALTH_S
    while (told := is_healthy(sandbox, app)) != wanted and time.monotonic() < deadline:
        time.sleep(0.5)
    return told


def _in_a_browser(url: str) -> list[Finding]:
    seen = browse(url, os.environ.get("CHROMIUM") or shutil.which("chromium"), PAGES)
    return [
        Finding(
            f"Stopped by the policy on {len(PAGES)} pages, with a photo and the camera",
            f"{len(seen.stopped)}",
            "nothing that the app needs",
            not seen.stopped,
        ),
        Finding(
            "Requests of the browser to other hosts",
            f"{len(seen.elsewhere)}",
            "none",
            not seen.elsewhere,
        ),
        at_most("Photo to estimate", seen.estimate_s, MAX_ESTIMATE_S, "s", 1),
        Finding(
            "Picture taken with the camera", _done(seen.camera), "judged", seen.camera
        ),
        Finding(
            "The app in another site's frame",
            "shown" if seen.framed else "refused",
            "refused",
            not seen.framed,
        ),
    ]


def _at_the_proxy(url: str) -> list[Finding]:
    answers = [checks.ask(url, path) for path in ("/", "/media/x.png", *checks.HIDDEN)]
    present = [
        name.lower() in answer.headers for answer in answers for name in checks.HEADERS
    ]
    too_large = [
        checks.announce(url, checks.UPLOAD, MOST_MIB * 1024**2 + 1),
        checks.announce(url, "/", 65 * 1024),
    ]
    hidden = [checks.ask(url, path).status for path in checks.HIDDEN]
    forged = [
        checks.ask(url, checks.UPLOAD, "PUT", body=b"x").status,
        checks.stream_status(url, "https://elsewhere.example"),
    ]
    let_go_s = checks.seconds_until_let_go(url)
    return [
        all_of(
            "Security headers, on pages and on refusals", sum(present), len(present)
        ),
        all_of("Bodies too large, refused (413)", too_large.count(413), len(too_large)),
        all_of(
            "Addresses not for visitors, hidden (404)", hidden.count(404), len(hidden)
        ),
        all_of("Forged requests, refused (403)", forged.count(403), len(forged)),
        at_most(
            "A request that is never ended is let go after", let_go_s, LET_GO_S, "s"
        ),
        Finding(
            f"Of {TABS} tabs of one visitor, refused (429)",
            f"{(tabs := checks.refused_of(url, TABS))}",
            f"those over {VISITOR_TABS}",
            tabs == TABS - VISITOR_TABS,
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


def _memory(app: Running) -> Finding:
    """The most memory that the app took in all this, beside compose.yaml's limit."""
    most_mb = int(app.status()["VmHWM"].split()[0]) * 1024 / 1e6
    limit_mb = int(service("app")["mem_limit"].removesuffix("g")) * 1024**3 / 1e6
    return at_most("Memory of the app, at its most", most_mb, limit_mb, "MB")


def _all_browser_tests() -> list[Finding]:
    """The browser's tests once more, behind the proxy, on every screen."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                *BROWSER_TESTS,
                f"--junitxml={report}",
            ],
            cwd=paths.ROOT,
            env=os.environ
            | {
                "AGEMODEL_TEST_BEHIND_PROXY": "1",
                "AGEMODEL_TEST_EVERY_SCREEN": "1",
                "AGEMODEL_VISITORS_MAY_CHANGE": "1",
            },
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


def _notes() -> list[str]:
    return [
        "No container engine ran: the Dockerfile's steps were run by script, in a root "
        "folder of their own with this system's folders, read-only, in place of the "
        "base image; then its CMD, as compose.yaml's user, with its tmpfs and without "
        "capabilities. Only address and port were others. Memory, process and network "
        "limits of compose.yaml were read, not tried.",
        "The browser tests run with the permission to change things, which a proxy's "
        "visitors do not have otherwise; that they do not is a test of its own "
        "(tests/drills/test_proxy.py).",
    ]


def _size_mb(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if not path.is_symlink())
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def _done(done: bool) -> str:
    return "judged" if done else "not judged"
