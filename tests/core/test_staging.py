from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agemodel.core import files, paths, staging
from agemodel.core.staging import staged

FILL = """
import os, signal, sys
from pathlib import Path
from agemodel.core import staging

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

folder, moment = Path(sys.argv[1]), sys.argv[2]
if moment == "about to take its place":
    staging._put = die
elif moment == "its place is taken":
    staging.shutil.rmtree = die
elif moment == "the one before is away":
    staging._exchange = lambda *_: False
    rename, count = Path.rename, []
    def rename_once(path, target):
        die() if count else count.append(rename(path, target))
    Path.rename = rename_once
with staging.staged(folder) as filled:
    (filled / "a").write_text("new")
    if moment == "half filled":
        die()
    (filled / "b").write_text("new")
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
        assert content(folder) == {"a": "old", "b": "old"}
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
    assert content(folder) == {"a": "old", "b": "old"}
    assert names(folder) == ["m"]


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("half filled", {"a": "old", "b": "old"}),
        ("about to take its place", {"a": "old", "b": "old"}),
        ("its place is taken", {"a": "new", "b": "new"}),
        ("the one before is away", None),
    ],
)
def test_a_kill_at_each_step_loses_nothing_and_the_next_one_sweeps(
    folder: Path, moment: str, left: dict[str, str] | None
) -> None:
    command = [sys.executable, "-c", FILL, str(folder), moment]
    assert subprocess.run(command, cwd=paths.ROOT).returncode == -signal.SIGKILL
    left_behind = [name for name in names(folder) if name.startswith(".filled-")]
    assert len(left_behind) == 2  # what was filled, and its lock file
    assert ("m" in names(folder)) == bool(left)
    # No reader of a folder's folders, such as that of the models' cards, is misled.
    assert {path.parent.name for path in folder.parent.glob("*/a")} <= {"m"}
    if left:
        assert content(folder) == left
    fill(folder.with_name("other"))
    assert sorted(names(folder)) == ["m", "other"]
    assert content(folder) == (left or {"a": "old", "b": "old"})


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
