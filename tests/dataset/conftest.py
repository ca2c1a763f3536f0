"""What the tests of getting the images share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.archive_server import archive, server

__all__ = ["archive", "server"]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "data"
