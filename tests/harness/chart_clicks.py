"""Clicks and drags on a page's Plotly charts, once these answer the pointer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playwright.sync_api import Locator, Page

from tests.harness.waiting import wait_until

Place = tuple[float, float]

_VALUE = """(plot, [x, y]) => {
    plot.scrollIntoView({block: 'center'});
    const {xaxis, yaxis} = plot._fullLayout ?? {};
    if (!xaxis) return null;
    const box = plot.getBoundingClientRect();
    return [box.left + xaxis._offset + xaxis.l2p(x),
            box.top + yaxis._offset + yaxis.l2p(y)];
}"""
_SHARE = """(area, [x, y]) => {
    area.scrollIntoView({block: 'center'});
    const box = area.getBoundingClientRect();
    return [box.left + x * box.width, box.top + y * box.height];
}"""
_TWO_FRAMES = """() => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"""


def chart(page: Page, key: str) -> Locator:
    """The chart in the container whose key begins so."""
    return page.locator(f"[class*='st-key-{key}_'] .js-plotly-plot")


def place_of_value(chart: Locator, x: float, y: float) -> Place:
    """Where on the page a value of a chart's axes lies; a category's is its number."""
    return _at_rest(chart, lambda: chart.evaluate(_VALUE, [x, y]))


def place_in(element: Locator, x: float = 0.5, y: float = 0.5) -> Place:
    """Where a share of an element's width and height lies, from its upper left."""
    return _at_rest(element, lambda: element.evaluate(_SHARE, [x, y]))


def _at_rest(element: Locator, place: Callable[[], list[float] | None]) -> Place:
    """A place, once nothing around it moves it: the same in three looks running."""
    places: list[list[float] | None] = []

    def rests() -> list[float] | None:
        element.evaluate(_TWO_FRAMES)
        places.append(place())
        same = len(places) > 2 and places[-1] == places[-2] == places[-3]
        return places[-1] if same else None

    x, y = wait_until(rests)
    return x, y


def click_chart(page: Page, chart: Locator, place: Callable[[], Place]) -> None:
    """Click on a place of a chart once the chart answers the pointer there."""
    answer = chart.locator(".hoverlayer .hovertext")
    page.mouse.move(0, 0)
    wait_until(lambda: not answer.count())

    def answered() -> Place | None:
        x, y = place()
        page.mouse.move(x - 3, y)
        page.mouse.move(x, y)
        return (x, y) if answer.count() else None

    page.mouse.click(*wait_until(answered))


def drag(page: Page, places: Sequence[Place]) -> None:
    """Press the button at the first place, go through the others, and let go."""
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
