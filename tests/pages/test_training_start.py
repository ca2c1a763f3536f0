"""The view 'Train': what can be begun, what is done, and what comes next."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agemodel.core import paths
from agemodel.jobs import control
from agemodel.jobs.forecast import Forecast
from agemodel.jobs.progress import STEPS, ProgressFile
from agemodel.jobs.records import LOG, RECORD, TRAIN, new_job, recorded, write_job
from agemodel.models import app_model
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.runs.config import read_config
from agemodel.runs.run_folder import Run, find_run, open_run
from tests.harness.app_pages import after, labels, press, rerun, run_script, written
from tests.harness.coloured_faces import import_coloured_faces
from tests.harness.made_cards import made_values, write_values
from tests.harness.made_jobs import CONFIG
from tests.harness.made_models import write_model
from ui.training.start_form import forecast_in_words

STATUS = {
    "epochs_done": 2,
    "epochs": 3,
    "best_epoch": 1,
    "best_val_age_mae_years": 7.125,
}


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    return import_coloured_faces(folder, train=40, val=10, test=5)


@pytest.fixture(autouse=True)
def folders(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset, and neither runs nor models."""
    monkeypatch.setenv("AGEMODEL_DATA", str(faces))
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "shipped")
    return tmp_path


@pytest.fixture
def run() -> Run:
    """A run of which two of three epochs are done."""
    made = open_run(CONFIG, "tried")
    made.write_json("status.json", STATUS)
    rows = {"epoch": [1, 2], "age_mae_years": [9.0, 8.0], "loss": [3.0, 2.0]}
    rows |= {f"val_{name}": values for name, values in rows.items() if name != "epoch"}
    pd.DataFrame(rows).to_csv(made.folder / "history.csv", index=False)
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What would be started, with how."""
    calls: list[tuple] = []

    def start(run: Run, kind: str, command: tuple[str, ...]) -> object:
        calls.append(command)
        write_job(run, new_job(run, kind, command, 0))
        return new_job(run, kind, command, 0)

    monkeypatch.setattr(control, "start", start)
    return calls


def view() -> None:
    """The script under test: the view 'Train'."""
    from ui.training.live_view import show_watch
    from ui.training.start_form import show_start

    show_watch()
    show_start()


def drawn() -> AppTest:
    return run_script(view)


def ended(run: Run, error: type[BaseException] | None = None) -> None:
    """A training of the run by this process, which is over."""
    try:
        with recorded(run, TRAIN, ["train", "--run", run.id]):
            (run.folder / LOG).write_text("the *last* line\n")
            if error:
                raise error
    except (KeyboardInterrupt, KeyError):
        pass


def with_model(run: Run, *, evaluated: bool) -> None:
    """A best model in the run, perhaps with figures of it."""
    (run.folder / "best.keras").write_bytes(b"model")
    if evaluated:
        test = {"n": 4743, "mae_years": 5.114, "mae_years_95": [4.96, 5.27]}
        test |= {"gender_accuracy": 0.919}
        digest = hashlib.sha256(b"model").hexdigest()
        figures = {"model_sha256": digest, "splits": {"test": test}}
        run.write_json("metrics.json", figures)


def exported(run: Run, name: str) -> Path:
    """A model of the run."""
    folder = write_model(paths.models_dir() / name)
    write_values(folder, made_values(run=run.id))
    return folder


# ---------------------------------------------------------------- start


def test_without_the_dataset_the_commands_that_get_it_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path / "none"))
    page = drawn()
    assert "UTKFace is not imported" in written(page)
    assert "python -m agemodel data import" in written(page)
    assert not page.button


def test_recipe_with_its_changes_is_begun_under_its_name(asked: list[tuple]) -> None:
    page = drawn()
    page.selectbox(key="training_start_recipe").select("seed_cnn").run()
    given = read_config("seed_cnn")
    assert "network of the first write" in written(page)
    values = {box.label: box.value for box in page.number_input}
    assert values["Epochs"] == given.epochs
    assert values["Learning rate"] == given.learning_rate
    page.number_input(key="training_start_epochs_seed_cnn").set_value(2)
    after(page.number_input(key="training_start_percent_seed_cnn").set_value(50))
    # Of the 50 faces of the seed split's train, a tenth chooses; half of 45 are left.
    assert "23 faces to train on, 5 to choose" in written(page)
    # A name that comes along with the click counts, too.
    page.text_input(key="training_start_name").set_value(" mine ")
    press(page, "Start training")
    assert asked == [("train", "--run", "mine")]
    config = find_run("mine").read_config()
    assert (config.epochs, config.share, config.network) == (2, 0.5, given.network)
    assert (config.seed, config.input_px) == (given.seed, given.input_px)
    assert page.selectbox(key="training_watched").value == "mine"
    assert page.text_input(key="training_start_name").value == ""


@pytest.mark.parametrize(
    ("name", "words"), [("tried", "already"), ("a/b", "cannot name a run")]
)
def test_name_that_is_taken_or_none_is_refused_with_a_sentence(
    run: Run, asked: list[tuple], name: str, words: str
) -> None:
    page = drawn()
    page.text_input(key="training_start_name").set_value(name)
    press(page, "Start training")
    assert words in written(page)
    assert not asked
    assert words not in written(rerun(page))


def test_setting_that_cannot_be_trained_is_refused_with_the_reason() -> None:
    page = drawn()
    page.number_input(key="training_start_learning_rate_mobile_utkface").set_value(0.0)
    rerun(page)
    assert "learning_rate is 0.0; expected a number above 0." in written(page)
    assert "Start training" not in labels(page)


def test_second_training_is_refused_with_a_sentence(
    run: Run, worker: subprocess.Popen[bytes]
) -> None:
    write_job(run, new_job(run, TRAIN, (), worker.pid))
    page = drawn()
    assert "Run tried is being trained. Two trainings at once" in written(page)
    assert page.button(key="training_start").disabled


def test_forecast_says_how_it_is_known() -> None:
    known = Forecast(3600, "r-1", same_blocks=True, same_size=True, made_here=True)
    assert forecast_in_words(known) == (
        "It takes **about 60 min**, at the pace of run `r-1`."
    )
    other = Forecast(60, "r-1", same_blocks=False, same_size=False, made_here=False)
    text = forecast_in_words(other)
    assert "scaled by the number of pixels" in text
    assert "another part of the network learned" in text
    assert text.startswith("It would take **about 60 s** on the machine that trained")
    assert "not known yet" in forecast_in_words(None)


# ---------------------------------------------------------------- watch


def test_nothing_is_watched_where_nothing_was_trained() -> None:
    page = drawn()
    assert [box.label for box in page.selectbox] == ["Recipe"]


def test_running_job_shows_progress_log_curves_and_can_be_stopped(
    run: Run, worker: subprocess.Popen[bytes]
) -> None:
    job = new_job(run, TRAIN, (), worker.pid)
    write_job(run, job)
    page = drawn()
    assert "loading TensorFlow" in page.get("progress")[0].proto.text
    ProgressFile(run.folder)(1020, 3000, STEPS)
    (run.folder / LOG).write_text("epoch 1/3: *so* far\n")
    rerun(page)
    (bar,) = page.get("progress")
    assert (bar.proto.text, bar.proto.value) == ("Training: 1,020 of 3,000 steps", 34)
    assert "epoch 1/3: *so* far" in written(page)
    assert "Age: mean absolute error" in written(page)
    assert "Evaluate" not in labels(page)
    press(page, "Stop training")
    assert worker.wait()
    rerun(page)
    assert "Training of `tried` was stopped." in written(page)
    assert "Go on training" in labels(page)


def test_job_that_does_not_end_can_be_ended_at_once(run: Run) -> None:
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf'); input()"
    with subprocess.Popen(
        [sys.executable, "-uc", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        write_job(run, new_job(run, TRAIN, (), process.pid))
        page = press(drawn(), "Stop training")
        assert "It was asked to stop" in written(page)
        press(page, "End at once")
        assert process.wait() == -9
    assert "was stopped" in written(rerun(page))


def test_stopped_training_says_what_is_kept_and_goes_on(
    run: Run, asked: list[tuple]
) -> None:
    ended(run, KeyboardInterrupt)
    with_model(run, evaluated=False)
    page = drawn()
    text = written(page)
    assert "Training of `tried` was stopped." in text
    # of STATUS
    assert "2 of 3 epochs are done. The least validation MAE is **7.12 years**" in text
    assert "after epoch 1. That model is kept." in text
    assert labels(page)[:2] == ["Go on training", "Evaluate"]
    press(page, "Go on training")
    press(page, "Evaluate")
    assert asked == [("train", "--run", "tried"), ("evaluate", "tried")]


def test_failed_training_shows_its_last_lines_as_they_are(run: Run) -> None:
    ended(run, KeyError)
    text = written(drawn())
    assert "Training of `tried` ended without a result." in text
    assert "the *last* line" in text
    assert "killed" not in text


def test_killed_training_is_called_so(
    run: Run, worker: subprocess.Popen[bytes]
) -> None:
    write_job(run, new_job(run, TRAIN, (), worker.pid))
    worker.kill()
    worker.wait()
    assert "ended without a word: it was killed" in written(drawn())


def test_finished_run_is_evaluated_exported_and_used(
    run: Run, asked: list[tuple]
) -> None:
    ended(run)
    (run.folder / "last.keras").touch()
    with_model(run, evaluated=True)
    page = drawn()
    assert "Training of `tried` is done." in written(page)
    assert "4,743 faces of test: MAE **5.11** years (95 % interval 4.96" in written(
        page
    )
    assert "Go on training" not in labels(page)
    assert "Evaluate" not in labels(page)
    page.text_input(key="training_export_name_tried").set_value("my-model")
    press(page, "Export")
    assert asked == [("export", "tried", "my-model")]
    exported(run, "my-model")
    ended(run)
    press(rerun(page), "Use the model my-model in the app")
    assert app_model.read_name() == "my-model"
    assert "The app uses the model `my-model`." in written(page)
    press(page, f"Back to the model that ships, {DEFAULT_MODEL}")
    assert app_model.read_name() == DEFAULT_MODEL


def test_run_that_was_evaluated_without_a_face_of_test_says_so(run: Run) -> None:
    with_model(run, evaluated=True)
    figures = run.read_json("metrics.json")
    run.write_json("metrics.json", figures | {"splits": {}})
    assert "without a face of test: on validation alone" in written(drawn())


def test_export_under_a_bad_name_is_refused_with_a_sentence(
    run: Run, asked: list[tuple]
) -> None:
    with_model(run, evaluated=True)
    page = drawn()
    page.text_input(key="training_export_name_tried").set_value(DEFAULT_MODEL)
    press(page, "Export")
    assert "is the model that ships" in written(page)
    assert not asked


def test_evaluation_of_an_earlier_model_has_to_be_made_again(run: Run) -> None:
    with_model(run, evaluated=True)
    (run.folder / "best.keras").write_bytes(b"a later model")
    page = drawn()
    assert "Evaluate" in labels(page)
    assert "Export" not in labels(page)


def test_damaged_files_of_a_run_are_sentences(run: Run) -> None:
    ended(run)
    (run.folder / RECORD).write_text("{")
    (run.folder / "history.csv").write_bytes(b"\xff\xff")
    (run.folder / "status.json").write_text("{")
    text = written(drawn())
    assert "job.json of run tried is damaged" in text
    assert "history.csv of run tried is damaged" in text
    assert "No epoch is done yet" in text
