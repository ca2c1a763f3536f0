from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agemodel.runs import checkpoints
from agemodel.runs.checkpoints import (
    BEST,
    LAST,
    latest_checkpoint,
    write_checkpoint,
)
from tests.harness.killed_steps import kills_of

WRITER = """
import sys
from pathlib import Path
from agemodel.runs.checkpoints import latest_checkpoint, write_checkpoint
from tests.harness.killed_steps import kill_at_each_step

parent, better = Path(sys.argv[1]), sys.argv[2] == "better"

def save(epoch):
    def write(path):
        with path.open("wb") as file:
            for _ in range(2):
                file.write(f"model {epoch};".encode())
                file.flush()
                sys.audit("open", path)  # half a file is a step, too
    return write

def write_next(better):
    checkpoint = latest_checkpoint(parent)
    history = list(checkpoint.history) if checkpoint else []
    epoch = len(history) + 1
    history.append({"epoch": epoch, "best": epoch if better else history[-1]["best"]})
    write_checkpoint(parent, history, save(epoch), save(epoch) if better else None)

for is_better in (True, False, False):
    write_next(is_better)
kill_at_each_step(lambda: write_next(better))
"""


def saves(content: bytes) -> Callable[[Path], None]:
    def save(path: Path) -> None:
        path.write_bytes(content)

    return save


def history(epochs: int) -> list[dict]:
    return [{"epoch": k + 1, "loss": 1 / (k + 1)} for k in range(epochs)]


def write(parent: Path, epochs: int, best: bool) -> None:
    name = f"model {epochs}".encode()
    write_checkpoint(
        parent, history(epochs), saves(name), saves(name) if best else None
    )


def names(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir())


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


@pytest.mark.parametrize("better", ["better", "no better"])
def test_a_kill_at_any_step_leaves_a_whole_checkpoint(
    tmp_path: Path, better: str
) -> None:
    epochs, kills, interrupted = 3, 0, 0
    for _ in kills_of(WRITER, tmp_path, better):
        epochs = whole_epochs(tmp_path, epochs)
        kills += 1
        interrupted += any(name.startswith(".filled-") for name in names(tmp_path))
    assert whole_epochs(tmp_path, epochs) == len(latest_checkpoint(tmp_path).history)
    assert [name[:6] for name in names(tmp_path)] == ["epoch-", "epoch-"]
    # The test is worth something if kills met a write, and some came after it.
    assert kills > interrupted > 10
    assert epochs > 4


def whole_epochs(parent: Path, before: int) -> int:
    """The epochs of the latest checkpoint, which must be whole and not undone."""
    checkpoint = latest_checkpoint(parent)
    assert checkpoint.epochs >= before
    last = checkpoint.history[-1]
    assert last["epoch"] == checkpoint.epochs
    for file, epoch in ((LAST, last["epoch"]), (BEST, last["best"])):
        assert (checkpoint.folder / file).read_text() == f"model {epoch};" * 2
    return checkpoint.epochs
