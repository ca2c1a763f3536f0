"""The Estimate page in a headless Chromium: time of a visit and of an estimate."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page

from agemodel.core import paths
from benchmarks.speed_limits import at_most
from benchmarks.timings import significant, summarise
from tests.harness.driver import run_chromium, run_server

SERVERS = 5
"""How often both servers are started."""
VISITS = 5
"""How many later visits each of them gets."""
UPLOADS = 5
PHOTO = paths.SAMPLES / "barack-obama.jpg"
TIMEOUT_MS = 60_000

MOST_LONGER_S = 0.8
"""The most that our page may take longer than an empty one."""
MOST_UPLOAD_S = 0.5

# The same hooks as in tests/browser/test_estimate.py and its driver.
HEADING = "h1:visible"
UPLOADER = '[data-testid="stFileUploaderDropzone"]:visible'
FILE_INPUT = '[data-testid="stFileUploaderDropzoneInput"]'
FACE_AGE = 'h2:has-text(" years"):visible'
AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'
SHOWN = {"app": (HEADING, UPLOADER), "empty": (HEADING,)}
"""What must be seen for a visit to each of the servers to count as arrived."""

EMPTY_APP = 'import streamlit as st; st.title("Empty")'


def run() -> dict[str, Any]:
    """Visit both apps in turn, then upload photos to the app."""
    times: dict[str, list[float]] = {}
    with run_chromium() as browser:
        for number in range(SERVERS):
            _measure_servers(browser, times, reverse=bool(number % 2))
        version = browser.version
    return {"chromium": version, **summarise_times(times)}


def summarise_times(times: dict[str, list[float]]) -> dict[str, Any]:
    """Each series of seconds, the differences of the medians, and the limits."""
    found: dict[str, Any] = {f"{key}_s": summarise(s) for key, s in times.items()}
    for visit in ("first", "later"):
        longer = np.median(times[f"app_{visit}"]) - np.median(times[f"empty_{visit}"])
        found[f"{visit}_longer_s"] = significant(float(longer))
    return {**found, "limits": limits(found)}


def limits(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Of both visits and of an upload."""
    visits = [
        at_most(
            f"{words} visit, longer than an empty app's, s",
            found[f"{visit}_longer_s"],
            MOST_LONGER_S,
        )
        for visit, words in (("first", "a first"), ("later", "a later"))
    ]
    upload_s = found["upload_s"]["median"]
    return [*visits, at_most("from an upload to its age, s", upload_s, MOST_UPLOAD_S)]


def _measure_servers(
    browser: Browser, times: dict[str, list[float]], reverse: bool
) -> None:
    """Start both servers, visit them by turns, and give the app a photo a few times."""
    with ExitStack() as stack:
        urls = {"app": stack.enter_context(serve_app())}
        urls["empty"] = stack.enter_context(serve_script(EMPTY_APP))
        names = list(reversed(urls)) if reverse else list(urls)
        for number in range(1 + VISITS):
            for name in names:
                key = f"{name}_{'later' if number else 'first'}"
                seconds = visit_s(browser, urls[name], SHOWN[name])
                times.setdefault(key, []).append(seconds)
        upload_s(browser, urls["app"])  # the first one loads what the figures need
        for _ in range(UPLOADS):
            times.setdefault("upload", []).append(upload_s(browser, urls["app"]))


@contextmanager
def serve_app() -> Iterator[str]:
    """The app on a server that nobody has visited yet, its address."""
    with tempfile.TemporaryDirectory() as home, run_server(Path(home)) as server:
        yield server.url


@contextmanager
def serve_script(code: str) -> Iterator[str]:
    """Another Streamlit app, its address."""
    with tempfile.TemporaryDirectory() as home:
        script = Path(home) / "other_app.py"
        script.write_text(code, "utf-8")
        with run_server(Path(home), script) as server:
            yield server.url


@contextmanager
def fresh_page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that has nothing in its cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield page
    context.close()


def visit_s(browser: Browser, url: str, shown: Sequence[str]) -> float:
    """Seconds from the navigation until all that `shown` selects is seen."""
    with fresh_page(browser) as page:
        started = perf_counter()
        _arrive(page, url, shown)
        seconds = perf_counter() - started
        page.wait_for_selector(AT_REST)
    return seconds


def upload_s(browser: Browser, url: str) -> float:
    """Seconds from handing a photo to the uploader until its age is on the page."""
    with fresh_page(browser) as page:
        _arrive(page, url, SHOWN["app"])
        page.wait_for_selector(AT_REST)
        chooser = page.locator(FILE_INPUT)
        started = perf_counter()
        chooser.set_input_files(PHOTO)
        page.wait_for_selector(FACE_AGE)
        return perf_counter() - started


def _arrive(page: Page, url: str, shown: Sequence[str]) -> None:
    page.goto(url, wait_until="commit")
    for selector in shown:
        page.wait_for_selector(selector)
