"""The Evaluation page's first two views in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from agemodel.analysis.predicted_faces import Slice, in_slice, read_predicted
from agemodel.runs.run_folder import find_run
from tests.harness.chart_clicks import chart, click_chart, place_of_value
from tests.harness.driver import Server, query_of, visit, wait_until_drawn
from tests.harness.plain_predictions import SERVED


def expect_n(page: Page, count: int) -> None:
    line = page.locator(".st-key-evaluation_line")
    expect(line).to_contain_text(f"n = {count:,} of")
    wait_until_drawn(page)


def matrix(page: Page) -> Locator:
    return chart(page, "evaluation_confusion")


def click_cell(page: Page, true: int, estimated: int) -> None:
    """Click in the middle of a cell of the matrix."""
    of = matrix(page)
    click_chart(page, of, lambda: place_of_value(of, estimated, true))


def count(split: str, true: str, estimated: str) -> int:
    """The faces of a cell of the nine groups."""
    predicted = read_predicted(find_run(SERVED))
    part = predicted[in_slice(predicted, Slice(split))]
    hit = (part["age_group"] == true) & (part["estimated_group"] == estimated)
    return int(hit.sum())


def test_click_on_a_cell_shows_its_faces_and_a_second_one_lets_go(
    server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/evaluation?run={SERVED}&view=confusion")
    click_cell(page, 3, 4)
    n = count("test", "20-29", "30-39")
    heading = page.get_by_role("heading", name=f"20-29, taken for 30-39: {n:,}")
    expect(heading).to_be_visible()
    wait_until_drawn(page)
    assert query_of(page)["pick"] == ["3,4"]
    click_cell(page, 3, 4)
    expect(heading).to_have_count(0)
    wait_until_drawn(page)
    assert "pick" not in query_of(page)


def test_split_and_bands_repaint_the_matrix(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/evaluation?run={SERVED}&view=confusion")
    expect_n(page, 4743)
    texts = matrix(page).locator(".scatterlayer .textpoint")
    expect(texts.first).to_be_visible()
    before = texts.all_text_contents()
    page.get_by_test_id("stSidebar").get_by_text("validation", exact=True).click()
    expect_n(page, 1898)
    expect(texts.first).not_to_have_text(before[0])
    assert query_of(page)["split"] == ["val"]
    page.get_by_role("combobox", name=re.compile("Bands")).click()
    page.get_by_role("option", name="Marketing bands").click()
    expect(matrix(page).locator(".xtick").last).to_have_text("65+")
    wait_until_drawn(page)
    assert query_of(page)["bands"] == ["marketing"]
    page.get_by_role("button", name="Reset").click()
    expect_n(page, 4743)
    assert set(query_of(page)) <= {"view", "run"}


def test_faces_of_a_cell_open_in_the_dataset(server: Server, page: Page) -> None:
    cell = f"{server.url}/evaluation?run={SERVED}&view=confusion&pick=3,5"
    visit(page, cell)
    page.get_by_role("button", name="in Dataset").click()
    expect(page.locator("h1")).to_have_text("Dataset")
    n = count("test", "20-29", "40-49")
    expect(page.locator(".st-key-dataset_line")).to_contain_text(f"{n:,} of")
    wait_until_drawn(page)
    assert len(query_of(page)["among"][0].split(".")) == n
