from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agemodel import cli
from agemodel.core import paths
from agemodel.core.errors import DatasetError, ModelError, RunError
from agemodel.jobs import control, records
from agemodel.jobs.locks import run_in_training
from agemodel.jobs.processes import birth_of
from agemodel.jobs.records import (
    EVALUATE,
    FAILED,
    FINISHED,
    RECORD,
    RUNNING,
    STOPPED,
    TRAIN,
    list_jobs,
    read_job,
    read_tail,
    recorded,
    write_job,
)
from agemodel.runs.run_folder import Run, open_run
from tests.harness.made_jobs import (
    CONFIG,
    IDLE,
    PROGRAM,
    begin,
    begin_work,
    job_of,
    wait_for_end,
)
from tests.harness.waiting import wait_until


def no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def do_nothing(run: Run) -> None:
    """A job of this very process, which is over at once."""
    with recorded(run, TRAIN, ["train", run.id]):
        pass


def test_job_runs_and_ends_and_its_record_says_so(run: Run) -> None:
    assert begin(run, "end").state == RUNNING
    job = wait_for_end(run)
    assert (job.state, job.code, job.kind) == (FINISHED, 0, TRAIN)
    assert read_tail(run, job) == "at work"
    wait_until(lambda: run_in_training() is None)


def test_job_that_fails_says_why_with_its_own_last_lines(run: Run) -> None:
    (run.folder / "process.log").write_text("at work\nbefore\n")
    begin(run, "break")
    job = wait_for_end(run)
    assert (job.state, job.code) == (FAILED, 1)
    wait_until(lambda: "it broke" in read_tail(run, job))  # said after the record
    assert read_tail(run, job).splitlines() == ["at work", "it broke"]
    # The log keeps what came before, too.
    assert (run.folder / "process.log").read_text().count("at work") == 2


