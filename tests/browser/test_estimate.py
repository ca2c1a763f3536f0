"""The Estimate page in a real browser, with the real model."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from agemodel.core.file_names import shown_name
from tests.harness.driver import Server, run_server, visit, wait_until_drawn
from tests.harness.estimate_page import (
    COLLINS,
    OBAMA,
    cards,
    expect_cards,
    faceless,
    payload,
    sample,
    upload,
)
from tests.harness.fakes import GATE, png_with_faces
from tests.harness.made_archives import zip_of

ESTIMATE_APP = Path(__file__).with_name("estimate_app.py")


def album() -> FilePayload:
    """An archive of a photo of seven faces, five photos of one, and junk."""
    photos = [
        (f"{number}.png", png_with_faces(*widths))
        for number, widths in enumerate([[20] * 7, [30], [40], [50], [60], [70]])
    ]
    return payload("album.zip", zip_of(*photos, ("broken.jpg", b"no picture")))


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """A server, and the file as long as which photos of one face wait."""
    gate = tmp_path / GATE
    gate.touch()
    with run_server(tmp_path, ESTIMATE_APP) as running:
        yield running, gate


def age_on(card: Locator) -> int:
    return int(card.inner_text().split()[0])


def download(page: Page, label: str) -> bytes:
    inside = page.get_by_role("button", name=label).first
    if not inside.is_visible():
        page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        inside.click()
    return Path(waiting.value.path()).read_bytes()


def test_photo_goes_in_and_its_estimate_comes_out(server: Server, page: Page) -> None:
    visit(page, server.url)
    upload(page, sample(OBAMA, "me *and* my _dog_.jpg"))
    expect_cards(page, 1)
    expect(page.get_by_text("me *and* my _dog_.jpg (910 by 1137 px)")).to_be_visible()
    expect(page.get_by_alt_text("The photo, with 1 face marked")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^80 % range: \d"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Gender label \w+, "))).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart").locator("svg").first).to_be_visible()

    table = download(page, "Table as CSV").decode("utf-8-sig")
    (row,) = csv.DictReader(StringIO(table))
    assert row["file"] == "me *and* my _dog_.jpg"
    assert round(float(row["age_years"])) == age_on(cards(page).first)
    assert float(row["age_low"]) < float(row["age_years"]) < float(row["age_high"])

    (record,) = json.loads(download(page, "Records as JSON"))
    assert (record["width"], record["height"]) == (910, 1137)
    assert record["faces"][0]["gender"] == row["gender"]
    png = Image.open(BytesIO(download(page, "PNG with boxes")))
    assert (png.format, png.size) == ("PNG", (910, 1137))
    with zipfile.ZipFile(BytesIO(download(page, "Photos with boxes"))) as archive:
        assert archive.namelist() == ["me _and_ my _dog_-faces.jpg"]


def test_click_on_the_picture_of_a_sample_estimates_it(
    server: Server, page: Page
) -> None:
    visit(page, server.url)
    page.get_by_alt_text("Three portraits").click(force=True)  # its button lies over it
    expect_cards(page, 3)


def test_results_are_still_there_after_a_look_at_another_page(
    server: Server, page: Page
) -> None:
    visit(page, server.url)
    upload(page, sample(COLLINS))
    expect_cards(page, 1)
    for title in ("About", "Estimate"):
        page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
        expect(page.locator("h1")).to_have_text(title)
    expect_cards(page, 1)


def choose_age_groups(page: Page) -> None:
    page.get_by_text("Age groups", exact=True).click()


def turn_to_the_seventh_face(page: Page) -> None:
    faces = page.get_by_test_id("stPagination").nth(1)
    faces.get_by_text("2", exact=True).click()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("act", [choose_age_groups, turn_to_the_seventh_face])
def test_click_in_the_middle_of_the_work_loses_nothing(
    gated: tuple[Server, Path], page: Page, act: Callable[[Page], None]
) -> None:
    server, gate = gated
    with page.expect_websocket() as opened:
        visit(page, server.url)
    upload(page, album())
    expect(cards(page)).to_have_count(6)
    with opened.value.expect_event("framesent"):
        act(page)
    gate.unlink()
    expect(page.get_by_text("6 photos, 12 faces")).to_be_visible()
    expect(page.get_by_text("1 file could not be read")).to_be_visible()
    wait_until_drawn(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    seventh = page.get_by_text("Face 7 looks about")
    expect(seventh).to_have_count(int(act is turn_to_the_seventh_face))


NAMES = [
    "# *a* _b_ **c** `d` :red[a] :material/home: $x^2$.png",
    "[a](http:b) www.example.org <b>a</b> &amp; {{7*7}}.png",
    "<img src=x onerror=alert(1)><script>alert(1)<script>.png",
    "=1+1 a  b;c,d 北京 עברית a\u202egpj.png",
]
"""As many as stand on a page of the app, of letters that no browser rewrites."""


def test_names_stand_on_the_page_to_the_letter(server: Server, page: Page) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    visit(page, server.url)
    upload(page, *(faceless() | {"name": name} for name in NAMES))
    page.get_by_text("Table of all faces").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    wait_until_drawn(page)
    shown = page.get_by_test_id("stText")
    found = shown.all_text_contents()
    for name in NAMES:
        assert any(line.startswith(shown_name(name)) for line in found), found
    expect(shown.locator("a, em, strong, code, b, img, .katex")).to_have_count(0)
    assert dialogs == []
    # Streamlit's own download would give the cells as they are.
    page.get_by_test_id("stDataFrame").first.hover()
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
