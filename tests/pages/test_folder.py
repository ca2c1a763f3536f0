"""The Folder page: its states, what it starts, and what it shows of results."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agemodel.bulk import BulkOptions
from agemodel.core import paths
from agemodel.jobs.bulk_jobs import BULK_JOBS
from agemodel.jobs.progress import ProgressFile
from agemodel.jobs.records import BULK, new_job, write_job
from tests.harness.app_pages import labels, open_page, press, query_of, written
from tests.harness.bulk_photos import run_inline, write_photos
from ui.permission import SETTING


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "1")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What would be started: a name, a source and options."""
    calls: list[tuple] = []
    monkeypatch.setattr(
        "ui.folder.folder_form.start_bulk", lambda *given: calls.append(given)
    )
    return calls


@pytest.fixture
def results(local: Path) -> Path:
    """Of sixty photos, of which a third have no face and one is no picture."""
    photos = write_photos(local / "photos", 60)
    photos[7].write_bytes(b"no picture")
    out = paths.bulk_dir() / "holidays"
    run_inline(local / "photos", out, BulkOptions(workers=1, shard_files=40))
    return out


def test_without_results_the_page_says_what_makes_some() -> None:
    page = open_page("folder")
    assert "No folder has been estimated yet" in written(page)
    assert "python -m agemodel bulk photos/ results/" in written(page)
    assert "Start" in labels(page)


@pytest.mark.usefixtures("results")
def test_who_may_not_change_the_server_sees_the_command_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SETTING, "0")
    page = open_page("folder")
    assert "python -m agemodel bulk" in written(page)
    assert labels(page) == [] and not page.metric and not page.selectbox
    assert "A folder on this machine" not in labels(open_page("estimate"))


@pytest.mark.usefixtures("results")
def test_a_missing_model_is_said_and_results_are_shown(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(local / "none"))
    page = open_page("folder")
    assert "The model is missing" in written(page)
    assert "Start" not in labels(page)
    assert page.metric[0].value == "60"


def test_start_asks_for_what_the_form_holds(local: Path, asked: list) -> None:
    write_photos(local / "photos", 1)
    page = open_page("folder")
    page.text_input(key="folder_form_source").input(f" {local / 'photos'} ")
    page.toggle(key="folder_form_aligned").set_value(True)
    page.number_input(key="folder_form_workers").set_value(3)
    page.text_input(key="folder_form_name").input("monday")
    press(page, "Start")
    wanted = ["--workers=3", "--aligned"]
    assert asked == [("monday", str(local / "photos"), wanted)]
    assert query_of(page)["run"] == "monday"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "Give the path"),
        ("/nowhere/at/all", "leads to no photo"),
        ("empty", "is empty: expected a folder with photos"),
    ],
)
def test_a_path_without_a_photo_is_refused_on_the_page(
    local: Path, asked: list, source: str, said: str
) -> None:
    (local / "empty").mkdir()
    page = open_page("folder")
    source = str(local / source) if source == "empty" else source
    page.text_input(key="folder_form_source").input(source)
    press(page, "Start")
    assert asked == []
    assert said in written(page)


def test_a_name_that_leads_elsewhere_is_refused(local: Path) -> None:
    write_photos(local / "photos", 1)
    page = open_page("folder")
    page.text_input(key="folder_form_source").input(str(local / "photos"))
    page.text_input(key="folder_form_name").input("../x")
    press(page, "Start")
    assert "cannot be a name" in written(page)


def test_a_running_job_shows_how_far_it_is_and_can_be_stopped(
    worker: subprocess.Popen[bytes],
) -> None:
    job = BULK_JOBS.job("tuesday")
    job.folder.mkdir(parents=True)
    write_job(job, new_job(job, BULK, ["bulk"], worker.pid))
    ProgressFile(job.folder)(1800, 7200, "estimating")
    page = open_page("folder")
    bar = page.get("progress")[0].proto.text
    assert "estimating, 1,800 of 7,200 files" in bar
    start = next(button for button in page.button if button.label == "Start")
    assert start.disabled
    press(page, "Stop")
    assert worker.wait(timeout=60) != 0


@pytest.mark.usefixtures("results")
def test_results_show_shares_faces_and_files_that_failed() -> None:
    page = open_page("folder")
    # of sixty photos twenty have a face, twenty two, and the broken one had one
    assert [metric.value for metric in page.metric] == ["60", "59", "39", "1"]
    text = written(page)
    assert "Age bands" in text and "Gender as labelled in the dataset" in text
    assert "95 % intervals" in text and "of a part" not in text
    assert len(page.get("plotly_chart")) == 2
    faces = open_page("folder", view="faces").dataframe[0].value
    assert len(faces) == 59 and "error" not in faces
    failed = open_page("folder", view="failed").dataframe[0].value
    assert list(failed["file"].str[-8:]) == ["0007.png"]


def test_a_part_that_is_done_is_shown_as_such(results: Path) -> None:
    for part in results.glob("*/part-000001.parquet"):
        part.unlink()
    page = open_page("folder", run="holidays")
    assert "40 of 60 files are done" in written(page)


def test_damaged_results_are_said(results: Path) -> None:
    part = results / "faces" / "part-000001.parquet"
    part.write_bytes(part.read_bytes()[:-50])
    assert "Delete faces/part-000001.parquet" in written(open_page("folder"))


@pytest.mark.usefixtures("results")
def test_very_many_faces_are_written_as_csv_by_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "Faces (CSV)"
    assert name in [one.label for one in open_page("folder").get("download_button")]
    monkeypatch.setattr("ui.folder.folder_results.MOST_DOWNLOADED", 50)
    page = open_page("folder")
    assert name not in [one.label for one in page.get("download_button")]
    assert f"summarize {paths.bulk_dir() / 'holidays'} --csv tables/" in written(page)
