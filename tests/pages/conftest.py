"""A home for the tests of pages: no dataset, and no run but those that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.archive_server import archive, server

__all__ = ["archive", "server"]


@pytest.fixture(autouse=True)
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without data and runs, in which both would lie."""
    for name in ("data", "runs"):
        monkeypatch.setenv(f"AGEMODEL_{name.upper()}", str(tmp_path / name))
    return tmp_path
