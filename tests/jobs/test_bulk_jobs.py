from __future__ import annotations

from pathlib import Path

from agemodel.bulk.bulk_record import read_record
from agemodel.bulk.stores import LocalStore
from agemodel.core import paths
from agemodel.jobs.bulk_jobs import BULK_JOBS, start_bulk
from agemodel.jobs.progress import read_progress
from agemodel.jobs.records import FINISHED
from agemodel.runs.run_folder import list_runs
from tests.harness.made_jobs import wait_for_end


def test_a_real_job_records_its_progress_and_its_end(runs_folder: Path) -> None:
    start_bulk("real", str(paths.SAMPLES), ["--workers=1"])
    job = BULK_JOBS.job("real")
    assert wait_for_end(job).state == FINISHED
    progress = read_progress(job)
    assert progress is not None and progress.share == 1
    out = BULK_JOBS.results_folder(job)
    assert out == paths.bulk_dir() / "real"
    assert read_record(LocalStore(out)).ended
    assert "faces; 0 of the files failed" in (job.folder / "process.log").read_text()
    assert list_runs() == []
