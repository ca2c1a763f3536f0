"""The app served, and a Chromium that drives it and reports what it should not see."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.harness.chromium import find
from tests.harness.measurements import Missing
from tests.harness.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "tests" / "browser" / "output"
BEHIND_PROXY = "AGEMODEL_TEST_BEHIND_PROXY"
PATIENCE_MS = 1000 * PATIENCE_S
PHONE = "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36"
"""How a browser on a phone names itself."""
SCREENS = [(1440, "light"), (390, "dark")]
"""Width of the window in px, and theme."""
ONE_PROCESS = "--process-per-site"
"""A flag: a context's pages share a process, which compiles Streamlit's files once."""
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)


@dataclass(frozen=True)
class Server:
    """A running app: where it answers, its process's id and what it has said."""

    url: str
    pid: int
    log: Path


@contextmanager
def run_server(
    folder: Path, script: Path = ROOT / "app.py", port: int | None = None
) -> Iterator[Server]:
    """Serve the app as a new user on a fresh machine would, until the block ends.

    Its home is an empty folder, which holds the log, too; `script` is another Streamlit
    app to serve with the same settings.
    """
    port = port or free_port()
    environment = {k: v for k, v in os.environ.items() if "STREAMLIT" not in k}
    environment |= {"HOME": str(folder)}
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.headless", "true", "--server.port", str(port)]
    log = folder / "server.log"
    with (
        run_command(command, port, ROOT, environment, log) as server,
        _as_visited(server) as visited,
    ):
        yield visited


