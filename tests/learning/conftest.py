"""A small dataset that any network learns, and a place for runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.coloured_faces import import_coloured_faces


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return import_coloured_faces(tmp_path_factory.mktemp("coloured"))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"
