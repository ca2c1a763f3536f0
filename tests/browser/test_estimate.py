"""The Estimate page in a real browser, with the real model."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from agemodel.core import paths
from tests.harness.driver import (
    Server,
    save_screenshot,
    sideways_scroll_px,
    visit,
    wait_until_drawn,
)

COLLINS = "eileen-collins.jpg"
OBAMA = "barack-obama.jpg"
COLLAGE = "three-portraits.jpg"


def sample(file: str, name: str | None = None) -> FilePayload:
    content = (paths.SAMPLES / file).read_bytes()
    return {"name": name or file, "mimeType": "image/jpeg", "buffer": content}


def faceless() -> FilePayload:
    picture = Image.linear_gradient("L").convert("RGB")
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return {"name": "sky.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def album(count: int) -> FilePayload:
    """An archive of a crowd of 36, of photos of three, all of other bytes, and junk."""
    with Image.open(paths.SAMPLES / COLLAGE) as collage:
        collage.load()
    small = collage.resize((458, 338))
    crowd = Image.new("RGB", (4 * 458, 3 * 338))
    for place in range(12):
        crowd.paste(small, (place % 4 * 458, place // 4 * 338))
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, photo in enumerate([crowd, *([collage] * count)]):
            content = BytesIO()
            photo.save(content, "JPEG", quality=60 + number)
            archive.writestr(f"{number:02}.jpg", content.getvalue())
        archive.writestr("broken.jpg", b"no picture")
    content = buffer.getvalue()
    return {"name": "album.zip", "mimeType": "application/zip", "buffer": content}


def upload(page: Page, *files: FilePayload) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(list(files))


def cards(page: Page) -> Locator:
    """The faces' ages: the headings that say 'N years'."""
    return page.get_by_role("heading", name=re.compile(r"^\d+ years$"))


def expect_cards(page: Page, count: int) -> None:
    expect(cards(page)).to_have_count(count)
    wait_until_drawn(page)


def age_on(card: Locator) -> int:
    return int(card.inner_text().split()[0])


def download(page: Page, label: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label).first.click()
    return Path(waiting.value.path()).read_bytes()


def test_photo_goes_in_and_its_estimate_comes_out(server: Server, page: Page) -> None:
    visit(page, server.url)
    upload(page, sample(OBAMA, "me *and* my _dog_.jpg"))
    expect_cards(page, 1)
    expect(page.get_by_text("me *and* my _dog_.jpg (910 by 1137 px)")).to_be_visible()
    expect(page.get_by_alt_text("The photo, with 1 face marked")).to_be_visible()
    expect(page.get_by_text("eight times out of ten")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Gender label \w+, "))).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart").locator("svg").first).to_be_visible()

    (row,) = csv.DictReader(
        StringIO(download(page, "Table as CSV").decode("utf-8-sig"))
    )
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


def test_photo_of_several_people_gives_a_card_each(server: Server, page: Page) -> None:
    visit(page, server.url)
    upload(page, sample(COLLAGE))
    expect_cards(page, 3)
    for number in (1, 2, 3):
        expect(page.get_by_text(f"Face {number} looks about")).to_be_visible()


def test_broken_file_stands_beside_the_good_one(server: Server, page: Page) -> None:
    visit(page, server.url)
    broken = sample(OBAMA, "broken.jpg")
    upload(page, broken | {"buffer": broken["buffer"][:5000]}, sample(COLLINS))
    expect_cards(page, 1)
    expect(page.get_by_text("broken.jpg is cut off")).to_be_visible()
    expect(page.get_by_text("1 file could not be read")).to_be_visible()


def test_sample_is_one_click_and_clear_begins_anew(server: Server, page: Page) -> None:
    visit(page, server.url)
    page.get_by_role("button", name="Try this photo").last.click()
    expect_cards(page, 3)
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("Try one of these")).to_be_visible()
    wait_until_drawn(page)
    expect(cards(page)).to_have_count(0)


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


@pytest.mark.parametrize("click", ["whole page", "one photo"])
def test_click_in_the_middle_of_the_work_loses_nothing(
    server: Server, page: Page, click: str
) -> None:
    visit(page, server.url)
    upload(page, album(25))
    expect(cards(page).nth(5)).to_be_visible()
    expect(page.get_by_text("Looking at photo")).to_be_visible()
    if click == "whole page":
        page.get_by_text("Age groups", exact=True).click()
    else:
        faces = page.get_by_test_id("stPagination").nth(1)
        faces.get_by_text("2", exact=True).click()
        expect(page.get_by_text("Face 7 looks about")).to_be_visible(timeout=60_000)
    # 36 of the crowd and 3 on each of the others
    done = page.get_by_text("26 photos, 111 faces")
    expect(done).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1 file could not be read")).to_be_visible()
    wait_until_drawn(page)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_photo_without_a_face_is_judged_whole_only_on_request(
    server: Server, page: Page
) -> None:
    visit(page, server.url)
    upload(page, faceless())
    expect(page.get_by_text("No face was found")).to_be_visible()
    wait_until_drawn(page)
    expect(cards(page)).to_have_count(0)
    page.get_by_role("button", name="Take the whole picture as a face").click()
    expect_cards(page, 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_results_fit_the_window_in_both_themes(
    server: Server, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(width=width, scheme=scheme)
    visit(page, server.url)
    upload(page, sample(COLLAGE), faceless(), sample(COLLINS))
    expect_cards(page, 4)
    save_screenshot(page, f"estimate-results-{width}-{scheme}")
    assert sideways_scroll_px(page) == 0
