"""The address by which others learn whether the app can estimate photos."""

from __future__ import annotations

import json
import urllib.request

from tests.harness.driver import Server


def test_a_server_says_that_it_is_ready(server: Server) -> None:
    with urllib.request.urlopen(f"{server.url}/ready", timeout=60) as answer:
        assert json.load(answer) == {"ready": True, "problems": []}
        assert answer.headers["Cache-Control"] == "no-store"
