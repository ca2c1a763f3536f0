"""A home for the tests of pages: no dataset, and no run but those that ship."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from tests.harness.archive_server import archive, server

__all__ = ["archive", "server"]

_scan = cache(manifest_scanner.scan_component_manifests)


@pytest.fixture(autouse=True)
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without data and runs, in which both would lie."""
    for name in ("data", "runs"):
        monkeypatch.setenv(f"AGEMODEL_{name.upper()}", str(tmp_path / name))
    return tmp_path


@pytest.fixture(autouse=True)
def quick_harness(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each page what Streamlit's harness does besides running it.

    It looks for components in all installed packages, a quarter of a second, and where
    a test has loaded Keras, clears Keras' session, which collects all garbage.
    """
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", _scan)
    if keras := sys.modules.get("keras"):
        monkeypatch.setattr(keras.backend, "clear_session", lambda: None)
