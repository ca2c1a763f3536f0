"""Fixtures that several test modules share."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import agemodel.learning  # noqa: F401  # before any test loads Keras
from agemodel.core.caps import caps
from agemodel.dataset.archive import import_dataset


@pytest.fixture(autouse=True, scope="session")
def no_local_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep a developer's own runs, and the model they chose, out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGEMODEL_RUNS", str(tmp_path_factory.mktemp("no-runs")))
        yield


@pytest.fixture(autouse=True)
def fresh_caps() -> Iterator[None]:
    """Read the caps anew in each test, which may set their variables before it asks."""
    caps.cache_clear()
    yield
    caps.cache_clear()


@pytest.fixture(autouse=True)
def same_main() -> Iterator[None]:
    """Undo that a page which Streamlit runs takes the place of the main module.

    A process that is spawned would run that page's script again.
    """
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(scope="session")
def real_archive() -> Path:
    """The official UTKFace archive, which cannot ship with the project."""
    archive = os.environ.get("AGEMODEL_TEST_ARCHIVE")
    if not archive:
        pytest.skip("AGEMODEL_TEST_ARCHIVE does not name the UTKFace archive")
    return Path(archive)


@pytest.fixture(scope="session")
def real_data_dir(real_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the whole of UTKFace, imported once a session; read only."""
    data_dir = tmp_path_factory.mktemp("real") / "data"
    import_dataset(real_archive, data_dir)
    return data_dir


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: in a browser, then those marked slow."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda one: ("browser" not in one.path.parts, one.path not in slow))


def pytest_collection_finish() -> None:
    """Spare the collector of garbage, which Streamlit calls after each run of a page,
    what is loaded by now: it never becomes any.
    """
    gc.collect()
    gc.freeze()
