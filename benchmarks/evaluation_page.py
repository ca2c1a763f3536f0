"""The Evaluation page in a headless Chromium: another split, other age bands."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.page import AT_REST, fresh_page, serve_app
from benchmarks.page_text import EVALUATION_ACTS
from benchmarks.repaint import repaint_s
from benchmarks.speed_limits import at_most
from benchmarks.timings import summarise
from tests.harness.driver import run_chromium, visit

REPEATS = 8
SETTLED_MS = 1500
MOST_CHANGE_S = 0.5


def run() -> dict[str, Any]:
    """Change the split and the bands, back and forth."""
    with run_chromium() as browser:
        times = _measure(browser)
        version = browser.version
    found = {f"{key}_s": summarise(s) for key, s in times.items()}
    limits = [
        at_most(f"{words}, to the repainted page, s", median, MOST_CHANGE_S)
        for key, words in EVALUATION_ACTS.items()
        for median in [found[f"{key}_s"]["median"]]
    ]
    return {"chromium": version, **found, "limits": limits}


def _measure(browser: Browser) -> dict[str, list[float]]:
    with serve_app() as url, fresh_page(browser) as page:
        _open(page, f"{url}/evaluation")
        times = {"split": _measure_split(page)}
        _open(page, f"{url}/evaluation?view=confusion")
        times["confusion_split"] = _measure_split(page)
        times["bands"] = _measure_bands(page)
    return times


def _open(page: Page, url: str) -> None:
    visit(page, url)
    page.wait_for_selector(".js-plotly-plot .main-svg", state="attached")
    page.wait_for_selector(AT_REST)
    page.wait_for_timeout(SETTLED_MS)


def _measure_split(page: Page) -> list[float]:
    """From test to val and back; the first time, which computes, counts as well."""
    sidebar = page.get_by_test_id("stSidebar")
    splits = [sidebar.get_by_text(word, exact=True) for word in ("validation", "test")]
    return [repaint_s(page, splits[i % 2].click) for i in range(REPEATS)]


def _measure_bands(page: Page) -> list[float]:
    """From the nine groups to marketing bands and back; the open list is not timed."""
    seconds = []
    for i in range(REPEATS):
        page.get_by_role("combobox", name=re.compile("Bands")).click()
        other = ("Marketing bands", "Nine groups")[i % 2]
        band = page.get_by_role("option", name=other)
        band.wait_for()
        page.wait_for_timeout(SETTLED_MS)
        seconds.append(repaint_s(page, band.click))
    return seconds
