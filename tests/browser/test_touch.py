"""Charts under a finger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from agemodel.dataset.archive import import_dataset
from tests.harness.chart_clicks import chart, place_of_value
from tests.harness.dataset_archives import tiny_jpeg, write_folder
from tests.harness.driver import (
    PHONE,
    Server,
    query_of,
    run_server,
    visit,
    wait_for,
    wait_until_drawn,
)
from tests.harness.estimate_page import COLLINS, expect_cards, sample, upload
from tests.harness.plain_predictions import SERVED, plain_faces

ALL_ANSWER = """
[...document.querySelectorAll(".js-plotly-plot")]
    .every((one) => one._fullLayout.clickmode.includes("select"))
"""
"""Whether each chart of the page can be chosen in."""


@pytest.fixture
def phone(open_page: Callable[..., Page]) -> Page:
    return open_page(width=390, height=844, user_agent=PHONE, touch=True)


def test_one_tap_on_a_cell_shows_its_faces_and_one_on_another_those(
    server: Server, phone: Page
) -> None:
    visit(phone, f"{server.url}/evaluation?run={SERVED}&view=confusion")
    for true, estimated, title in (
        (3, 4, "20-29, taken for 30-39"),
        (2, 3, "10-19, taken for 20-29"),
    ):
        matrix = chart(phone, "evaluation_confusion")
        phone.touchscreen.tap(*place_of_value(matrix, estimated, true))
        expect(phone.get_by_role("heading", name=title)).to_be_visible()
        wait_until_drawn(phone)
        assert query_of(phone)["pick"] == [f"{true},{estimated}"]


def test_faces_that_a_tap_led_to_come_into_view(
    phone: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [(face.file, tiny_jpeg()) for face in plain_faces() if face.age > 65]
    import_dataset(write_folder(tmp_path / "UTKFace", files), tmp_path / "data")
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path / "data"))
    with run_server(tmp_path) as server:
        visit(phone, f"{server.url}/evaluation?run={SERVED}&view=confusion")
        matrix = chart(phone, "evaluation_confusion")
        matrix.scroll_into_view_if_needed()
        phone.touchscreen.tap(*place_of_value(matrix, 7, 8))
        face = phone.get_by_alt_text("A face, labelled").first
        expect(face).to_be_in_viewport(ratio=1)
        expect(matrix).to_be_in_viewport()


def test_one_tap_on_a_bar_filters(server: Server, phone: Page) -> None:
    visit(phone, f"{server.url}/dataset")
    assert not phone.evaluate(ALL_ANSWER)
    phone.get_by_text("Charts filter when tapped").click()
    wait_for(phone, ALL_ANSWER)
    wait_until_drawn(phone)
    split = chart(phone, "dataset_split")
    phone.touchscreen.tap(*place_of_value(split, 500, 2))
    expect(phone.locator(".st-key-dataset_line")).to_contain_text("4,743 of")
    wait_until_drawn(phone)
    assert query_of(phone)["split"] == ["test"]


def test_photo_is_in_view_once_it_is_estimated(server: Server, phone: Page) -> None:
    visit(phone, server.url)
    upload(phone, sample(COLLINS))
    expect_cards(phone, 1)
    photo = phone.get_by_alt_text("The photo, with 1 face marked")
    expect(photo).to_be_in_viewport(ratio=0.5)
    phone.get_by_text("More photos").tap()
    expect(phone.get_by_role("button", name="Clear all")).to_be_visible()
