"""Errors, Certainty and Extremes in a real browser, with whatever is imported."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.harness.chart_clicks import chart, click_chart, drag, place_of_value
from tests.harness.driver import Server, query_of, visit, wait_for, wait_until_drawn
from tests.harness.plain_predictions import plain_faces

CELL_YEARS = 3


def click_at(page: Page, name: str, x: float, y: float) -> None:
    """Click on a value of a chart."""
    of = chart(page, f"evaluation_{name}")
    click_chart(page, of, lambda: place_of_value(of, x, y))


def wait_for_drag(page: Page, name: str) -> None:
    """Wait until only the chart is there over which a drag chooses."""
    wait_for(
        page,
        f"""() => {{
            const plots = [...document.querySelectorAll(
                "[class*='st-key-evaluation_{name}_'] .js-plotly-plot")];
            return plots.length === 1
                && plots[0]._fullLayout?.dragmode === 'select';
        }}""",
    )


def expect_faces(page: Page, title: str, count: int) -> None:
    heading = page.get_by_role("heading", name=f"{title}: {count:,}")
    expect(heading).to_be_visible()
    wait_until_drawn(page)


@pytest.fixture
def errors(server: Server, page: Page) -> Iterator[Page]:
    visit(page, f"{server.url}/evaluation?view=errors")
    expect(page.locator(".js-plotly-plot")).to_have_count(6)
    yield page


def test_click_on_a_cell_shows_its_faces_and_a_second_one_lets_go(errors: Page) -> None:
    # The cell about 26 and 26: labelled 25 to 27, estimated 24.5 to 27.5.
    inside = [
        face
        for face in plain_faces()
        if 25 <= face.age <= 27 and 24.5 <= face.age_years < 27.5
    ]
    click_at(errors, "density", 26, 26)
    title = "Labelled 25 to 27 years, estimated 24.5 to 27.5"
    expect_faces(errors, title, len(inside))
    assert query_of(errors)["pick"] == ["cells 26 26 26 26"]
    click_at(errors, "density", 26, 26)
    expect(errors.get_by_role("heading", name=title)).to_have_count(0)


def test_drag_over_cells_shows_their_faces(errors: Page) -> None:
    errors.get_by_text("Drag over cells", exact=True).click()
    wait_for_drag(errors, "density")
    density = chart(errors, "evaluation_density")
    corners = ((60, 98), (75, 86.5), (90, 75))
    drag(errors, [place_of_value(density, *corner) for corner in corners])
    heading = errors.get_by_role("heading", name=re.compile("^Labelled .* estimated"))
    expect(heading).to_be_visible()
    wait_until_drawn(errors)
    x0, x1, y0, y1 = (int(word) for word in query_of(errors)["pick"][0].split()[1:])
    assert 60 <= x0 < x1 <= 90
    assert 75 <= y0 < y1 <= 98
    half = CELL_YEARS / 2
    inside = [
        face
        for face in plain_faces()
        if x0 - half < face.age < x1 + half and y0 - half <= face.age_years < y1 + half
    ]
    expect(heading).to_have_text(re.compile(f": {len(inside):,}$"))


def test_click_on_an_age_group_shows_who_is_outside(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/evaluation?view=certainty")
    expect(page.locator(".js-plotly-plot")).to_have_count(5)
    old = [face for face in plain_faces() if face.age >= 70]
    outside = [face for face in old if not face.age_low <= face.age <= face.age_high]
    click_at(page, "coverage", 8, 1 - len(outside) / len(old))
    expect_faces(page, "Labelled 70+ years, outside the interval", len(outside))


def test_click_on_a_group_shows_its_faces(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/evaluation?view=groups&by=gender")
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    women = [face for face in plain_faces() if face.gender == 1]
    mae = sum(abs(face.age_years - face.age) for face in women) / len(women)
    click_at(page, "groups-gender", mae, 1)
    expect_faces(page, "female, largest errors first", len(women))
    assert query_of(page)["pick"] == ["female"]
