"""Every page, looked through by axe-core for what bars people.

The first view of each page on one screen; where the variable
`AGEMODEL_TEST_EVERY_SCREEN` is set, as the drill does, every view on all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import cycle
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.harness.axe import violations
from tests.harness.driver import SCREENS, Server, turn_to, visit, wait_until_drawn
from tests.harness.estimate_page import (
    COLLAGE,
    expect_cards,
    faceless,
    payload,
    sample,
    upload,
)

ALL_SCREENS = [*SCREENS, (390, "light"), (1440, "dark")]
EVERY_SCREEN = bool(os.environ.get("AGEMODEL_TEST_EVERY_SCREEN"))

FIRST_VIEWS = [
    "/",
    "/footage",
    "/dataset",
    "/training?view=curves",
    "/evaluation?view=overview",
    "/about",
]
VIEWS = [
    *FIRST_VIEWS,
    *(f"/training?view={view}" for view in ("network", "saw", "recipe", "train")),
    *(f"/evaluation?view={view}" for view in ("confusion&pick=3,5", "errors")),
    *(f"/evaluation?view={view}" for view in ("certainty", "groups", "extremes")),
    "/evaluation?view=runs",
    "/folder",
]
MADE_FIRST = ["/?view=faces&face=0000003.jpg"]
MADE_VIEWS = [
    *MADE_FIRST,
    *(f"/?view={view}" for view in ("charts", "faces", "ageing", "map", "issues")),
    "/?view=faces&show=table",
]


def bring_photos(page: Page) -> None:
    """A photo of three, with the first face's reasons open."""
    upload(page, sample(COLLAGE))
    expect_cards(page, 3)
    page.locator("summary").filter(has_text="Why this age?").first.click()
    expect(page.get_by_alt_text("Face 1, orange where it looks older")).to_be_visible()


def bring_what_cannot_be_estimated(page: Page) -> None:
    upload(page, payload("x.jpg", b"no picture"), faceless())
    expect(page.get_by_text("1 file could not be read")).to_be_visible()


def take_from_the_camera(page: Page) -> None:
    page.get_by_text("Camera", exact=True).click()
    expect(page.get_by_test_id("stCameraInput")).to_be_visible()


def open_all(page: Page) -> None:
    for part in page.locator("summary").all():
        part.click()


STATES: list[tuple[str, Callable[[Page], None]]] = [
    ("/", bring_photos),
    ("/", bring_what_cannot_be_estimated),
    ("/", take_from_the_camera),
    ("/about", open_all),
]


def on_screens(every: list[Any], first: int) -> list[Any]:
    """What to look at, each with its screens."""
    if EVERY_SCREEN:
        return [(one, ALL_SCREENS) for one in every]
    return list(zip(every[:first], cycle([[one] for one in SCREENS]), strict=False))


def assert_bars_nobody(page: Page, screens: list[tuple[int, str]]) -> None:
    for width, scheme in screens:
        turn_to(page, width, scheme)
        assert violations(page) == [], (width, scheme)


@pytest.mark.parametrize(
    ("path", "screens"), on_screens(VIEWS, len(FIRST_VIEWS)), ids=str
)
def test_view_bars_nobody(
    server: Server, page: Page, path: str, screens: list[tuple[int, str]]
) -> None:
    visit(page, server.url + path)
    assert_bars_nobody(page, screens)


@pytest.mark.parametrize(
    ("path", "screens"), on_screens(MADE_VIEWS, len(MADE_FIRST)), ids=str
)
def test_view_of_faces_bars_nobody(
    made_faces_server: Server, page: Page, path: str, screens: list[tuple[int, str]]
) -> None:
    visit(page, made_faces_server.url + path)
    assert_bars_nobody(page, screens)


@pytest.mark.parametrize(("state", "screens"), on_screens(STATES, 1))
def test_state_bars_nobody(
    server: Server,
    page: Page,
    state: tuple[str, Callable[[Page], None]],
    screens: list[tuple[int, str]],
) -> None:
    path, act = state
    visit(page, server.url + path)
    act(page)
    wait_until_drawn(page)
    assert_bars_nobody(page, screens)


def test_what_bars_people_is_found(page: Page) -> None:
    page.set_content(
        "<html lang='en'><title>x</title><main><h1>x</h1><p style='color: #999'>pale"
        "</p><button></button></main></html>"
    )
    found = {line.partition(":")[0] for line in violations(page)}
    assert found == {"color-contrast", "button-name"}
