"""The Dataset page in a headless Chromium: filters, gallery, map, a million faces."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd
from playwright.sync_api import Browser, Locator, Page

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.dataset.index import images_dir
from agemodel.explorer.filters import counts, masks
from agemodel.explorer.selection import Selection
from benchmarks.page import fresh_page, serve_app
from benchmarks.repaint import repaint_s
from benchmarks.server_start import MIB, status_kib
from benchmarks.speed_limits import at_most
from benchmarks.timings import significant, summarise
from tests.harness.chart_clicks import chart, click_chart, place_in
from tests.harness.driver import run_chromium, run_server, visit
from tests.harness.made_face_tables import COUNT, write_app
from tests.harness.measurements import Missing

REPEATS = 7
PURE_REPEATS = 20
SETTLED_MS = 1000
"""After so long at rest a chart answers the pointer."""

MOST_FILTER_S = 0.4
MOST_GALLERY_S = 1.0
MOST_MILLION_S = 1.0
MOST_MILLION_MB = 1000.0

SIDEBAR = '[data-testid="stSidebar"]'
FILTERS = {
    "gender": "a gender",
    "race": "a race",
    "age": "the age slider, a step",
    "bar": "a click on a chart's bar",
    "reset": "all filters off",
}
"""Ways to filter, in words; each is measured with the charts in view."""
SELECTION = Selection(ages=(20, 60), genders=("female",), splits=("test",))
"""The filters that are timed without a page."""


def run() -> dict[str, Any]:
    """Use the page, and use it with a million faces."""
    with run_chromium() as browser:
        times = _measure_use(browser)
        million = _measure_million(browser)
        version = browser.version
    found: dict[str, Any] = {f"{key}_s": summarise(s) for key, s in times.items()}
    found |= {"chromium": version, "million": million}
    return {**found, "limits": limits(found)}


def limits(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Of filters, the gallery and a million faces."""
    acts = {f"filter_{key}_s": words for key, words in FILTERS.items()}
    acts |= {"map_filter_s": "a gender on the map"}
    kept = [
        at_most(
            f"{words}, to the repainted page, s", found[key]["median"], MOST_FILTER_S
        )
        for key, words in acts.items()
    ]
    if "gallery_s" in found:
        what = "a page of 60 pictures, s"
        kept.append(at_most(what, found["gallery_s"]["median"], MOST_GALLERY_S))
    million = found["million"]
    for what, key in (
        ("filter and counts without a page, s", "pure_s"),
        ("a gender, to the repainted page, s", "filter_s"),
    ):
        seconds = million[key]["median"]
        kept.append(at_most(f"a million faces: {what}", seconds, MOST_MILLION_S))
    what = "a million faces: the server's memory at its most, MB"
    return [*kept, at_most(what, million["peak_mib"] * MIB / 1e6, MOST_MILLION_MB)]


def _measure_use(browser: Browser) -> dict[str, list[float]]:
    """Filter the charts in every way, turn the gallery's pages, use the map."""
    with serve_app() as url, fresh_page(browser) as page:
        visit(page, f"{url}/dataset")
        _charts_are_drawn(page)
        acts = {
            "gender": lambda: _pill(page, "female").click(),
            "race": lambda: _pill(page, "Asian").click(),
            "age": lambda: _slide(page),
            "bar": lambda: _click_bar(page),
        }
        times = {f"filter_{key}": _repeat(page, act) for key, act in acts.items()}
        times["filter_reset"] = _measure_reset(page)
        visit(page, f"{url}/dataset?view=map")
        page.wait_for_selector(".js-plotly-plot .imagelayer image", state="attached")
        times["map_filter"] = _repeat(page, acts["gender"])
        if _has_pictures():
            visit(page, f"{url}/dataset?view=faces&sort=random")
            turn = page.get_by_role("button", name="Next page")
            times["gallery"] = _repeat(page, turn.click)
    return times


def _measure_reset(page: Page) -> list[float]:
    """Set a filter and take all off, a few times; only the latter counts."""
    seconds = []
    for _ in range(REPEATS + 1):
        repaint_s(page, _pill(page, "female").click)
        reset = page.get_by_role("button", name="Show all")
        seconds.append(repaint_s(page, reset.click))
    return seconds[1:]


def _measure_million(browser: Browser) -> dict[str, Any]:
    """Filter a made-up table of a million faces, through the page and without."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "faces.feather"
        subprocess.run(
            [sys.executable, "-m", "tests.harness.made_face_tables", str(table)],
            cwd=paths.ROOT,
            check=True,
        )
        script = write_app(folder, table)
        with run_server(folder, script) as server, fresh_page(browser) as page:
            visit(page, server.url)
            _charts_are_drawn(page)
            filters = _repeat(page, _pill(page, "female").click)
            visit(page, f"{server.url}/?view=map")
            map_filters = _repeat(page, _pill(page, "female").click)
            peak_mib = _peak_mib(server.pid)
        return {
            "n": COUNT,
            "pure_s": summarise(_measure_pure(table)),
            "filter_s": summarise(filters),
            "map_filter_s": summarise(map_filters),
            "peak_mib": significant(peak_mib),
        }


def _measure_pure(table: Path) -> list[float]:
    faces = pd.read_feather(table)
    seconds = []
    for _ in range(PURE_REPEATS):
        started = perf_counter()
        found = masks(faces, SELECTION)
        counts(faces, SELECTION, found)
        found.without()
        seconds.append(perf_counter() - started)
    return seconds


def _repeat(page: Page, act: Callable[[], object]) -> list[float]:
    """Do something a few times; the first one does not count."""
    return [repaint_s(page, act) for _ in range(REPEATS + 1)][1:]


def _charts_are_drawn(page: Page) -> None:
    page.wait_for_selector(".js-plotly-plot .bars .point path", state="attached")
    page.wait_for_timeout(SETTLED_MS)


def _pill(page: Page, word: str) -> Locator:
    return page.locator(f"{SIDEBAR} button", has_text=word).first


def _slide(page: Page) -> None:
    """Move the lower end of the ages by a year."""
    page.locator(f"{SIDEBAR} [data-testid='stSlider'] input[type='range']").first.press(
        "ArrowRight"
    )


def _click_bar(page: Page) -> None:
    """Click on the last bar of the splits, test, once the pointer is on it."""
    split = chart(page, "dataset_split")
    bar = split.locator(".bars .point path").last
    click_chart(page, split, lambda: place_in(bar))


def _has_pictures() -> bool:
    try:
        return images_dir(paths.data_dir()).is_dir()
    except AgeModelError:
        return False


def _peak_mib(pid: int) -> float:
    """The most memory that a process has held, where the system tells."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        raise Missing("Only Linux tells the memory of another process.")
    return status_kib(status.read_text("utf-8"), "VmHWM") * 1024 / MIB
