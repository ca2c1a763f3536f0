"""The part of a face's card that tells why, opened in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from agemodel.models.app_model import DEFAULT_MODEL
from tests.harness.driver import (
    Server,
    assert_fits,
    run_server,
    visit,
    wait_until_drawn,
)
from tests.harness.estimate_page import expect_cards, payload, upload
from tests.harness.fakes import png_with_faces
from tests.harness.made_models import faces_table, import_train_faces, write_model
from ui.estimate.why import TITLE

SCRIPT = Path(__file__).with_name("estimate_app.py")
AGES = [20, 47, 48, 49, 51, 52, 53, 70]
PHOTO = payload("a.png", png_with_faces(50, 30))


@pytest.fixture(scope="module")
def explained_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose estimates come with reasons, with training faces and pictures."""
    folder = tmp_path_factory.mktemp("explained")
    write_model(folder / "models" / DEFAULT_MODEL, faces_table(AGES))
    data = import_train_faces(folder, AGES)
    (folder / "home").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGEMODEL_MODELS", str(folder / "models"))
        patch.setenv("AGEMODEL_DATA", str(data))
        patch.setenv("AGEMODEL_RUNS", str(folder / "runs"))
        with run_server(folder / "home", SCRIPT) as running:
            yield running


def parts(page: Page) -> Locator:
    return page.locator("summary").filter(has_text=TITLE)


def test_part_opens_by_keyboard_and_shows_the_map_and_the_faces_most_alike(
    explained_server: Server, page: Page
) -> None:
    visit(page, explained_server.url)
    upload(page, PHOTO)
    expect_cards(page, 2)
    expect(parts(page)).to_have_count(2)
    expect(page.get_by_alt_text("orange where it looks older")).to_have_count(0)
    parts(page).first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_alt_text("Face 1, orange where it looks older")).to_be_visible()
    expect(page.get_by_alt_text("A training face")).to_have_count(6)
    # Face 1 is 50: of the six nearest ages 49 and 51 are in the middle.
    expect(page.get_by_text("The median of their ages is 50")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_alt_text("Face 1, orange")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_open_part_fits_the_window_in_both_themes(
    explained_server: Server, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(width=width, scheme=scheme)
    visit(page, explained_server.url)
    upload(page, PHOTO)
    expect_cards(page, 2)
    parts(page).last.click()
    expect(page.get_by_alt_text("A training face")).to_have_count(6)
    wait_until_drawn(page)
    assert_fits(page, f"why-{width}-{scheme}")
