"""Every page by its address and by the menu, on a large and a small screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.harness.driver import PHONE, Server, visit, wait_until_drawn

PAGES = {
    "/": "Estimate",
    "/footage": "Footage",
    "/dataset": "Dataset",
    "/training": "Training",
    "/evaluation": "Evaluation",
    "/about": "About",
}
MENU = list(PAGES.values())


def menu(page: Page) -> list[str]:
    links = page.get_by_test_id("stTopNavLink")
    return [link.inner_text().split("\n")[-1].strip() for link in links.all()]


def assert_routed(page: Page, title: str) -> None:
    assert menu(page) == MENU
    expect(page.locator("h1")).to_have_text(title)
    expect(page.get_by_alt_text("Logo").first).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_focus_on_the_menu_is_seen(server: Server, page: Page) -> None:
    visit(page, server.url)
    page.keyboard.press("Tab")  # to 'Skip to main content'
    page.keyboard.press("Tab")
    link = page.get_by_test_id("stTopNavLink").first
    expect(link).to_be_focused()
    expect(link).to_have_css("outline-style", "solid")


@pytest.mark.parametrize("path", ["/evaluation?view=confusion", "/estimate"])
def test_first_visitor_by_deep_link_meets_the_routed_page(
    fresh_server: Server, page: Page, path: str
) -> None:
    visit(page, fresh_server.url + path)
    assert_routed(page, PAGES.get(path.partition("?")[0], "Estimate"))
    assert "Traceback" not in fresh_server.log.read_text()


def test_menu_leads_from_page_to_page(server: Server, page: Page) -> None:
    visit(page, server.url)
    for path, title in reversed(PAGES.items()):
        page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
        expect(page.locator("h1")).to_have_text(title)
        wait_until_drawn(page)
        assert page.url == server.url + path


def test_server_starts_without_a_question_or_a_warning(server: Server) -> None:
    log = server.log.read_text().lower()
    assert not [word for word in ("email", "warning", "deprecat") if word in log]


def test_menu_of_a_small_screen_leads_to_every_page(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(width=390, height=844)
    visit(page, server.url)
    page.get_by_test_id("stExpandSidebarButton").click()
    links = page.get_by_test_id("stSidebarNavLink")
    expect(links).to_have_count(len(MENU))
    links.filter(has_text="About").click()
    expect(page.locator("h1")).to_have_text("About")


def test_menu_and_filters_of_a_phone_have_names(
    server: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page(width=390, height=844, user_agent=PHONE)
    visit(page, f"{server.url}/dataset")
    expect(page.get_by_test_id("stExpandSidebarButton")).to_have_count(0)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("button", name="female").click()
    expect(page.locator(".st-key-dataset_line")).to_contain_text("female")
    page.keyboard.press("Escape")
    page.get_by_test_id("stPopoverButton").filter(has_text="Menu").click()
    page.get_by_role("link", name="About").click()
    expect(page.locator("h1")).to_have_text("About")
    expect(page.get_by_role("link", name="Evaluation")).to_have_count(0)
