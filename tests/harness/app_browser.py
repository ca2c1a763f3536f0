"""The app on a server of its own, and a browser beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.harness.chromium import find
from tests.harness.driver import CHROMIUM_FLAGS, Server, run_server
from tests.harness.measurements import Missing


@contextmanager
def app_and_browser() -> Iterator[tuple[Server, Browser]]:
    """Start both, and end them.

    Raises:
        Missing: there is no Chromium.
    """
    path = find()
    if path is None:
        raise Missing("No Chromium was found; `make test` sees to one.")
    with (
        tempfile.TemporaryDirectory() as home,
        run_server(Path(home)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=path, args=list(CHROMIUM_FLAGS)
        )
        yield server, browser
        browser.close()
