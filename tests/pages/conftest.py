"""A home for the tests of pages: no dataset, and no run but those that ship."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from tests.harness.archive_server import archive, server
from tests.harness.fakes import FakeEstimator
from tests.harness.made_jobs import IDLE
from ui import served_model

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


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, to be taken for a job."""
    with subprocess.Popen(IDLE) as process:
        yield process
        process.kill()


@pytest.fixture
def estimator(monkeypatch: pytest.MonkeyPatch) -> FakeEstimator:
    """What the pages estimate by."""
    fake = FakeEstimator()
    monkeypatch.setattr(served_model, "estimator", lambda: fake)
    monkeypatch.setattr(served_model, "check_installed", lambda: None)
    return fake