def test_job_outlives_who_started_it(run: Run) -> None:
    code = (
        "import os\n"
        "from agemodel.runs.run_folder import find_run\n"
        "from tests.harness.made_jobs import begin\n"
        "begin(find_run('first'))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    starter = subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT)
    assert starter.returncode == -signal.SIGKILL
    wait_until(lambda: run_in_training() == "first")
    job = job_of(run)
    assert job.state == RUNNING
    # A session of its own: no terminal's Ctrl-C reaches it.
    assert os.getsid(job.pid) == job.pid
    control.stop(run)
    assert wait_for_end(run).state == STOPPED


def test_killed_job_has_failed_and_keeps_nobody_from_training(run: Run) -> None:
    job = begin_work(run)
    os.kill(job.pid, signal.SIGKILL)
    job = wait_for_end(run)
    assert (job.state, job.ended, job.code) == (FAILED, "", None)
    assert read_tail(run, job) == "at work"
    assert begin(run, "end").state == RUNNING
    assert wait_for_end(run).state == FINISHED


def test_stop_ends_a_job_in_an_orderly_way(run: Run) -> None:
    begin_work(run)
    control.stop(run)
    assert job_of(run).stop_asked
    job = wait_for_end(run)
    assert (job.state, job.code) == (STOPPED, 130)
    assert job.ended


def test_job_that_does_not_listen_is_ended_at_once(run: Run) -> None:
    begin_work(run, "deaf")
    control.stop(run)
    wait_until(lambda: "deaf" in read_tail(run, job_of(run)))
    assert job_of(run).state == RUNNING
    control.stop(run, at_once=True)
    job = wait_for_end(run)
    assert (job.state, job.ended) == (STOPPED, "")


def test_stop_after_the_end_changes_nothing(run: Run) -> None:
    control.stop(run)
    do_nothing(run)
    job = job_of(run)
    control.stop(run)
    assert job_of(run) == job


@pytest.mark.parametrize("at_work", [False, True], ids=["just begun", "at work"])
def test_second_training_is_refused_by_name(run: Run, at_work: bool) -> None:
    (begin_work if at_work else begin)(run)
    second = open_run(CONFIG, "second")
    with pytest.raises(RunError, match="Run first is being trained"):
        begin(second)
    assert read_job(second) is None


def test_command_line_sees_the_pages_training_and_leaves_its_record(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = begin_work(run)
    recipe = tmp_path / "r.toml"
    recipe.write_text('name = "recipe"\nnetwork = "seed_cnn"\nepochs = 3\n')
    for arguments in (["--run", "first"], [str(recipe), "--run", "other"]):
        assert cli.main(["train", *arguments]) == 1
        assert "Run first is being trained" in capsys.readouterr().err
    assert cli.main(["evaluate", "first"]) == 1
    assert f"by process {job.pid}" in capsys.readouterr().err
    assert job_of(run) == job
    assert not (paths.runs_dir() / "other").exists()


def test_page_sees_the_command_lines_training(run: Run) -> None:
    with subprocess.Popen([*PROGRAM, "sleep", "first"], cwd=paths.ROOT) as process:
        wait_until(lambda: read_job(run) is not None)
        job = job_of(run)
        assert (job.pid, job.state, job.kind) == (process.pid, RUNNING, TRAIN)
        with pytest.raises(RunError, match="Run first is being trained"):
            begin(open_run(CONFIG, "second"))
        control.stop(run)
    assert job_of(run).state == STOPPED


def test_nothing_else_is_begun_with_a_run_at_work(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begin_work(run)
    monkeypatch.setattr(control, "PROGRAM", IDLE)
    with pytest.raises(RunError, match=f"being trained by process {job.pid}"):
        control.start(run, EVALUATE, ())
    # With another run it is.
    other = open_run(CONFIG, "other")
    control.start(other, EVALUATE, ())
    assert job_of(other).state == RUNNING


def test_number_given_to_another_process_is_not_taken_for_the_job(run: Run) -> None:
    with subprocess.Popen(IDLE) as later:
        do_nothing(run)
        stale = replace(job_of(run), pid=later.pid, ended="", code=None)
        assert birth_of(later.pid) != stale.birth
        write_job(run, stale)
        assert job_of(run).state == FAILED
        control.stop(run, at_once=True)
        assert later.poll() is None
        do_nothing(run)  # nothing is in its way
        later.kill()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff", b'{"pid": 1}', "kind", "pid", "command"],
)
def test_damaged_record_is_told_and_replaced_by_the_next_job(
    run: Run, content: bytes | str
) -> None:
    do_nothing(run)
    path = run.folder / RECORD
    if isinstance(content, str):
        values = json.loads(path.read_text()) | {content: 1.5}
        content = json.dumps(values).encode()
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"job\.json of run first is damaged"):
        read_job(run)
    assert list_jobs() == []
    do_nothing(run)
    assert job_of(run).state == FINISHED


def test_jobs_are_listed_newest_first(run: Run) -> None:
    other = open_run(CONFIG, "a-later-one")
    do_nothing(run)
    do_nothing(other)
    assert [found.id for found, _ in list_jobs()] == ["a-later-one", "first"]
    do_nothing(run)
    assert [found.id for found, _ in list_jobs()] == ["first", "a-later-one"]


def test_one_process_may_do_several_things_in_turn(run: Run) -> None:
    for kind, code in ((TRAIN, 0), (EVALUATE, 0)):
        with recorded(run, kind, [kind, run.id]):
            assert (job_of(run).kind, job_of(run).state) == (kind, RUNNING)
        assert (job_of(run).kind, job_of(run).code) == (kind, code)
    with pytest.raises(RunError), recorded(run, EVALUATE, []):
        raise RunError("no")
    assert job_of(run).state == FAILED


def test_what_a_killed_process_left_half_written_is_swept(run: Run) -> None:
    for name in (".status.json.123", ".metrics.json.123-456"):
        (run.folder / name).touch()
    (run.folder / ".mine").touch()
    with recorded(run, TRAIN, []):
        assert [path.name for path in run.folder.glob(".*")] == [".mine"]


def test_disk_that_refuses_a_job_is_told_though_its_record_cannot_be_written_either(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        with (
            pytest.raises(RunError, match=r"folder of run first .* is full.*_RUNS"),
            recorded(run, TRAIN, []),
        ):
            monkeypatch.setattr(records, "write_whole", no_space)
            no_space()
    finally:
        (run.folder / RECORD).unlink()  # it calls this very process a job at work


def test_job_whose_record_the_disk_refuses_is_not_begun(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, spawn = [], control._spawn
    monkeypatch.setattr(
        control, "_spawn", lambda *a: begun.append(spawn(*a)) or begun[0]
    )
    monkeypatch.setattr(records, "write_whole", no_space)
    with pytest.raises(RunError, match=r"job\.json of run first .* is full"):
        begin(run)
    assert begun[0].wait() == -signal.SIGKILL


def test_run_that_ships_gets_no_record_and_no_job() -> None:
    folder = paths.SHIPPED_RUNS / "shipped"
    folder.mkdir(parents=True)
    with recorded(Run(folder), EVALUATE, []):
        pass
    with pytest.raises(RunError, match="ships with the project"):
        begin(Run(folder))
    assert not list(folder.iterdir())


def test_program_that_is_not_there_is_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "PROGRAM", ("/none/such",))
    with pytest.raises(RunError, match="No process could be started"):
        control.start(run, TRAIN, ())
    assert read_job(run) is None


def test_tensorflows_remarks_are_left_out_of_the_tail(run: Run) -> None:
    lines = [
        "WARNING: All log messages before absl::InitializeLog() is called are",
        "I0000 00:00:1795320439.924712    3422 port.cc:153] oneDNN custom operations",
        "E0000 00:00:1795320449.789740    3422 cuda_platform.cc:52] failed call to",
        "INFO: all is well",
        "E1 is a name",
    ]
    do_nothing(run)
    (run.folder / "process.log").write_text("\n".join(lines) + "\n")
    assert read_tail(run, job_of(run)).splitlines() == lines[3:]


# ---------------------------------------------------------------- what is asked for


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "images_dir", lambda folder: folder)


def test_without_a_dataset_nothing_is_begun(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path / "none"))
    for begin_it in (
        lambda: control.start_training(CONFIG, "new"),
        lambda: control.resume_training(run),
        lambda: control.start_evaluation(run),
        lambda: control.start_export(run, "model"),
    ):
        with pytest.raises(DatasetError, match="agemodel data"):
            begin_it()
    assert not (paths.runs_dir() / "new").exists()


