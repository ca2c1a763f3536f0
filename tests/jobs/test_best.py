from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from agemodel.core.errors import RunError
from agemodel.jobs.best import has_model, is_evaluated, is_trained, keep_best
from agemodel.runs.checkpoints import write_checkpoint
from agemodel.runs.run_folder import Run


def checkpoint(run: Run, epochs: int, best: bytes | None) -> Path:
    """Write one; a best of None is carried over from the one before."""
    return write_checkpoint(
        run.folder / "checkpoints",
        [
            {"epoch": number, "val_age_mae_years": 10.0 - number % 3}
            for number in range(1, epochs + 1)
        ],
        lambda path: path.write_bytes(b"last"),
        None if best is None else lambda path: path.write_bytes(best),
    ).folder


def test_best_so_far_is_kept_and_the_run_can_still_be_gone_on_with(run: Run) -> None:
    assert keep_best(run) == 0
    assert not has_model(run)
    checkpoint(run, 1, b"first")
    checkpoint(run, 2, b"second")
    folder = checkpoint(run, 3, None)
    assert has_model(run)
    assert keep_best(run) == 3
    assert (run.folder / "best.keras").read_bytes() == b"second"
    assert folder.exists()
    assert not is_trained(run)


def test_epoch_that_a_kill_kept_out_of_what_is_said_of_a_run_is_told(run: Run) -> None:
    checkpoint(run, 2, b"best")
    run.write_json("status.json", {"epochs_done": 1, "best_epoch": 1})
    keep_best(run)
    # Of three: the errors are 9 and 8 years.
    assert run.read_json("status.json") == {
        "epochs_done": 2,
        "epochs": 3,
        "finished": False,
        "best_epoch": 2,
        "best_val_age_mae_years": 8.0,
    }
    assert list(run.read_history()["epoch"]) == [1, 2]


def test_run_is_trained_when_its_checkpoints_are_gone(run: Run) -> None:
    checkpoint(run, 1, b"best")
    (run.folder / "last.keras").touch()
    assert not is_trained(run)
    (run.folder / "checkpoints").rename(run.folder / "gone")
    assert is_trained(run)


def test_damaged_checkpoint_is_a_sentence(run: Run) -> None:
    (checkpoint(run, 1, b"best") / "best.keras").unlink()
    with pytest.raises(RunError, match="checkpoints of run first cannot be read"):
        keep_best(run)


def test_evaluation_holds_for_the_model_that_it_saw(run: Run) -> None:
    assert not is_evaluated(run)
    (run.folder / "best.keras").write_bytes(b"model")
    digest = hashlib.sha256(b"model").hexdigest()
    run.write_json("metrics.json", {"model_sha256": digest})
    assert is_evaluated(run)
    (run.folder / "best.keras").write_bytes(b"a later one")
    assert not is_evaluated(run)
    run.write_json("metrics.json", {})
    assert not is_evaluated(run)
