"""Runs of a test alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agemodel.core import paths
from agemodel.jobs.processes import end_process
from agemodel.jobs.records import RUNNING, list_jobs
from agemodel.runs.run_folder import Run, open_run
from tests.harness.made_jobs import CONFIG


@pytest.fixture(autouse=True)
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Local and shipped runs of this test alone; what still works on them is ended."""
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "shipped")
    yield tmp_path / "runs"
    for _, job in list_jobs():
        if job.state == RUNNING:
            end_process(job.pid, job.birth, at_once=True)


@pytest.fixture
def run(runs_folder: Path) -> Run:
    return open_run(CONFIG, "first")
