"""Every control of every page, reached without a pointer.

Tab goes from control to control; in a row of buttons, and among those of a radio, the
arrow keys do. A table has one place, in which Tab goes from cell to cell.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.harness.driver import Server, visit
from tests.harness.estimate_page import COLLAGE, expect_cards, sample, upload

VIEWS = [
    *("/", "/dataset", "/training?view=curves", "/training?view=train"),
    *("/evaluation?view=confusion", "/evaluation?view=runs", "/about"),
]
MOST_STEPS = 400

CONTROLS = """() => {
  const roles = ['button', 'checkbox', 'combobox', 'link', 'radio', 'slider', 'switch',
                 'tab', 'textbox'].map((role) => `[role=${role}]`);
  const seen = (one) => {
    const box = one.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && one.checkVisibility(
      {opacityProperty: true, visibilityProperty: true});
  };
  const all = ['a[href]', 'button', 'input', 'select', 'textarea', 'summary', ...roles];
  window.reached = new Set();
  window.controls = [...document.querySelectorAll(all)].filter((one) =>
    seen(one) && !one.disabled && one.getAttribute('aria-disabled') !== 'true'
    && !one.closest('[aria-hidden=true]')
    && !one.closest('[data-testid=stSelectbox] button')
    && !one.closest('[data-testid=stNumberInput] button'));
}"""
"""Keeps the controls that a pointer can use.

The small buttons of a select box and of a number do what its arrow keys do.
"""

REACH = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return -1;
  window.reached.add(one);
  const group = one.closest('[role=radiogroup], [role=toolbar], [role=group]');
  return group ? group.querySelectorAll('button, input[type=radio]').length : 0;
}"""
"""How many the focused one's group has; -1 where the page has been gone through."""

LEFT = """() => window.controls.filter((one) => one.isConnected
    && !window.reached.has(one)).map((one) => one.outerHTML.slice(0, 200))"""


def left_out(page: Page) -> list[str]:
    """Controls that the keys do not reach."""
    page.evaluate(CONTROLS)
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        others = page.evaluate(REACH)
        if others < 0:
            break
        for _ in range(others - 1):
            page.keyboard.press("ArrowRight")
            page.evaluate(REACH)
    return page.evaluate(LEFT)


@pytest.mark.parametrize("path", VIEWS)
def test_every_control_is_reached(server: Server, page: Page, path: str) -> None:
    visit(page, server.url + path)
    assert left_out(page) == []


def test_every_control_of_an_estimate_is_reached(server: Server, page: Page) -> None:
    visit(page, server.url)
    upload(page, sample(COLLAGE))
    expect_cards(page, 3)
    assert left_out(page) == []


def test_a_popover_opens_and_closes_by_keys(server: Server, page: Page) -> None:
    # What it holds comes after all else of the page.
    visit(page, f"{server.url}/evaluation?view=overview")
    button = page.get_by_role("button", name="Export")
    button.focus()
    page.keyboard.press("Enter")
    body = page.get_by_test_id("stPopoverBody")
    expect(body.get_by_role("button").first).to_be_visible()
    left_out(page)
    buttons = "[...body.querySelectorAll('button')]"
    assert body.evaluate(f"(body) => {buttons}.every((one) => reached.has(one))")
    page.keyboard.press("Escape")
    expect(body).to_have_count(0)


def test_what_keys_do_not_reach_is_found(page: Page) -> None:
    page.set_content(
        "<button>one</button><a href='#' tabindex='-1'>two</a>"
        "<div role='button'>three</div>"
    )
    found = left_out(page)
    assert [one.split(">")[1][:3] for one in found] == ["two", "thr"]
