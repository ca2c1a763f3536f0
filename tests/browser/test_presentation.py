"""Presenting: by keyboard, over pages, in large text, with charts full screen."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.harness.axe import violations
from tests.harness.driver import Server, visit, wait_for, wait_until_drawn
from tests.harness.waiting import wait_until
from ui.presentation import LEAST_PX

SMALLEST_PX = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let least = Infinity;
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        const box = parent.getBoundingClientRect();
        const text = walker.currentNode.textContent.trim();
        if (!text || box.width < 2 || !parent.checkVisibility()) continue;
        if (parent.closest('script, style')) continue;
        least = Math.min(least, parseFloat(getComputedStyle(parent).fontSize));
    }
    return least;
}"""


def press(page: Page, name: str) -> None:
    """Press a button by keyboard."""
    page.get_by_role("button", name=name).press("Enter")


def test_presentation_holds_over_pages_until_it_is_switched_off(
    server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/evaluation?view=confusion")
    sidebar, bar = page.get_by_test_id("stSidebar"), page.get_by_test_id("stHeader")
    expect(sidebar).to_be_visible()
    press(page, "slideshow")
    expect(sidebar).to_be_hidden()
    expect(bar).to_be_hidden()
    wait_until_drawn(page)
    wait_until(lambda: page.evaluate(SMALLEST_PX) >= LEAST_PX)
    wait_for(page, "document.getAnimations().length === 0")
    assert violations(page) == []
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_text("Split", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Dataset").click()
    expect(page.locator("h1")).to_have_text("Dataset")
    wait_until_drawn(page)
    expect(bar).to_be_hidden()
    wait_until(lambda: page.evaluate(SMALLEST_PX) >= LEAST_PX)
    press(page, "End presentation")
    expect(sidebar).to_be_visible()
    expect(bar).to_be_visible()


def test_chart_fills_the_screen_and_escape_brings_it_back(
    server: Server, page: Page
) -> None:
    visit(page, f"{server.url}/dataset")
    chart = page.get_by_test_id("stPlotlyChart").first
    chart.hover()
    chart.get_by_role("button", name="Fullscreen").click()
    frame = page.get_by_test_id("stFullScreenFrame").first
    expect(chart.get_by_role("button", name="Close fullscreen")).to_be_attached()
    box = frame.bounding_box()
    assert (box["width"], box["height"]) == (1440, 900)
    page.keyboard.press("Escape")
    expect(chart.get_by_role("button", name="Fullscreen", exact=True)).to_be_attached()
