"""The Footage page: its states, what it starts, and what it shows of results."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from agemodel.core import paths
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.run_preview import Preview
from agemodel.images import encode_jpeg
from agemodel.jobs import control
from agemodel.jobs.footage_jobs import footage_job
from agemodel.jobs.footage_uploads import uploads_dir
from agemodel.jobs.progress import ProgressFile
from agemodel.jobs.records import FOOTAGE, RUNNING, new_job, read_job, write_job
from tests.harness.app_pages import labels, open_page, press, query_of, written
from tests.harness.footage_runs import look_at_blocks
from tests.harness.made_footage import (
    FPS,
    made_background,
    together,
    walk,
    write_blocks,
)
from tests.harness.made_jobs import IDLE
from ui.footage import footage_watch
from ui.permission import SETTING


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "1")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What would be started: a name and arguments."""
    calls: list[tuple[str, list[str]]] = []

    def start(name: str, arguments: list[str]) -> None:
        calls.append((name, list(arguments)))

    monkeypatch.setattr("ui.footage.footage_form.start_footage", start)
    return calls


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A video of a moment."""
    return write_blocks(tmp_path / "a.avi", together(3))


def form_of(path: str | Path) -> AppTest:
    """The page with a path in its form."""
    page = open_page("footage")
    page.text_input(key="footage_form_path").input(str(path))
    return page


def results(name: str, tmp_path: Path, least_count: int = 1) -> Path:
    """Results of a clip with two visits at nine in the morning."""
    clip = tmp_path / f"{name}_20261127_090000.avi"
    write_blocks(clip, together(4 * FPS, walk(0, 30), walk(5, 30, y=160)))
    settings = FootageSettings(smallest_face_px=30, least_count=least_count)
    out = paths.footage_dir() / name
    look_at_blocks(clip, out, settings=settings)
    return out


def at_work(name: str, worker: subprocess.Popen[bytes], path: str = "a.mp4") -> None:
    """Record a process as a run that is a quarter done."""
    job = footage_job(name)
    job.folder.mkdir(parents=True)
    command = ["footage", "--out", "o", "--job", name, path]
    write_job(job, new_job(job, FOOTAGE, command, worker.pid))
    ProgressFile(job.folder)(1800, 7200, "seconds of footage")


def test_without_results_the_page_says_what_makes_some() -> None:
    page = open_page("footage")
    text = written(page)
    assert "No footage has been looked at yet" in text
    assert "python -m agemodel footage recordings/ --out results/" in text
    assert "No picture, crop or template of a face is written" in text
    assert {"Start", "Try the sample"} <= set(labels(page))


def test_who_may_not_change_the_server_sees_the_command_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results("morning", tmp_path)
    monkeypatch.setenv(SETTING, "0")
    page = open_page("footage")
    assert "python -m agemodel footage" in written(page)
    assert labels(page) == [] and not page.metric and not page.selectbox


def test_a_missing_model_is_said_and_results_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results("morning", tmp_path)
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "none"))
    page = open_page("footage")
    assert "The model is missing" in written(page)
    assert "Start" not in labels(page)
    assert page.metric[0].value == "2"


def test_start_asks_for_what_the_form_holds(clip: Path, asked: list) -> None:
    page = form_of(clip)
    page.text_input(key="footage_form_from").input("2026-11-27 09:00")
    page.text_input(key="footage_form_name").input("monday")
    page.selectbox(key="footage_form_bands").select("three")
    press(page, "Start")
    ((name, arguments),) = asked
    assert name == "monday" and arguments[0] == str(clip)
    wanted = {"--from=2026-11-27T09:00:00", "--bands=three", "--slot=1h"}
    assert wanted <= set(arguments)
    assert query_of(page)["run"] == "monday"


def test_a_small_video_can_be_uploaded_for_a_try(clip: Path, asked: list) -> None:
    content = clip.read_bytes()
    page = open_page("footage")
    upload = ("../cam 20261127_090000.avi", content, "video/x-msvideo")
    page.file_uploader[0].set_value(upload)
    press(page, "Start")
    ((_, arguments),) = asked
    path = Path(arguments[0])
    assert path == uploads_dir() / "cam_20261127_090000.avi"
    assert path.read_bytes() == content


def test_a_path_and_an_upload_at_once_are_refused(clip: Path, asked: list) -> None:
    page = form_of(clip)
    page.file_uploader[0].set_value(("a.avi", clip.read_bytes(), "video/x-msvideo"))
    press(page, "Start")
    assert asked == [] and "not both" in written(page)


def test_an_upload_is_removed_where_the_run_cannot_start(clip: Path) -> None:
    page = open_page("footage")
    page.file_uploader[0].set_value(("a.avi", clip.read_bytes(), "video/x-msvideo"))
    page.text_input(key="footage_form_name").input("../x")
    press(page, "Start")
    assert "cannot be a name" in written(page)
    assert list(uploads_dir().iterdir()) == []


def test_a_zone_is_chosen_over_a_frame(clip: Path, asked: list) -> None:
    page = form_of(clip)
    page.toggle(key="footage_form_zone_asked").set_value(True).run()
    assert not page.exception and page.get("image")
    page.slider(key="footage_form_zone_across").set_range(25, 75)
    page.slider(key="footage_form_zone_down").set_range(50, 50)
    press(page, "Start")
    assert asked == [] and "zone is" in written(page)
    page.slider(key="footage_form_zone_down").set_range(50, 100)
    press(page, "Start")
    ((_, arguments),) = asked
    assert "--zone=0.25,0.5,0.75,1" in arguments


@pytest.mark.parametrize(
    ("path", "said"), [("", "Give the path"), ("/nowhere/a.mp4", "is not there")]
)
def test_a_path_without_a_video_is_refused_on_the_page(
    asked: list, path: str, said: str
) -> None:
    page = form_of(path)
    press(page, "Start")
    assert asked == []
    assert said in written(page)


def test_the_sample_needs_one_click(asked: list) -> None:
    press(open_page("footage"), "Try the sample")
    ((name, arguments),) = asked
    assert name.startswith("sample-") and arguments[0] == "--sample"


def test_a_running_job_shows_how_far_it_is_and_can_be_stopped(
    worker: subprocess.Popen[bytes],
) -> None:
    at_work("tuesday", worker)
    page = open_page("footage")
    assert "0:30:00 of 2:00:00" in page.get("progress")[0].proto.text
    start = next(button for button in page.button if button.label == "Start")
    assert start.disabled and "`tuesday` is at work" in written(page)
    assert "The results will be here when" in written(page)
    press(page, "Stop")
    assert worker.wait(timeout=60) != 0


def test_a_running_job_shows_the_frame_that_it_is_at_while_that_is_wanted(
    worker: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [Preview("clips/a.mp4", 751.0, 14, encode_jpeg(made_background((64, 48))))]
    monkeypatch.setattr(footage_watch, "read_preview", lambda _: frames[0])
    at_work("tuesday", worker)
    page = open_page("footage")
    assert "a.mp4 at 0:12:31" in written(page)
    assert "14 visits so far" in written(page)
    assert len(page.get("image")) == 1
    page.toggle(key="footage_preview").set_value(False).run()
    assert not page.get("image") and "0:12:31" not in written(page)
    frames[0] = None
    page.toggle(key="footage_preview").set_value(True).run()
    assert not page.get("image") and "no frame to show yet" in written(page)


def test_a_stopped_job_can_go_on(
    worker: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work("tuesday", worker)
    command = ["footage", "--out", "o", "--job", "tuesday", "a.mp4"]
    worker.kill()
    worker.wait()
    page = open_page("footage")
    assert "ended with a problem" in written(page)
    monkeypatch.setattr(control, "PROGRAM", IDLE)
    press(page, "Go on")
    job = footage_job("tuesday")
    begun = read_job(job)
    assert (begun.state, list(begun.command)) == (RUNNING, command)
    control.stop(job, at_once=True)


def test_a_stopped_job_over_an_upload_begins_anew_with_another_upload(
    worker: subprocess.Popen[bytes],
) -> None:
    at_work("try", worker, str(uploads_dir() / "a.mp4"))
    worker.kill()
    worker.wait()
    page = open_page("footage")
    assert "Upload it again" in written(page) and "Go on" not in labels(page)


def test_results_show_visits_over_time_who_came_and_a_table(tmp_path: Path) -> None:
    results("morning", tmp_path)
    page = open_page("footage")
    assert [metric.value for metric in page.metric] == ["2", "0 min", "2"]
    assert "comes back is counted again" in written(page)
    assert len(page.get("plotly_chart")) == 2
    page = open_page("footage", view="people")
    assert len(page.get("plotly_chart")) == 3
    assert "no calibration of shares, so there are no intervals" in written(page)
    (table,) = open_page("footage", view="visits").dataframe
    assert list(table.value["age_years"]) == [30, 30]
    assert "In view, s" in table.proto.columns


def test_small_counts_are_hidden_and_that_is_said(tmp_path: Path) -> None:
    results("morning", tmp_path, least_count=10)
    page = open_page("footage", view="people")
    assert "Counts below 10 are hidden" in written(page)
    assert not page.get("plotly_chart") and "All are hidden" in written(page)


def test_videos_that_could_not_be_read_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    (folder / "a *b*.mp4").write_text("no video")
    look_at_blocks(folder, paths.footage_dir() / "monday")
    text = written(open_page("footage"))
    assert "a *b*.mp4 is no video by its content" in text
    assert "Nothing was read." in text


def test_damaged_results_are_said_and_others_are_shown(tmp_path: Path) -> None:
    damaged = results("broken", tmp_path)
    results("good", tmp_path)
    (damaged / "_run.json").write_text("{")
    page = open_page("footage", run="broken")
    assert "_run.json cannot be read" in written(page)
    assert open_page("footage", run="good").metric[0].value == "2"
