from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agemodel.core import paths
from agemodel.runs.environment import describe_environment


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    for name in ("code.py", "docs/figures.md"):
        (tmp_path / name).write_text("before")
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return tmp_path


def test_measured_figures_do_not_make_a_checkout_dirty(checkout: Path) -> None:
    clean = describe_environment()["commit"]
    assert clean and not clean.endswith("-dirty")
    (checkout / "docs" / "figures.md").write_text("after")
    assert describe_environment()["commit"] == clean
    (checkout / "code.py").write_text("after")
    assert describe_environment()["commit"] == f"{clean}-dirty"


def test_without_git_the_commit_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert describe_environment()["commit"] is None
