from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agemodel.core import files, staging
from agemodel.core.staging import staged
from tests.harness.killed_steps import kills_of

OLD, NEW = ({"a": age, "b": age} for age in ("old", "new"))
BOTH = {"m", "other"}
FILL = """
import sys
from pathlib import Path
from agemodel.core import staging
from tests.harness.killed_steps import kill_at_each_step

if sys.argv[2] == "renamed":
    staging._exchange = lambda *_: False

def fill():
    with staging.staged(Path(sys.argv[1])) as filled:
        for name in "ab":
            (filled / name).write_text("new")

kill_at_each_step(fill)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that was filled before."""
    with staged(tmp_path / "models" / "m") as filled:
        (filled / "a").write_text("old")
        (filled / "b").write_text("old")
    return tmp_path / "models" / "m"


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.parent.iterdir()]


def fill(folder: Path, text: str = "new") -> None:
    with staged(folder) as filled:
        (filled / "a").write_text(text)


@pytest.mark.parametrize("exchanged", [True, False])
def test_filled_folder_replaces_the_one_before(
    folder: Path, exchanged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanged:
        monkeypatch.setattr(staging, "_exchange", lambda *_: False)
    with staged(folder) as filled:
        (filled / "a").write_text("new")
        assert content(folder) == OLD
    assert content(folder) == {"a": "new"}
    assert names(folder) == ["m"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can exchange folders")
def test_on_linux_no_reader_finds_the_folder_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "rename", None)  # which would leave a gap
    fill(folder)
    assert content(folder) == {"a": "new"}


def test_failure_leaves_the_one_before_and_nothing_else(folder: Path) -> None:
    with pytest.raises(OSError, match="No space"), staged(folder) as filled:
        (filled / "a").write_text("new")
        raise OSError(28, "No space left on device")
    assert content(folder) == OLD
    assert names(folder) == ["m"]


@pytest.mark.parametrize("way", ["exchanged", "renamed"])
def test_a_kill_at_any_step_loses_nothing_and_the_next_one_sweeps(
    folder: Path, way: str
) -> None:
    found = []
    for _ in kills_of(FILL, folder, way):
        found.append(content(folder) if folder.exists() else None)
        # No reader of a folder's folders, such as that of the models' cards, is misled.
        assert {path.parent.name for path in folder.parent.glob("*/a")} <= BOTH
        fill(folder.with_name("other"))
        assert set(names(folder)) == BOTH
        assert content(folder) in (OLD, NEW)
    assert (found[0], found[-1]) == (OLD, NEW)
    assert (None in found) == (way == "renamed")  # then the one before is away


def test_folder_that_is_being_filled_is_left_alone(folder: Path) -> None:
    with staged(folder) as filled:
        fill(folder.with_name("other"))
        (filled / "a").write_text("slow")
    assert content(folder) == {"a": "slow"}


def test_content_is_on_disk_before_it_takes_its_place(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    exchange = staging._exchange

    def noted(*folders: Path) -> bool:
        flushed.append("put")
        return exchange(*folders)

    for module in (files, staging):
        monkeypatch.setattr(module, "flush", lambda path: flushed.append(path.name))
    monkeypatch.setattr(staging, "_exchange", noted)
    fill(folder)
    assert flushed == ["a", "m", "put", "models"]


def test_new_folder_is_as_open_as_any(tmp_path: Path) -> None:
    fill(tmp_path / "m")
    (tmp_path / "plain").mkdir()
    assert os.stat(tmp_path / "m").st_mode == os.stat(tmp_path / "plain").st_mode
