"""A browser at the proxy: what its policy stops, and whether the app still works."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Request, expect

from agemodel.core import paths
from tests.harness.driver import run_chromium, visit, wait_for
from tests.harness.findings import Finding, at_most

PAGES = ("/", "/dataset", "/training", "/evaluation", "/about")
PHOTO = paths.SAMPLES / "barack-obama.jpg"
PATIENCE_MS = 60_000
MAX_ESTIMATE_S = 5.0
_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
_AGE = re.compile(r"^\d+ years$")
_LISTEN = """window.stopped = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.stopped.push(`${event.violatedDirective} ${event.blockedURI}`))"""


def browse(url: str) -> list[Finding]:
    """Visit every page, upload a photo, take one with the camera, and be framed."""
    stopped: list[str] = []
    elsewhere: list[str] = []
    with run_chromium(*_CAMERA) as browser:
        for path in PAGES:
            with _page(browser, url, stopped, elsewhere) as page:
                visit(page, url + path)
        with _page(browser, url, stopped, elsewhere) as page:
            visit(page, url)
            estimate_s = _upload(page)
        with _page(browser, url, stopped, elsewhere) as page:
            visit(page, url)
            _photograph(page)
        framed = _is_framed(browser, url)
    return [
        Finding(
            f"Stopped by the policy on {len(PAGES)} pages, with a photo and the camera",
            f"{len(stopped)}",
            "nothing that the app needs",
            not stopped,
        ),
        Finding(
            "Requests of the browser to other hosts",
            f"{len(elsewhere)}",
            "none",
            not elsewhere,
        ),
        at_most("Photo to estimate", estimate_s, MAX_ESTIMATE_S, "s", 1),
        Finding(
            "The app in another site's frame",
            "shown" if framed else "refused",
            "refused",
            not framed,
        ),
    ]


@contextmanager
def _page(
    browser: Browser, url: str, stopped: list[str], elsewhere: list[str]
) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(_LISTEN)
    local = (url, url.replace("http", "ws", 1), "data:", "blob:")

    def note(request: Request) -> None:
        if not request.url.startswith(local):
            elsewhere.append(request.url)

    page.on("request", note)
    yield page
    stopped += page.evaluate("window.stopped")
    page.close()


def _upload(page: Page) -> float:
    """Seconds from the choice of a photo to its estimate; a file is saved as well."""
    started = time.monotonic()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(PHOTO)
    page.get_by_role("heading", name=_AGE).first.wait_for()
    took_s = time.monotonic() - started
    with page.expect_download():
        page.get_by_role("button", name="PNG with boxes").first.click()
    return took_s


def _photograph(page: Page) -> None:
    """Take a picture; Chromium's made-up camera shows no face, so that is said."""
    page.get_by_text("Camera", exact=True).click()
    wait_for(page, "document.querySelector('video')?.readyState === 4")
    page.get_by_role("button", name="Take Photo").click()
    expect(page.get_by_text("1 photo, 0 faces")).to_be_visible(timeout=PATIENCE_MS)


def _is_framed(browser: Browser, url: str) -> bool:
    """Whether another site's page can show the app in a frame."""
    page = browser.new_page()
    site = "http://elsewhere.test/"
    html = f'<iframe src="{url}/" width="800" height="600"></iframe>'
    page.route(site, lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(site)
    page.wait_for_load_state("networkidle")
    framed = any(frame.url.startswith(url) for frame in page.frames)
    page.close()
    return framed
