"""The nastiest files and one portrait, brought to the page in a real browser."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, expect

from agemodel.core import paths
from tests.drills.hostile_bombs import bombs
from tests.harness.driver import run_chromium, run_server, visit, watched_page
from tests.harness.findings import Finding, all_of, none_of
from tests.harness.made_pictures import PORTRAITS, Made

DONE_TIMEOUT_MS = 120_000
_UPLOADER = "stFileUploaderDropzoneInput"
_SUMMARY = re.compile(
    r"^(\d+) photos?, (\d+) faces?; ([\d,]+) files? could not be read$"
)
_SENTENCE = re.compile(r"expected .+, got .+\.")


def findings() -> Iterator[Finding]:
    """Bring every bomb and, last, a portrait.

    Raises:
        Missing: there is no Chromium.
    """
    with (
        tempfile.TemporaryDirectory() as home,
        run_server(Path(home)) as server,
        run_chromium() as browser,
    ):
        yield from brought(browser, server.url, list(bombs()))
        traces = server.log.read_text().count("Traceback")
        yield none_of("Bombs on the page: tracebacks in the log", traces, 1)


def brought(browser: Browser, url: str, nasty: list[Made]) -> Iterator[Finding]:
    """What the page makes of hostile files in a batch with one good photo."""
    good = Made(PORTRAITS[0], (paths.SAMPLES / PORTRAITS[0]).read_bytes())
    with watched_page(browser) as page:
        visit(page, url)
        files = [_payload(made) for made in (*nasty, good)]
        page.get_by_test_id(_UPLOADER).set_input_files(files)
        summary = page.get_by_text(_SUMMARY)
        expect(summary).to_be_visible(timeout=DONE_TIMEOUT_MS)
        photos, faces, refused = _numbers(summary.inner_text())
        shown, right = _sentences(page)
    yield all_of("Bombs on the page: refused", refused, len(nasty))
    yield all_of("Bombs on the page: shown with a whole sentence", right, shown)
    done = int((photos, faces) == (1, 1))
    yield all_of("Bombs on the page: the portrait beside them done", done, 1)


def _payload(made: Made) -> FilePayload:
    name = made.name.replace(".ico", ".png")  # the page offers to choose no icons
    return {"name": name, "mimeType": "image/png", "buffer": made.data}


def _numbers(summary: str) -> list[int]:
    match = _SUMMARY.match(summary)
    assert match is not None
    return [int(number.replace(",", "")) for number in match.groups()]


def _sentences(page: Page) -> tuple[int, int]:
    """How many files of this page could not be read, and how many it says why."""
    shown = page.get_by_text("Could not be read", exact=True).count()
    texts = page.get_by_test_id("stText").all_inner_texts()
    return shown, sum(bool(_SENTENCE.search(text)) for text in texts)
