"""The Dataset page in a real browser, with whatever pictures are imported."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from agemodel.core import paths
from tests.harness.chart_clicks import chart, click_chart, drag, place_in
from tests.harness.driver import (
    PHONE,
    Server,
    query_of,
    visit,
    wait_for,
    wait_until_drawn,
)

TOTAL = 23_704


def aged(low: int, high: int, gender: int | None = None) -> list[str]:
    """The names of the faces of these ages, from the splits and read plainly."""
    with paths.SPLITS.open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    return [
        name
        for name in names
        if low <= int(name.split("_")[0]) <= high
        and gender in (None, int(name.split("_")[1]))
    ]


def expect_left(page: Page, count: int) -> None:
    line = page.locator(".st-key-dataset_line")
    expect(line).to_contain_text(f"{count:,} of {TOTAL:,} faces")
    wait_until_drawn(page)


def drag_over_ages(page: Page, low: int, high: int) -> None:
    """Drag over a part of the age chart, whose axis goes from 0 to 117."""
    area = chart(page, "dataset_ages").locator(".nsewdrag")
    ages = (low - 0.4, (low + high) / 2, high + 0.4)
    drag(page, [place_in(area, age / 117) for age in ages])


def click_bar(page: Page, name: str, number: int) -> None:
    """Click in the middle of a bar, on which the chart lays what takes the click."""
    of = chart(page, f"dataset_{name}")
    bar = of.locator(".bars .point path").nth(number)
    click_chart(page, of, lambda: place_in(bar))


def test_drag_over_ages_filters_and_one_click_shows_all(
    server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/dataset")
    expect_left(page, TOTAL)
    drag_over_ages(page, 30, 50)
    expect_left(page, len(aged(30, 50)))
    assert query_of(page) == {"age": ["30-50"]}
    page.get_by_role("button", name="Show all").click()
    expect_left(page, TOTAL)
    assert query_of(page) == {}


def test_click_on_a_bar_filters_and_a_second_one_lets_go(
    server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/dataset?age=20-20")
    click_bar(page, "split", 2)
    expect(page.locator(".st-key-dataset_line")).to_contain_text("in test")
    wait_until_drawn(page)
    assert query_of(page)["split"] == ["test"]
    click_bar(page, "split", 2)
    expect_left(page, len(aged(20, 20)))
    assert "split" not in query_of(page)


def test_lasso_on_the_map_filters(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/dataset?view=map")
    area = chart(page, "dataset_map").locator(".nsewdrag")
    x, y = place_in(area)
    corners = ((-120, -120), (120, -120), (120, 120), (-120, 120), (-120, -110))
    drag(page, [(x + right, y + down) for right, down in corners])
    line = page.locator(".st-key-dataset_line")
    expect(line).to_contain_text("in a region of the map")
    assert len(query_of(page)["map"][0].split(";")) >= 3
    expect(line).not_to_contain_text(f"{TOTAL:,} of")


TOUCH = """element => {
  const touch = new Touch({identifier: 1, target: element, clientX: 200, clientY: 400});
  const given = {touches: [touch], targetTouches: [touch], changedTouches: [touch]};
  const event = new TouchEvent('touchstart', {...given, cancelable: true});
  return element.dispatchEvent(event);
}"""
"""Touches an element; false where that keeps the page from scrolling."""


@pytest.mark.parametrize(
    ("view", "name"), [("charts", "ages"), ("charts", "race"), ("map", "map")]
)
def test_finger_on_a_phone_scrolls_the_page_over_charts(
    server: Server, open_page: Callable[..., Page], view: str, name: str
) -> None:
    page = open_page(width=390, height=844, touch=True, user_agent=PHONE)
    visit(page, f"{server.url}/dataset?view={view}")
    area = chart(page, f"dataset_{name}").locator(".nsewdrag")
    expect(area).to_be_attached()
    assert area.evaluate(TOUCH)
    page.get_by_test_id("stMain").get_by_text(re.compile("tapped|a finger")).click()
    wait_for(  # the chart takes it, as it was asked to
        page,
        f"""() => {{
          const area = document.querySelector('[class*="dataset_{name}_"] .nsewdrag');
          return area && !({TOUCH})(area);
        }}""",
    )


def test_filters_survive_a_reload_and_a_visit_to_another_page(
    server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/dataset")
    female = page.get_by_test_id("stSidebar").get_by_text(re.compile("^female "))
    female.click()
    expect_left(page, len(aged(1, 116, gender=1)))
    page.reload()
    expect_left(page, len(aged(1, 116, gender=1)))
    for title in ("About", "Dataset"):
        page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
        expect(page.locator("h1")).to_have_text(title)
        wait_until_drawn(page)
    expect_left(page, len(aged(1, 116, gender=1)))
    assert query_of(page) == {"gender": ["female"]}


def test_going_back_takes_the_last_filter_off(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/dataset?age=30-50")
    page.get_by_test_id("stSidebar").get_by_text(re.compile("^female ")).click()
    expect_left(page, len(aged(30, 50, gender=1)))
    page.go_back()
    expect_left(page, len(aged(30, 50)))


def test_faces_are_downloaded(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/dataset?age=110-116")
    page.get_by_role("button", name="Export").click()
    contents = {}
    for label in ("Table as CSV", "List of files"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=label).click()
        contents[label] = Path(waiting.value.path()).read_text("utf-8-sig")
    expected = sorted(aged(110, 116))
    assert contents["List of files"].split("\n")[:-1] == expected
    rows = csv.DictReader(StringIO(contents["Table as CSV"]))
    assert [row["file"] for row in rows] == expected
