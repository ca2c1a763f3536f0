from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agemodel.core import paths
from agemodel.runs import checkpoints
from agemodel.runs.checkpoints import (
    BEST,
    KEPT,
    LAST,
    latest_checkpoint,
    write_checkpoint,
)

LENGTH = 1 << 18

WRITER = """
import hashlib, sys, time
from pathlib import Path
from agemodel.runs.checkpoints import latest_checkpoint, write_checkpoint

def save(epoch):
    def write(path):
        content = str(epoch).encode().ljust(8) * (LENGTH // 8)
        with path.open("wb") as file:
            for start in range(0, LENGTH, LENGTH // 8):
                file.write(content[start : start + LENGTH // 8])
                file.flush()
                time.sleep(0.0005)
    return write

parent = Path(sys.argv[1])
checkpoint = latest_checkpoint(parent)
history = list(checkpoint.history) if checkpoint else []
print("ready", flush=True)
while True:
    epoch = len(history) + 1
    best = epoch if epoch % 3 == 1 else history[-1]["best"]
    history.append({"epoch": epoch, "best": best})
    save_best = save(best) if best == epoch else None
    write_checkpoint(parent, history, save(epoch), save_best)
""".replace("LENGTH", str(LENGTH))


def saves(content: bytes) -> Callable[[Path], None]:
    def save(path: Path) -> None:
        path.write_bytes(content)

    return save


def fails(path: Path) -> None:
    """Stands for a full disk: half a file, then no more."""
    path.write_bytes(b"half")
    raise OSError("No space left on device")


def history(epochs: int) -> list[dict]:
    return [{"epoch": k + 1, "loss": 1 / (k + 1)} for k in range(epochs)]


def write(parent: Path, epochs: int, best: bool) -> None:
    name = f"model {epochs}".encode()
    write_checkpoint(
        parent, history(epochs), saves(name), saves(name) if best else None
    )


def names(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir())


def test_there_is_none_before_the_first(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path / "checkpoints") is None
    assert latest_checkpoint(tmp_path) is None


def test_checkpoint_comes_back_as_it_was_written(tmp_path: Path) -> None:
    written = write_checkpoint(tmp_path / "new", history(1), saves(b"a"), saves(b"b"))
    found = latest_checkpoint(tmp_path / "new")
    assert found == written
    assert found.epochs == 1
    assert found.history == history(1)
    assert (found.folder / LAST).read_bytes() == b"a"
    assert (found.folder / BEST).read_bytes() == b"b"


def test_highest_epoch_is_the_latest(tmp_path: Path) -> None:
    for epochs in (8, 9, 10, 11):  # as text, 9 is above 10
        write(tmp_path, epochs, best=True)
    assert latest_checkpoint(tmp_path).epochs == 11


def test_two_newest_are_kept(tmp_path: Path) -> None:
    for epochs in range(1, 6):
        write(tmp_path, epochs, best=epochs == 1)
    assert names(tmp_path) == ["epoch-0004", "epoch-0005"]
    assert KEPT == 2


def test_best_is_carried_over_until_there_is_a_better_one(tmp_path: Path) -> None:
    bests = []
    for epochs, is_best in ((1, True), (2, False), (3, False), (4, True), (5, False)):
        write(tmp_path, epochs, is_best)
        bests.append((latest_checkpoint(tmp_path).folder / BEST).read_text())
    assert bests == ["model 1"] * 3 + ["model 4"] * 2


def test_better_one_leaves_the_best_of_the_checkpoint_before(tmp_path: Path) -> None:
    # The best is shared between checkpoints by a link; writing must not reach through.
    for epochs, is_best in ((1, True), (2, False), (3, True)):
        write(tmp_path, epochs, is_best)
    assert (tmp_path / "epoch-0002" / BEST).read_text() == "model 1"


