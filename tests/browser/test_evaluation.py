"""The Evaluation page's first two views in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from agemodel.analysis.predicted_faces import Slice, in_slice, read_judged
from agemodel.core.labels import AGE_GROUPS
from agemodel.runs.run_folder import find_run
from tests.harness.driver import Server, assert_fits, visit, wait_until_drawn
from tests.harness.plain_predictions import SERVED

RUN = SERVED
VIEWS = {
    "overview": "view=overview",
    "confusion": "view=confusion&pick=3,5",
    "confusion-decades": "view=confusion&bands=decades",
}


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def expect_n(page: Page, count: int) -> None:
    line = page.get_by_test_id("stBottomBlockContainer")
    expect(line).to_contain_text(f"n = {count:,} of")
    wait_until_drawn(page)


def matrix(page: Page) -> Locator:
    return page.locator("[class*='st-key-evaluation_confusion_'] .js-plotly-plot")


def click_cell(page: Page, true: int, estimated: int, k: int) -> None:
    """Click in the middle of a cell of a matrix of k classes, once it answers."""
    area = matrix(page).locator(".nsewdrag")
    expect(area).to_be_visible()
    answer = matrix(page).locator(".hoverlayer .hovertext")
    for _ in range(30):
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        assert box is not None
        x = box["x"] + (estimated + 0.5) / k * box["width"]
        y = box["y"] + (true + 0.5) / k * box["height"]
        page.mouse.move(x - 3, y)
        page.mouse.move(x, y)
        page.wait_for_timeout(300)
        if answer.count():
            break
    page.mouse.click(x, y)


def count(split: str, true: str, estimated: str) -> int:
    """The faces of a cell of the nine groups."""
    judged = read_judged(find_run(RUN))
    part = judged[in_slice(judged, Slice(split))]
    hit = (part["age_group"] == true) & (part["estimated_group"] == estimated)
    return int(hit.sum())


def test_click_on_a_cell_shows_its_faces_and_a_second_one_lets_go(
    server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/evaluation?run={RUN}&view=confusion")
    click_cell(page, 3, 4, len(AGE_GROUPS))
    n = count("test", "20-29", "30-39")
    heading = page.get_by_role("heading", name=f"20-29, taken for 30-39: {n:,}")
    expect(heading).to_be_visible()
    wait_until_drawn(page)
    assert query(page)["pick"] == ["3,4"]
    click_cell(page, 3, 4, len(AGE_GROUPS))
    expect(heading).to_have_count(0)
    wait_until_drawn(page)
    assert "pick" not in query(page)


def test_split_and_bands_repaint_the_matrix(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/evaluation?run={RUN}&view=confusion")
    expect_n(page, 4743)
    texts = matrix(page).locator(".scatterlayer .textpoint")
    expect(texts.first).to_be_visible()
    before = texts.all_text_contents()
    page.get_by_test_id("stSidebar").get_by_text("val", exact=True).click()
    expect_n(page, 1898)
    expect(texts.first).not_to_have_text(before[0])
    assert query(page)["split"] == ["val"]
    page.get_by_role("combobox", name=re.compile("Bands")).click()
    page.get_by_role("option", name="Marketing bands").click()
    expect(matrix(page).locator(".xtick").last).to_have_text("65+")
    wait_until_drawn(page)
    assert query(page)["bands"] == ["marketing"]
    page.get_by_role("button", name="Reset").click()
    expect_n(page, 4743)
    assert set(query(page)) <= {"view", "run"}


def test_edges_of_ones_own_make_bands_or_a_sentence(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/evaluation?view=confusion&bands=own")
    expect(matrix(page).locator(".xtick").last).to_have_text("50+")
    field = page.get_by_label("A new band starts at")
    field.fill("18, 12")
    field.press("Enter")
    expect(page.get_by_text("Edges rise, none comes twice")).to_be_visible()
    wait_until_drawn(page)
    expect(matrix(page)).to_have_count(0)
    field.fill("21")
    field.press("Enter")
    expect(matrix(page).locator(".xtick").last).to_have_text("21+")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("view", VIEWS)
def test_view_fits_the_window_in_both_themes(
    server: Server,
    open_page: Callable[..., Page],
    view: str,
    width: int,
    scheme: str,
) -> None:
    page = open_page(width=width, scheme=scheme)
    visit(page, f"{server.url}/evaluation?run={RUN}&{VIEWS[view]}")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    assert_fits(page, f"evaluation-{view}-{width}-{scheme}")
