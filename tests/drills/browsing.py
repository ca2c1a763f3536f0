"""A browser at the proxy: what its policy stops, and whether the app still works."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Error, Page, Request, sync_playwright

from agemodel.core import paths
from tests.harness.measurements import Missing

PHOTO = paths.SAMPLES / "barack-obama.jpg"
PATIENCE_MS = 60_000
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
_AGE = re.compile(r"^\d+ years$")
_LISTEN = """window.stopped = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.stopped.push(`${event.violatedDirective} ${event.blockedURI}`))"""


@dataclass
class Seen:
    """What a browser met.

    Attributes:
        stopped: by the policy, on every page.
        elsewhere: requests that went to another host than the proxy's.
        estimate_s: from the choice of a photo to its estimate.
        camera: whether a picture of the camera was taken and judged.
        framed: whether another site's page could show the app in a frame.
    """

    stopped: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    estimate_s: float = 0.0
    camera: bool = False
    framed: bool = True


def browse(url: str, chromium: str | None, pages: tuple[str, ...]) -> Seen:
    """Visit pages, bring a photo, take one with the camera, and be framed."""
    seen = Seen()
    with _browser(chromium) as browser:
        for path in pages:
            with _page(browser, url, seen) as page:
                _open(page, url + path)
                if path == "/":
                    seen.estimate_s = _bring(page)
        with _page(browser, url, seen) as page:
            _open(page, url)
            seen.camera = _photograph(page)
        seen.framed = _can_be_framed(browser, url)
    return seen


@contextmanager
def _browser(chromium: str | None) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=list(_FLAGS)
            )
        except Error as error:
            raise Missing("No Chromium was found.") from error
        yield browser
        browser.close()


@contextmanager
def _page(browser: Browser, url: str, seen: Seen) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(_LISTEN)
    local = (url, url.replace("http", "ws", 1), "data:", "blob:")

    def note(request: Request) -> None:
        if not request.url.startswith(local):
            seen.elsewhere.append(request.url)

    page.on("request", note)
    yield page
    seen.stopped += page.evaluate("window.stopped")
    context.close()


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector("h1")
    page.wait_for_timeout(1000)  # charts and pictures follow


def _bring(page: Page) -> float:
    uploader = page.get_by_test_id("stFileUploaderDropzoneInput")
    started = time.monotonic()
    uploader.set_input_files(PHOTO)
    page.get_by_role("heading", name=_AGE).first.wait_for()
    took_s = time.monotonic() - started
    with page.expect_download():
        page.get_by_role("button", name="PNG with boxes").first.click()
    return took_s


def _photograph(page: Page) -> bool:
    """Chromium's made-up camera shows no face, so that is what the answer is."""
    page.get_by_text("Camera", exact=True).click()
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate("document.querySelector('video')?.readyState === 4"):
        if time.monotonic() > deadline:
            return False
        page.wait_for_timeout(100)
    page.get_by_role("button", name="Take Photo").click()
    try:
        page.get_by_text("1 photo, 0 faces").wait_for()
    except Error:
        return False
    return True


def _can_be_framed(browser: Browser, url: str) -> bool:
    page = browser.new_page()
    site = "http://elsewhere.test/"
    html = f'<iframe src="{url}/" width="800" height="600"></iframe>'
    page.route(site, lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(site)
    page.wait_for_timeout(3000)
    framed = any(frame.url.startswith(url) for frame in page.frames)
    page.close()
    return framed
