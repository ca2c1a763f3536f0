"""Where marks of photos turn up, and whom the app calls."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from agemodel.core import paths
from agemodel.serving import Estimator
from tests.harness.canary import Canaries, make_canaries
from tests.harness.driver import run_chromium, visit
from tests.harness.findings import Finding, none_of
from tests.harness.visitor import Visitor
from tests.harness.watched import Watched, called, files_with, watch_server, written

PROMISE = """
Nothing of a photo is written to a file or the log; what a visit held is let go when it
ends. No request leaves the machine, from server or browser.
"""
PAGES = ("/", "/dataset", "/training", "/evaluation", "/about")


def run() -> tuple[list[Finding], list[str]]:
    """Upload marked photos, look for the marks, and tour the pages in a browser.

    Raises:
        Missing: there is no Chromium.
    """
    canaries = make_canaries(Estimator.load())
    with tempfile.TemporaryDirectory() as folder, watch_server(Path(folder)) as watched:
        found = nothing_written(watched, canaries)
        found += nobody_called(watched)
    return found, [
        "The marks are in the file's name, EXIF and pixels; of what the app makes of a "
        "photo, its preview and the crop that the model sees are looked for, too. That "
        "a visit's session, uploads and pictures are let go after it is a test "
        "(tests/ui/server/test_session_expiry.py); see Memory as well.",
    ]


def nothing_written(watched: Watched, canaries: Canaries) -> list[Finding]:
    """Upload the marked photos in one visit, and look for the marks after it."""
    server, marks = watched.server, canaries.marks
    started, early = time.time(), len(watched.events())
    with Visitor(server.url) as visitor:
        drawn = visitor.open()
        for name, content in canaries.files:
            drawn = visitor.upload(drawn, name, content)
            if drawn.failed or not drawn.ages:
                raise RuntimeError(f"{name} was not estimated.")
            visitor.fetch(drawn.pictures)
        visitor.download(drawn)
    opened = written(watched.events()[early:])
    log = server.log.read_bytes()
    in_log = sum(mark in log for mark in marks.values())
    folders = [watched.home, watched.temporary, paths.ROOT]
    on_disk = files_with(folders, marks, started)
    return [
        none_of("Kinds of marks in the log", in_log, len(marks)),
        _none("Files that hold a mark", len(on_disk)),
        _none("Files opened for writing during the visit", len(opened)),
        _none("Files held open without a name", len(watched.deleted)),
    ]


def nobody_called(watched: Watched) -> list[Finding]:
    """Tour the pages in a browser; count whom it and the server call."""
    requests: list[str] = []
    with run_chromium() as browser:
        page = browser.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda websocket: requests.append(websocket.url))
        for path in PAGES:
            visit(page, watched.server.url + path)
    host = watched.server.url.partition("//")[2]
    own = (f"http://{host}/", f"ws://{host}/", "data:", f"blob:http://{host}/")
    elsewhere = [url for url in requests if not url.startswith(own)]
    return [
        none_of("Requests of a browser to elsewhere", len(elsewhere), len(requests)),
        _none(
            "Addresses called or looked up by the server", len(called(watched.events()))
        ),
    ]


def _none(what: str, count: int) -> Finding:
    return Finding(what, f"{count:,}", "none", count == 0)
