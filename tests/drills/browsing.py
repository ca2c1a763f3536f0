"""A browser at the proxy: what its policy stops, and whether the app still works."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Error, Page, Request

from agemodel.core import paths
from tests.harness.driver import run_chromium, visit, wait_for

PHOTO = paths.SAMPLES / "barack-obama.jpg"
PATIENCE_MS = 60_000
_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
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
        camera: whether a picture of the camera was taken and estimated.
        framed: whether another site's page could show the app in a frame.
    """

    stopped: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    estimate_s: float = 0.0
    camera: bool = False
    framed: bool = True


def browse(url: str, pages: tuple[str, ...]) -> Seen:
    """Visit pages, upload a photo, take one with the camera, and be framed."""
    seen = Seen()
    with run_chromium(*_CAMERA) as browser:
        for path in pages:
            with _page(browser, url, seen) as page:
                visit(page, url + path)
                if path == "/":
                    seen.estimate_s = _bring(page)
        with _page(browser, url, seen) as page:
            visit(page, url)
            seen.camera = _photograph(page)
        seen.framed = _can_be_framed(browser, url)
    return seen


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
    wait_for(page, "document.querySelector('video')?.readyState === 4")
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
    page.wait_for_load_state("networkidle")
    framed = any(frame.url.startswith(url) for frame in page.frames)
    page.close()
    return framed
