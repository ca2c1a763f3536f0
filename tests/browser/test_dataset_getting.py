"""Getting the images from the Dataset page in a browser, from made archives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from agemodel.dataset.splits import read_splits
from tests.harness.archive_server import HALF, Answer, archive_with_noise, serving
from tests.harness.dataset_archives import tiny_jpeg
from tests.harness.driver import (
    Server,
    run_server,
    save_screenshot,
    sideways_scroll_px,
    visit,
    wait_until_drawn,
)
from tests.harness.waiting import wait_until

PICTURES = 20
PATIENCE_MS = 90_000  # for a machine whose disk or processors are busy


@pytest.fixture
def empty_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server whose data folder has nothing in it."""
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path / "data"))
    home = tmp_path / "home"
    home.mkdir()
    with run_server(home) as running:
        yield running


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A .tar.gz of the first faces by name, all grey, and of one useless file."""
    names = sorted(read_splits()["file"])[:PICTURES]
    path = tmp_path / "UTKFace.tar.gz"
    archive_with_noise(path, [(name, tiny_jpeg()) for name in names])
    return path


def open_form(page: Page, server: Server, source: str) -> None:
    visit(page, f"{server.url}/dataset?view=faces&size=20&sort=name")
    page.get_by_text("The pictures are not imported").click()
    choose(page, source)


def choose(page: Page, source: str) -> None:
    radio = page.get_by_role("radio", name=source)

    def chosen() -> bool:
        """Click, as a click while the panel still unfolds is lost."""
        if not radio.is_checked():
            radio.click()
        wait_until_drawn(page)
        return radio.is_checked()

    wait_until(chosen)
    wait_until_drawn(page)


def send(page: Page, label: str, text: str) -> None:
    page.get_by_label(label).fill(text)
    terms = page.get_by_role("checkbox", name="I accept these terms")
    if not terms.is_checked():
        page.get_by_text("I accept these terms").click()
    page.get_by_role("button", name="Get the pictures").click()


def expect_soon(element: Locator) -> None:
    """As a background job and the page's look at it every second need a while."""
    expect(element).to_be_visible(timeout=PATIENCE_MS)


def expect_pictures(page: Page) -> None:
    expect_soon(page.get_by_text(f"{PICTURES} faces, 1 refused."))
    expect_soon(page.get_by_text("1 refused: The file is not a JPEG image."))
    faces = page.get_by_alt_text("A face, labelled")
    expect(faces).to_have_count(PICTURES, timeout=PATIENCE_MS)
    assert faces.evaluate_all("all => all.every((one) => one.naturalWidth > 0)")


def test_archive_on_the_disk_becomes_pictures(
    empty_server: Server, page: Page, archive: Path
) -> None:
    open_form(page, empty_server, "This machine's disk")
    send(page, "Path of UTKFace", f"{archive}.gz")
    expect_soon(page.get_by_text(f"There is no archive or folder at {archive}.gz"))
    send(page, "Path of UTKFace", str(archive))
    expect_pictures(page)
    main = page.get_by_test_id("stMain")  # a notice beside it has a Close, too
    main.get_by_role("button", name="Close").click()
    expect(main.get_by_text("refused")).to_have_count(0)
    assert "Traceback" not in empty_server.log.read_text()


def test_download_is_watched_cancelled_and_tried_again(
    empty_server: Server, page: Page, open_page: Callable[..., Page], archive: Path
) -> None:
    with serving(archive.read_bytes()) as source:
        source.plan = [Answer(stall_after=HALF)]
        open_form(page, empty_server, "Another address")
        send(page, "Address of", source.url)
        expect_soon(page.get_by_text("0.3 of 0.6 MB"))
        other = open_page(width=390, scheme="dark")
        visit(other, f"{empty_server.url}/dataset?view=faces&size=20&sort=name")
        expect_soon(other.get_by_text("0.3 of 0.6 MB"))
        for one, name in ((page, "1440-light"), (other, "390-dark")):
            save_screenshot(one, f"dataset-getting-{name}")
            assert sideways_scroll_px(one) == 0
        other.get_by_role("button", name="Cancel").click()
        expect_soon(other.get_by_text("Cancelling …"))
        source.released.set()  # in place of the timeout
        for one in (page, other):
            expect_soon(one.get_by_text("Cancelled.", exact=True))
            expect(one.get_by_role("radio", name="Another address")).to_be_checked()
        page.get_by_role("button", name="Try again").click()
        for one in (page, other):
            wait_until_drawn(one)
        expect_pictures(page)
    assert "Traceback" not in empty_server.log.read_text()
