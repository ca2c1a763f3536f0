"""The time to visit each page in a headless Chromium, beside an empty app."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from time import perf_counter
from typing import Any

import numpy as np
from playwright.sync_api import Browser

from benchmarks.page import (
    AT_REST,
    EMPTY_APP,
    HEADING,
    fresh_page,
    serve_app,
    serve_script,
)
from benchmarks.speed_limits import at_most
from benchmarks.timings import significant, summarise
from tests.harness.driver import run_chromium

SERVERS = 3
"""How often all servers are started."""
VISITS = 4
"""How many later visits each page gets."""

MOST_LONGER_S = 1.0
"""The most that a page may take longer than an empty app."""

_SIDEBAR = '[data-testid="stSidebar"]'
_CHART = ".js-plotly-plot .main-svg .trace, .js-plotly-plot .bars .point path"
USABLE = {
    "dataset": (HEADING, f'{_SIDEBAR} input[type="range"]'),
    "evaluation": (HEADING, f"{_SIDEBAR} button"),
    "training": (
        HEADING,
        '[data-testid="stMain"] [data-testid="stButtonGroup"] button',
    ),
    "one_chart": (HEADING,),
    "empty": (HEADING,),
}
"""What is seen when a page can be used: its heading and what one chooses with."""
WHOLE = {
    "dataset": (_CHART,),
    "evaluation": ('[data-testid="stMetricValue"]:visible',),
    "training": (_CHART,),
    "one_chart": (_CHART,),
}
"""What else the first screen of 1440 by 900 px shows; the others have nothing else."""
PAGES = ("dataset", "evaluation", "training")

_ONE_CHART = """\
import plotly.graph_objects as go
import streamlit as st

st.title("One chart")
st.plotly_chart(go.Figure(go.Bar(x=[1, 2, 3], y=[3, 1, 2])))
"""


def run() -> dict[str, Any]:
    """Visit every page, an empty app, and one with a single chart, by turns."""
    with run_chromium() as browser:
        times = _measure(browser)
        version = browser.version
    return {"chromium": version, **summarise_times(times)}


def summarise_times(times: dict[str, list[float]]) -> dict[str, Any]:
    """Each series of seconds, how much longer than an empty app's, and the limits.

    Args:
        times: by `page_visit_state`, the page of `USABLE`, the visit `first` (to a
            server that nobody has visited yet) or `later`, the state `usable` or
            `whole`.
    """
    found: dict[str, Any] = {f"{key}_s": summarise(s) for key, s in times.items()}
    for key, seconds in times.items():
        visits = "first" if "_first_" in key else "later"
        longer = np.median(seconds) - np.median(times[f"empty_{visits}_usable"])
        found[f"{key}_longer_s"] = significant(float(longer))
    return {**found, "limits": limits(found)}


def limits(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the whole first screen of every page."""
    return [
        at_most(
            f"{page} page, {visits} visit, longer than an empty app's, s",
            found[f"{page}_{visits}_whole_longer_s"],
            MOST_LONGER_S,
        )
        for page in PAGES
        for visits in ("first", "later")
    ]


def _measure(browser: Browser) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for _ in range(SERVERS):
        for page in PAGES:  # each meets a server that nobody has visited yet
            with ExitStack() as stack:
                urls = {page: f"{stack.enter_context(serve_app())}/{page}"}
                urls["one_chart"] = stack.enter_context(serve_script(_ONE_CHART))
                urls["empty"] = stack.enter_context(serve_script(EMPTY_APP))
                _visit_by_turns(browser, urls, times)
    return times


def _visit_by_turns(
    browser: Browser, urls: dict[str, str], times: dict[str, list[float]]
) -> None:
    for number in range(1 + VISITS):
        for name in list(urls)[:: -1 if number % 2 else 1]:
            visits = "later" if number else "first"
            usable_s, whole_s = _visit_s(browser, urls[name], name)
            times.setdefault(f"{name}_{visits}_usable", []).append(usable_s)
            if name in WHOLE:
                times.setdefault(f"{name}_{visits}_whole", []).append(whole_s)


def _visit_s(browser: Browser, url: str, name: str) -> tuple[float, float]:
    """Seconds from the navigation until a page can be used, and until it is whole."""
    with fresh_page(browser) as page:
        started = perf_counter()
        page.goto(url)

        def seen_s(shown: Sequence[str]) -> float:
            for selector in shown:
                page.wait_for_selector(selector, state="attached")
            return perf_counter() - started

        usable_s = seen_s(USABLE[name])
        whole_s = seen_s(WHOLE.get(name, ()))
        page.wait_for_selector(AT_REST)
    return usable_s, whole_s
