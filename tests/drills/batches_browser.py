"""Names and an interrupted batch in a real browser, with the real server and model."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, expect

from agemodel.core import paths
from agemodel.core.file_names import shown_name
from tests.harness.driver import run_chromium, run_server, visit, watched_page
from tests.harness.findings import Finding, all_of, at_most, none_of
from tests.harness.made_archives import zip_of
from tests.harness.names_shown import faceless_png

NAMES = (
    *("*a* _b_ **c** `d`.png", "# a.png", ":red[a] :material/home: :smile:.png"),
    *("$x^2$ $$y$$.png", "[a](http:b) www.example.org.png", "<b>a</b> &amp;.png"),
    *("<img src=x onerror=alert(1)>.png", "<script>alert(1)<script>.png", "=1+1.png"),
    *("a  b;c,d.png", "{{7*7}} ${7*7} %s.png", "Zoë 北京 עברית 👩\u200d👩\u200d👧.png"),
    *("a\u202egpj.png", "a\u200bb.png", "-- -> (c) ~~a~~.png", "null"),
)
"""None has a character that a browser rewrites when it sends it: quotes, line breaks,
slashes."""

MOST_CLEAR_S = 5.0
_UPLOADER = "stFileUploaderDropzoneInput"
_PHOTOS = 300


def findings() -> Iterator[Finding]:
    """Bring names, then clear a batch in its middle.

    Raises:
        Missing: there is no Chromium.
    """
    with (
        tempfile.TemporaryDirectory() as home,
        run_server(Path(home)) as server,
        run_chromium() as browser,
    ):
        yield from _names(browser, server.url)
        yield from _clear_in_the_middle(browser, server.url)


def _names(browser: Browser, url: str) -> Iterator[Finding]:
    shown = raw = 0
    dialogs: list[str] = []
    for start in range(0, len(NAMES), 4):  # as many as a page of the app shows
        names = NAMES[start : start + 4]
        with watched_page(browser) as page:
            page.on("dialog", lambda dialog: dialogs.append(dialog.message))
            visit(page, url)
            page.get_by_test_id(_UPLOADER).set_input_files(list(map(_file, names)))
            expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=60_000)
            shown += sum(is_shown(page, name) for name in names)
            raw += count_raw_exports(page)
    yield all_of("Names in a browser, to the letter", shown, len(NAMES))
    yield none_of("Names in a browser that ran as a script", len(dialogs), len(NAMES))
    yield none_of("Tables that give their cells raw as CSV", raw, len(NAMES) // 4)


def is_shown(page: Page, name: str) -> bool:
    """Whether a name stands under its photo, with nothing made of it."""
    texts = page.get_by_test_id("stText")
    line = f"{shown_name(name)} (320 by 160 px)"
    for text in texts.all():
        if text.text_content() == line:
            return not text.locator("a, em, strong, code, b, img, .katex").count()
    return False


def count_raw_exports(page: Page) -> int:
    """How many tables have a button that saves them as they are."""
    page.get_by_test_id("stDataFrame").first.hover()
    return page.get_by_role("button", name="Download as CSV").count()


def _file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": faceless_png()}


def _clear_in_the_middle(browser: Browser, url: str) -> Iterator[Finding]:
    photo = (paths.SAMPLES / "three-portraits.jpg").read_bytes()
    photos = ((f"{n}.jpg", photo + bytes([n % 256, n // 256])) for n in range(_PHOTOS))
    archive = zip_of(*photos, method=0)
    with watched_page(browser) as page:
        visit(page, url)
        page.get_by_test_id(_UPLOADER).set_input_files(
            {"name": "t.zip", "mimeType": "application/zip", "buffer": archive}
        )
        looking = page.get_by_text(re.compile(r"^Looking at photo \d+ of 300"))
        expect(looking).to_have_text(re.compile(r"photo [1-9]\d "), timeout=60_000)
        begun = time.perf_counter()
        page.get_by_role("button", name="Clear all").click()
        expect(page.get_by_text("No photo at hand?")).to_be_visible()
        took = time.perf_counter() - begun
        expect(looking).to_have_count(0)
    yield at_most(
        "From 'Clear all' in a batch to an empty page", took, MOST_CLEAR_S, "s", 1
    )
