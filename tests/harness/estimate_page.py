"""Photos brought to the Estimate page in a browser, and the cards of their faces."""

from __future__ import annotations

import mimetypes
import re

from playwright.sync_api import FilePayload, Locator, Page, expect

from agemodel.core import paths
from tests.harness.driver import wait_until_drawn
from tests.harness.fakes import png_with_faces

COLLINS = "eileen-collins.jpg"
OBAMA = "barack-obama.jpg"
COLLAGE = "three-portraits.jpg"


def payload(name: str, content: bytes) -> FilePayload:
    """A file as the browser gives it, of the kind that its name ends with."""
    kind, _ = mimetypes.guess_type(name)
    return {"name": name, "mimeType": kind or "", "buffer": content}


def sample(file: str, name: str | None = None) -> FilePayload:
    """One of the app's sample photos, under its own name or another."""
    return payload(name or file, (paths.SAMPLES / file).read_bytes())


def faceless() -> FilePayload:
    """A picture without a face."""
    return payload("sky.png", png_with_faces())


def upload(page: Page, *files: FilePayload) -> None:
    """Give files to the page's uploader."""
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(list(files))


def cards(page: Page) -> Locator:
    """The faces' ages: the headings that say 'N years'."""
    return page.get_by_role("heading", name=re.compile(r"^\d+ years$"))


def expect_cards(page: Page, count: int) -> None:
    """Wait until the page is drawn with so many cards."""
    expect(cards(page)).to_have_count(count)
    wait_until_drawn(page)
