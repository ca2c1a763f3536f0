from __future__ import annotations

import pytest

from ui.permission import may

HERE = "127.0.0.1"


@pytest.mark.parametrize("address", [HERE, "localhost", "::1", "127.3.2.1"])
def test_local_visitors_may(address: str) -> None:
    local = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}
    assert may(address, local, "")
    assert may(address, {"Host": "[::1]:8501"}, "")
    assert may(address, {}, "yes")


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.2", "host"])
def test_visitors_of_an_open_server_may_not(address: str | None) -> None:
    local = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}
    assert not may(address, local, "")
    assert may(address, local, "1")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "faces.example.org"},
        {"Host": HERE, "Origin": "https://faces.example.org"},
        {"Host": HERE, "Origin": "null"},
        {"Host": "localhost.example.org"},
        {"Host": "[::1"},
        {"Host": HERE, "X-Forwarded-For": "10.0.0.1"},
        {"Host": HERE, "Forwarded": "for=10.0.0.1"},
    ],
)
def test_visitors_through_a_proxy_may_not(headers: dict[str, str]) -> None:
    assert not may(HERE, headers, "")
    assert may(HERE, headers, "1")


def test_operator_can_forbid_it() -> None:
    assert not may(HERE, {"Host": HERE}, "0")