@pytest.mark.parametrize("failing", ["last", "best", "history"])
def test_failed_writing_leaves_the_checkpoint_before(
    tmp_path: Path, failing: str
) -> None:
    write(tmp_path, 1, best=True)
    save_last = fails if failing == "last" else saves(b"2")
    save_best = fails if failing == "best" else saves(b"2")
    rows = history(2) + ([{"loss": object()}] if failing == "history" else [])
    with pytest.raises((OSError, TypeError)):
        write_checkpoint(tmp_path, rows, save_last, save_best)
    assert names(tmp_path) == ["epoch-0001"]  # half a one takes no room
    found = latest_checkpoint(tmp_path)
    assert found.history == history(1)
    assert (found.folder / LAST).read_text() == "model 1"
    # And the next one is written as if nothing had happened.
    write(tmp_path, 2, best=True)
    assert latest_checkpoint(tmp_path).history == history(2)
    assert names(tmp_path) == ["epoch-0001", "epoch-0002"]


def test_left_overs_of_another_process_are_no_checkpoint_and_go(tmp_path: Path) -> None:
    write(tmp_path, 1, best=True)
    for name in ("partial-1", "removed-epoch-0009", "epoch-0009.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "history.json").write_text(json.dumps(history(9)))
    assert latest_checkpoint(tmp_path).epochs == 1
    write(tmp_path, 2, best=False)
    assert names(tmp_path) == ["epoch-0001", "epoch-0002"]


def test_removal_that_is_cut_short_leaves_no_folder_that_passes_for_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 1, best=True)
    write(tmp_path, 2, best=False)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.shutil, "rmtree", lambda *a, **options: None)
        write(tmp_path, 3, best=False)
    left = {"epoch-0002", "epoch-0003", "removed-epoch-0001"}
    assert {name for name in names(tmp_path) if ".filled-" not in name} == left
    write(tmp_path, 4, best=False)
    assert names(tmp_path) == ["epoch-0003", "epoch-0004"]


def test_everything_is_on_disk_before_the_folder_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = tmp_path / "checkpoints"
    flushed: list[str] = []
    at_rename: list[str] = []
    replace = os.replace

    def on_fsync(descriptor: int) -> None:
        inode = os.fstat(descriptor).st_ino
        found = [p for p in (parent, *parent.rglob("*")) if p.stat().st_ino == inode]
        flushed.append(found[0].name)

    def on_replace(path: Path, target: Path) -> None:
        at_rename.extend(flushed)
        replace(path, target)

    monkeypatch.setattr(os, "fsync", on_fsync)
    monkeypatch.setattr(os, "replace", on_replace)
    write(parent, 1, best=True)
    assert sorted(at_rename) == sorted([BEST, LAST, "history.json", "epoch-0001"])
    assert flushed[-1] == "checkpoints"  # where the new name is written


def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    parent = tmp_path / "checkpoints"
    rng = np.random.default_rng(0)
    epochs, interrupted = 0, 0
    for delay in rng.uniform(0.02, 0.2, 10):
        _write_until_killed(parent, delay)
        checkpoint = latest_checkpoint(parent)
        if checkpoint is None:
            continue
        assert checkpoint.epochs >= epochs  # nothing that was done is undone
        epochs = checkpoint.epochs
        last = checkpoint.history[-1]
        assert last["epoch"] == epochs
        for file, epoch in ((LAST, epochs), (BEST, last["best"])):
            expected = str(epoch).encode().ljust(8) * (LENGTH // 8)
            assert (
                _digest(checkpoint.folder / file)
                == hashlib.sha256(expected).hexdigest()
            )
        interrupted += any(not name.startswith("epoch-") for name in names(parent))
    # The test is worth something if epochs passed and kills met a write.
    assert epochs > 10
    assert interrupted >= 3


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_until_killed(parent: Path, delay_seconds: float) -> None:
    """Write checkpoints in a process, from where it stood, and kill it."""
    command = [sys.executable, "-c", WRITER, str(parent)]
    with subprocess.Popen(command, cwd=paths.ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(delay_seconds)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
