"""The proxy as deploy/ sets it up, before a small app of the same settings."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit

from tests.drills import proxy_checks as checks
from tests.harness.driver import Server, run_server
from tests.harness.measurements import Missing
from tests.harness.proxy import SETUP, Proxy, find_nginx, run_proxy
from tests.harness.waiting import wait_until

APP = Path(__file__).with_name("permission_app.py")
ROOT = SETUP.parents[1]
NGINX = (SETUP / "nginx.conf").read_text("utf-8")
MIB = 1024**2


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app that says whether its visitor may change anything."""
    with run_server(tmp_path_factory.mktemp("app"), APP) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(app: Server) -> Iterator[Proxy]:
    """The proxy before it."""
    try:
        find_nginx()
    except Missing as reason:
        pytest.skip(str(reason))
    with run_proxy(app.url) as running:
        yield running


def test_visitor_on_the_apps_own_machine_may_change_things(app: Server) -> None:
    assert checks.texts_seen(app.url, {}) == ["may"]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="asks Linux")
def test_app_listens_on_this_machine_alone(app: Server) -> None:
    wanted = f"{int(app.url.rpartition(':')[2]):04X}"
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{wanted}")
    ]
    assert listening == [f"0100007F:{wanted}"]  # 127.0.0.1, its last byte first


def test_app_alone_refuses_forged_requests(app: Server) -> None:
    assert checks.ask(app.url, checks.UPLOAD, "PUT").status_code == 403
    assert checks.stream_status(app.url, "https://elsewhere.example") == 403


@pytest.mark.parametrize("claim", checks.CLAIMS, ids=str)
def test_no_visitor_through_the_proxy_passes_for_a_local_one(
    proxy: Proxy, claim: dict[str, str]
) -> None:
    assert checks.texts_seen(proxy.url, claim) == ["may not"]


def test_every_answer_carries_the_headers(proxy: Proxy) -> None:
    for path, status in (
        ("/", 200),
        ("/media/nothing.png", 404),
        ("/_stcore/health", 200),
        (checks.HIDDEN[0], 404),
    ):
        answer = checks.ask(proxy.url, path)
        assert answer.status_code == status, path
        assert all(name in answer.headers for name in checks.HEADERS), path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "strict-transport-security" not in answer.headers  # over plain HTTP
        assert answer.headers["server"] == "nginx"  # no version


@pytest.mark.parametrize("path", checks.HIDDEN)
def test_what_is_not_for_visitors_is_not_there(proxy: Proxy, path: str) -> None:
    assert checks.ask(proxy.url, path).status_code == 404


def test_too_much_is_refused_before_it_is_sent(proxy: Proxy) -> None:
    assert checks.announce(proxy.url, checks.UPLOAD, 101 * MIB + 1) == 413
    assert checks.announce(proxy.url, "/", 64 * 1024 + 1) == 413


def test_upload_needs_the_token_against_forged_requests(proxy: Proxy) -> None:
    assert checks.ask(proxy.url, checks.UPLOAD, "PUT").status_code == 403


def test_page_of_another_origin_cannot_open_the_apps_stream(proxy: Proxy) -> None:
    assert checks.stream_status(proxy.url, proxy.url) == 101
    assert checks.stream_status(proxy.url, "https://elsewhere.example") == 403


def test_one_visitor_cannot_take_all_connections(proxy: Proxy) -> None:
    assert checks.refused_of(proxy.url, 45) == 5
    assert checks.ask(proxy.url, "/").status_code == 200


def _logged(proxy: Proxy) -> list[dict[str, Any]]:
    """What the proxy has logged; a line that is still being written is left out."""
    lines = proxy.log.read_text("utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line[0] == "{" and line[-1] == "\n"]


def test_requests_are_logged_as_json_without_queries_and_ids(proxy: Proxy) -> None:
    before = len(_logged(proxy))
    checks.ask(proxy.url, "/_stcore/health?of=grandma.jpg")
    checks.ask(proxy.url, checks.UPLOAD, "PUT")
    # An answer is logged once it is sent.
    wait_until(lambda: len(_logged(proxy)) >= before + 2)
    asked = [(one["method"], one["path"], one["status"]) for one in _logged(proxy)]
    text = proxy.log.read_text("utf-8")
    assert ("GET", "/_stcore/health", 200) in asked
    assert ("PUT", "/_stcore/upload_file", 403) in asked
    assert "grandma" not in text
    assert "a-session" not in text


def test_policy_lets_in_the_inline_script_of_the_installed_streamlit() -> None:
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text()
    digests = {
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    }
    assert digests == set(re.findall(r"'sha256-([^']+)'", NGINX))


def test_proxy_takes_what_the_app_takes_and_what_wraps_it() -> None:
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    (taken,) = re.findall(r"client_max_body_size (\d+)m;", NGINX)
    assert int(taken) == settings["server"]["maxUploadSize"] + 1


def test_one_visitor_cannot_ask_without_end(proxy: Proxy) -> None:
    # Last, for it leaves the visitor without a request to spare.
    refused, _ = checks.flooded(proxy.url, 400)
    assert refused == 0
    refused, took_s = checks.flooded(proxy.url, 900)
    assert 0 < 900 - refused <= 500 + 50 * (took_s + 1)
