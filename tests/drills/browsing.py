"""A browser at the proxy: what its policy stops, and whether the app still works."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from agemodel.core import paths
from tests.harness.driver import run_chromium, visit, wait_for
from tests.harness.findings import Finding
from tests.harness.made_camera import FAKE

PAGES = ("/", "/dataset", "/training", "/evaluation", "/about")
PHOTO = paths.SAMPLES / "barack-obama.jpg"
PATIENCE_MS = 60_000
_AGE = re.compile(r"^\d+ years$")
_LISTEN = """window.stopped = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.stopped.push(`${event.violatedDirective} ${event.blockedURI}`))"""


def browse(url: str) -> list[Finding]:
    """Visit every page, upload a photo, take one with the camera, and be framed.

    That no request goes elsewhere is held by all browser tests, behind the proxy, too.
    """
    stopped: list[str] = []
    with run_chromium(*FAKE) as browser:
        for path, act in [*((path, None) for path in PAGES), *_ACTS]:
            page = browser.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.add_init_script(_LISTEN)
            visit(page, url + path)
            if act:
                act(page)
            stopped += page.evaluate("window.stopped")
            page.close()
        framed = _is_framed(browser, url)
    what = f"Stopped by the policy on {len(PAGES)} pages, with a photo and the camera"
    shown = "shown" if framed else "refused"
    return [
        Finding(what, f"{len(stopped)}", "nothing that the app needs", not stopped),
        Finding("The app in another site's frame", shown, "refused", not framed),
    ]


def _upload(page: Page) -> None:
    """Wait for the estimate of a photo, and save a file of it."""
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(PHOTO)
    page.get_by_role("heading", name=_AGE).first.wait_for()
    with page.expect_download():
        page.get_by_role("button", name="PNG with boxes").first.click()


def _photograph(page: Page) -> None:
    """Take a picture; Chromium's made-up camera shows no face, so that is said."""
    page.get_by_text("Camera", exact=True).click()
    wait_for(page, "document.querySelector('video')?.readyState === 4")
    page.get_by_role("button", name="Take Photo").click()
    expect(page.get_by_text("1 photo, 0 faces")).to_be_visible(timeout=PATIENCE_MS)


_ACTS = (("/", _upload), ("/", _photograph))


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
