"""Where marks of photos turn up, and whom the app calls."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from agemodel.core import paths
from agemodel.serving import Estimator
from tests.harness.canary import Canaries, make_canaries
from tests.harness.findings import Finding, no, none_of
from tests.harness.visitor import Visitor
from tests.harness.watched import Watched, called, files_with, watch_server, written

PROMISE = """
Nothing of a photo is written to a file or the log; what a visit held is let go when it
ends. No request leaves the machine, from server or browser.
"""
PAGES = ("dataset", "training", "evaluation", "about")


def run() -> tuple[list[Finding], list[str]]:
    """Upload marked photos in a visit, look for the marks, and open every page."""
    canaries = make_canaries(Estimator.load())
    with tempfile.TemporaryDirectory() as folder, watch_server(Path(folder)) as watched:
        found = nothing_written(watched, canaries)
        for path in PAGES:
            with Visitor(watched.server.url) as visitor:
                visitor.open(path)
        calls = len(called(watched.events()))
    found.append(no("Addresses called or looked up by the server", calls))
    return found, [
        "The marks are in the file's name, EXIF and pixels; of what the app makes of a "
        "photo, its preview and the crop that the model sees are looked for, too. That "
        "a visit's session, uploads and pictures are let go after it is a test "
        "(tests/ui/server/test_session_expiry.py); see Memory as well. That no browser "
        "asks anything of elsewhere is held by every test in one "
        "(tests/harness/driver.py)."
    ]


def nothing_written(watched: Watched, canaries: Canaries) -> list[Finding]:
    """Upload the marked photos in one visit, and look for the marks after it."""
    server, (files, marks) = watched.server, canaries
    started, early = time.time(), len(watched.events())
    with Visitor(server.url) as visitor:
        drawn = visitor.open()
        for name, content in files:
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
        no("Files that hold a mark", len(on_disk)),
        no("Files opened for writing during the visit", len(opened)),
        no("Files held open without a name", len(watched.deleted)),
    ]
