"""The live camera in a headless Chromium: answers a second, and their round trip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks.speed_limits import at_least, at_most
from benchmarks.timings import in_ms, significant
from tests.harness.driver import run_chromium, run_server
from tests.harness.made_camera import camera_flags, write_camera_clip
from tests.harness.made_footage import PORTRAITS

ANSWERS = 200
LEAST_PER_S = 5.0
MOST_P95_MS = 400.0
MOST_FIRST_AGE_S = 1.0
CASES = {"one": (PORTRAITS[1:2], 1), "three": (PORTRAITS, 1), "two": (PORTRAITS[:1], 2)}
"""Whose faces the camera shows, and to how many pages at once."""

TIMEOUT_MS = 240_000

# A frame is a blob; the next is sent after its answer, so they come in pairs.
_WATCH = """
window.trips = [];
window.ages_at = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({data}) => {
      const answer = JSON.parse(data), now = performance.now();
      trips.push([this.sent, now]);
      if (answer.faces?.some((face) => face.age_years !== null)) ages_at.push(now);
    });
  }
  send(data) {
    this.sent = performance.now();
    super.send(data);
  }
};
"""
_HAS_ALL = f"() => window.trips.length >= {ANSWERS} && window.ages_at.length"


def run() -> dict[str, Any]:
    """Show clips of faces to the page's camera."""
    rows = {}
    with TemporaryDirectory() as name, run_server(Path(name)) as server:
        for case, (people, pages) in CASES.items():
            clip = write_camera_clip(Path(name), people)
            with run_chromium(*camera_flags(clip)) as browser:
                rows[case] = _measure(browser, f"{server.url}/live", pages)
                version = browser.version
    return {"chromium": version, "rows": rows, "limits": limits(rows)}


def limits(rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Of one camera, with one face and with three."""
    found = []
    for case, words in (("one", "one face"), ("three", "three faces")):
        row, trip = rows[case], f"{words}, round trip, 95th percentile, ms"
        until = f"{words}, from the first answer to an age, s"
        found += [
            at_least(f"{words}, answers a second", row["per_second"], LEAST_PER_S),
            at_most(trip, row["p95_ms"], MOST_P95_MS),
            at_most(until, row["first_age_s"], MOST_FIRST_AGE_S),
        ]
    return found


def summarise_trips(
    trips: Sequence[tuple[float, float]], first_age_ms: float
) -> dict[str, Any]:
    """Rate and round trips (ms) of frames, without those of the first second."""
    start = trips[0][1]
    counted = np.array([trip for trip in trips if trip[0] > start + 1000])
    took = counted[:, 1] - counted[:, 0]
    seconds = (counted[-1, 1] - counted[0, 1]) / 1000
    return {
        "per_second": significant((len(counted) - 1) / seconds),
        "round_trip_ms": in_ms(took / 1000),
        "p95_ms": significant(float(np.percentile(took, 95))),
        "first_age_s": significant((first_age_ms - start) / 1000),
    }


def _measure(browser: Browser, url: str, count: int) -> dict[str, Any]:
    """The slowest of some pages that are open at once, each in its own window."""
    contexts = [browser.new_context() for _ in range(count)]
    pages = [_open(context.new_page(), url) for context in contexts]
    for page in pages:
        page.wait_for_function(_HAS_ALL, timeout=TIMEOUT_MS)
    found = [
        summarise_trips(page.evaluate("trips"), page.evaluate("ages_at[0]"))
        for page in pages
    ]
    for context in contexts:
        context.close()
    return min(found, key=lambda one: one["per_second"])


def _open(page: Page, url: str) -> Page:
    page.add_init_script(_WATCH)
    page.goto(url)
    return page
