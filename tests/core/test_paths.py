from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agemodel.core import paths

SETTINGS = pytest.mark.parametrize(
    ("setting", "folder"),
    [
        ("AGEMODEL_DATA", paths.data_dir),
        ("AGEMODEL_RUNS", paths.runs_dir),
        ("AGEMODEL_MODELS", paths.models_dir),
    ],
)


@SETTINGS
def test_tilde_in_a_folders_variable_is_the_home(
    setting: str, folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv(setting, "~/faces")
    assert folder() == Path("/home/ada/faces")
    monkeypatch.setenv(setting, "/srv/a~b")
    assert folder() == Path("/srv/a~b")


@SETTINGS
def test_empty_variable_is_none(
    setting: str, folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, "")
    assert folder().is_relative_to(paths.ROOT)
