"""What is left of photos once their tab is closed, and whom the app calls."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from agemodel.core import paths
from agemodel.serving.estimator import Estimator
from tests.harness.canary import Canaries, make_canaries
from tests.harness.chromium import find
from tests.harness.driver import CHROMIUM_FLAGS, visit
from tests.harness.findings import Finding, none_of
from tests.harness.measurements import Missing
from tests.harness.process_memory import search
from tests.harness.visitor import Visitor
from tests.harness.watched import Watched, called, files_with, watch_server, written

PROMISE = """
60 s after its tab was closed nothing of a photo is left on an idle server: not in its
memory, its log or on disk. No request leaves the machine, from server or browser.
"""
GONE_AFTER_S = 60.0
PAGES = ("/", "/dataset", "/training", "/evaluation", "/about")
SETTLED_S = 15.0
"""By then everything is loaded that the server loads beside its first visits."""


def run() -> tuple[list[Finding], list[str]]:
    """Bring marked photos, look for the marks, and tour the pages in a browser.

    Raises:
        Missing: there is no Chromium, or memory cannot be searched here.
    """
    chromium = find()
    if chromium is None:
        raise Missing("No Chromium was found; `make test` sees to one.")
    canaries = make_canaries(Estimator.load())
    with tempfile.TemporaryDirectory() as folder, watch_server(Path(folder)) as watched:
        found = photos_gone(watched, canaries, GONE_AFTER_S)
        found += nobody_called(watched, chromium)
    return found, [
        "The marks are in the file's name, EXIF and pixels; parts of all that the app "
        "makes of a photo are looked for, too: its preview, the crop that the model "
        "saw, the drawing with boxes, the face's embedding. On glibc freed memory is "
        "overwritten; elsewhere it is only freed.",
    ]


def photos_gone(watched: Watched, canaries: Canaries, after_s: float) -> list[Finding]:
    """Bring the marked photos in one visit, and look for the marks after it."""
    server, needles = watched.server, canaries.needles
    _visit_once(server.url)
    time.sleep(SETTLED_S)
    started, early = time.time(), len(watched.events())
    with Visitor(server.url) as visitor:
        drawn = visitor.open()
        for name, content in canaries.files:
            drawn = visitor.upload(drawn, name, content)
            if drawn.failed or not drawn.ages:
                raise RuntimeError(f"{name} was not estimated.")
            visitor.fetch(drawn.pictures)
        visitor.download(drawn)
        during = _kinds(search(server.pid, needles))
    time.sleep(after_s)
    after = _kinds(search(server.pid, needles))
    opened = written(watched.events()[early:])
    log = server.log.read_bytes()
    in_log = sum(needle in log for needle in needles.values())
    folders = [watched.home, watched.temporary, paths.ROOT]
    on_disk = files_with(folders, needles, started)
    n = len(needles)
    return [
        Finding("Kinds of marks in memory while the tab was open", f"{during} of {n}"),
        none_of(f"Kinds of marks in memory {after_s:.0f} s after", after, n),
        none_of("Kinds of marks in the log", in_log, n),
        _none("Files that hold a mark", len(on_disk)),
        _none("Files opened for writing during the visit", len(opened)),
        _none("Files held open without a name", len(watched.deleted)),
    ]


def nobody_called(watched: Watched, chromium: str) -> list[Finding]:
    """Tour the pages in a browser; count whom it and the server call."""
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=list(CHROMIUM_FLAGS)
        )
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda websocket: requests.append(websocket.url))
        for path in PAGES:
            visit(page, watched.server.url + path)
        browser.close()
    host = watched.server.url.partition("//")[2]
    own = (f"http://{host}/", f"ws://{host}/", "data:", f"blob:http://{host}/")
    elsewhere = [url for url in requests if not url.startswith(own)]
    return [
        none_of("Requests of a browser to elsewhere", len(elsewhere), len(requests)),
        _none(
            "Addresses called or looked up by the server", len(called(watched.events()))
        ),
    ]


def _visit_once(url: str) -> None:
    """Load what the first photo loads."""
    with Visitor(url) as visitor:
        photo = paths.SAMPLES / "joe-biden.jpg"
        visitor.upload(visitor.open(), photo.name, photo.read_bytes())


def _kinds(found: dict[str, int]) -> int:
    return sum(count > 0 for count in found.values())


def _none(what: str, count: int) -> Finding:
    return Finding(what, f"{count:,}", "none", count == 0)