@contextmanager
def run_command(
    command: Sequence[str | Path],
    port: int,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    user: int | None = None,
) -> Iterator[Server]:
    """Run a command that serves the app on 127.0.0.1, until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    server = Server(f"http://127.0.0.1:{port}", process.pid, log)
    try:
        _wait_until_healthy(server, process)
        yield server
    finally:
        _end(process)


@contextmanager
def _as_visited(server: Server) -> Iterator[Server]:
    """The server itself; behind deploy's proxy where the variable asks for that."""
    if not os.environ.get(BEHIND_PROXY):
        yield server
        return
    from tests.harness.proxy import run_proxy

    with run_proxy(server.url) as proxy:
        yield replace(server, url=proxy.url)


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(server: Server, process: subprocess.Popen[bytes]) -> None:
    def has_ended_or_answers() -> bool:
        if process.poll() is not None:
            return True
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5):
                return True
        except (urllib.error.URLError, TimeoutError):
            return False

    with suppress(TimeoutError):
        wait_until(has_ended_or_answers)
        if process.poll() is None:
            return
    raise RuntimeError(f"The app did not start:\n{server.log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


_chromium = cache(find)


@contextmanager
def run_chromium(*more_flags: str) -> Iterator[Browser]:
    """A Chromium that calls nobody, until the block ends; `Missing` without one."""
    with run_playwright() as playwright, launched(playwright, *more_flags) as browser:
        yield browser


@contextmanager
def run_playwright() -> Iterator[Playwright]:
    """What launches Chromium; one at a time in a process."""
    expect.set_options(timeout=PATIENCE_MS)
    if _chromium() is None:
        raise Missing("No Chromium was found; `make test` sees to one.")
    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def launched(playwright: Playwright, *more_flags: str) -> Iterator[Browser]:
    """Such a Chromium, beside others."""
    browser = playwright.chromium.launch(
        executable_path=_chromium(), args=[*CHROMIUM_FLAGS, *more_flags]
    )
    yield browser
    browser.close()


_CHARTS_DRAWN = """() => [...document.querySelectorAll('[data-testid=stPlotlyChart]')]
    .every((chart) => chart.querySelector('.main-svg'))"""
_IN_COLOURS_OF = """(scheme) => document.getAnimations().length === 0
    && getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme
        === scheme"""
_BROKEN_PICTURES = """() => [...document.images]
    .filter((image) => image.complete && !image.naturalWidth && image.src)
    .map((image) => image.src)"""


_ALL_STORED = {"origin": "*", "storageTypes": "all"}
_idle_contexts: defaultdict[tuple[Browser, str | None, bool], list[BrowserContext]] = (
    defaultdict(list)
)


@contextmanager
def watched_page(
    browser: Browser,
    *,
    width: int = 1440,
    height: int = 900,
    scheme: str = "light",
    user_agent: str | None = None,
    touch: bool = False,
) -> Iterator[Page]:
    """Open a page and, at its end, complain of what it did that it should not.

    That is an error on the console, an uncaught exception, a picture that is missing at
    the end, or a request to anywhere but 127.0.0.1. A visitor's cookies and storage end
    with the page; Streamlit's own files are fetched and compiled for the next one, too.
    """
    idle = _idle_contexts[browser, user_agent, touch]
    context = (
        idle.pop()
        if idle
        else browser.new_context(user_agent=user_agent, has_touch=touch)
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    complaints: list[str] = []

    def note_request(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"} and parts.hostname != "127.0.0.1":
            complaints.append(f"a request left the machine: {url}")

    def note_console(message: ConsoleMessage) -> None:
        # Below a deep link Streamlit's page first asks for /about/_stcore/health.
        where = message.location["url"]
        probe = "/_stcore/" in where and "404" in message.text
        # A picture may be replaced before it was fetched; the end shows whether it was.
        picture = "/media/" in where + message.text
        if message.type == "error" and not probe and not picture:
            complaints.append(f"on the console: {message.text}")

    page.on("request", lambda request: note_request(request.url))
    page.on("websocket", lambda websocket: note_request(websocket.url))
    page.on("pageerror", lambda error: complaints.append(f"an exception: {error}"))
    page.on("console", note_console)
    yield page
    if not page.is_closed():
        complaints += [f"no picture: {url}" for url in page.evaluate(_BROKEN_PICTURES)]
    told = tuple(complaints)
    if not page.is_closed():
        page.goto("about:blank")  # its process stays, with what it has compiled
        context.new_cdp_session(page).send("Storage.clearDataForOrigin", _ALL_STORED)
    for other in context.pages:
        if other is not page:
            other.close()
    idle.append(context)
    assert not told, told


def visit(page: Page, url: str) -> None:
    """Go to an address of the app and wait until its script has ended."""
    page.goto(url)
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Wait until the app's script has ended and its heading and charts are there."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector("h1")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    wait_for(page, "document.fonts.status === 'loaded'")
    wait_for(page, _CHARTS_DRAWN)


def wait_for(page: Page, condition: str, argument: object = None) -> None:
    """Wait until an expression, or what a function gives, is true on the page.

    Playwright's own waiting evaluates it inside the page, which the proxy's policy
    does not let anyone do.
    """
    wait_until(lambda: page.evaluate(condition, argument))


def turn_to(page: Page, width: int, scheme: str) -> None:
    """Give a drawn page another window and theme, and wait until it has taken both."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.mouse.move(0, 0)
    wait_for(page, _IN_COLOURS_OF, scheme)
    wait_until_drawn(page)


def query_of(page: Page) -> dict[str, list[str]]:
    """What the page's address asks for."""
    return parse_qs(urlsplit(page.url).query)


def save_screenshot(page: Page, name: str) -> Path:
    """Save the page, to its end, as tests/browser/output/NAME.png; return the path.

    Streamlit's page scrolls inside the window, so the window is made as tall as it.
    """
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / f"{name}.png"
    window = page.viewport_size
    assert window is not None
    content = page.get_by_test_id("stMain")
    tall = max(window["height"], content.evaluate("(e) => e.scrollHeight"))
    page.set_viewport_size({"width": window["width"], "height": tall})
    page.screenshot(path=path)
    page.set_viewport_size(window)
    return path


def assert_fits(page: Page, name: str) -> None:
    """Hold that a page is whole and no wider than the window; save it as NAME.png."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    wait_for(
        page,
        "[...document.images].every((one) => one.complete && one.naturalWidth > 0)",
    )
    save_screenshot(page, name)
    assert sideways_scroll_px(page) == 0


def sideways_scroll_px(page: Page) -> int:
    """By how many pixels the page's content is wider than the window."""
    return int(
        page.evaluate(
            """() => Math.max(0, ...[document.scrollingElement,
                document.querySelector('[data-testid="stMain"]')]
                .map((e) => e.scrollWidth - e.clientWidth))"""
        )
    )