@pytest.mark.usefixtures("dataset")
def test_training_is_begun_by_the_command_line_with_the_run_s_own_recipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started = []
    monkeypatch.setattr(control, "start", lambda *a: started.append(a))
    control.start_training(CONFIG, "new")
    control.start_training(CONFIG, "")
    (run, kind, command), (other, *_) = started
    assert (kind, command) == (TRAIN, ("train", "--run", "new"))
    assert run.read_config() == CONFIG
    assert other.id.startswith("recipe-20")


@pytest.mark.usefixtures("dataset")
@pytest.mark.parametrize("name", ["first", "../x", "a b", ".x", "é"])
def test_names_that_are_taken_or_none_are_refused(run: Run, name: str) -> None:
    with pytest.raises(RunError, match=r"already|cannot name a run"):
        control.start_training(CONFIG, name)


@pytest.mark.usefixtures("dataset")
def test_what_a_run_is_not_far_enough_for_is_refused(run: Run) -> None:
    with pytest.raises(RunError, match="no model yet"):
        control.start_evaluation(run)
    with pytest.raises(RunError, match="not evaluated"):
        control.start_export(run, "model")
    (run.folder / "last.keras").touch()
    with pytest.raises(RunError, match="to its end"):
        control.resume_training(run)


@pytest.mark.usefixtures("dataset")
def test_export_never_replaces_the_model_that_ships_or_that_of_another_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.harness.made_models import write_model

    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    write_model(tmp_path / "models" / "taken")
    for name, words in (
        ("mobile", "ships"),
        ("taken", "already"),
        ("../x", "cannot name a model"),
    ):
        with pytest.raises(ModelError, match=words):
            control.start_export(run, name)
