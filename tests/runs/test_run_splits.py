from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from agemodel.core.errors import RunError
from agemodel.runs.run_folder import Run
from agemodel.runs.run_splits import FILE, count_parts, read_split


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_split_comes_back_as_training_wrote_it(run: Run) -> None:
    frame = pd.DataFrame({"file": ["a", "b", "c"], "part": ["train", "val", "train"]})
    run.write_table(FILE, frame)
    assert read_split(run).to_dict("list") == frame.to_dict("list")
    assert count_parts(read_split(run)) == {"train": 2, "val": 1, "test": 0}


def test_run_that_has_not_chosen_its_faces_says_so(run: Run) -> None:
    with pytest.raises(RunError, match="has not chosen its faces yet"):
        read_split(run)


def test_damaged_split_is_refused(run: Run) -> None:
    (run.folder / FILE).write_bytes(b"PAR1 nothing")
    with pytest.raises(RunError, match="damaged"):
        read_split(run)
    run.write_table(FILE, pd.DataFrame({"file": ["a"]}))
    with pytest.raises(RunError, match="damaged"):
        read_split(run)
