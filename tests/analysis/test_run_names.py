"""Names of runs for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from agemodel.analysis.run_names import run_name
from agemodel.core import paths
from agemodel.runs.run_folder import Run
from tests.harness.plain_predictions import SERVED


@pytest.mark.parametrize(
    ("run_id", "name"),
    [
        (SERVED, f"App model ({SERVED})"),
        ("mobile-3", "Mobile network on UTKFace (mobile-3)"),
        ("seed_cnn-1", "Small CNN of the second write-up (seed_cnn-1)"),
        ("group_cnn-1", "Age groups, first write-up (group_cnn-1)"),
    ],
)
def test_shipped_runs_have_names(run_id: str, name: str) -> None:
    assert run_name(Run(paths.SHIPPED_RUNS / run_id)) == name


def test_local_run_is_called_by_its_id(tmp_path: Path) -> None:
    assert run_name(Run(tmp_path / "mine-1")) == "mine-1"
