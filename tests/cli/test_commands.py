from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from agemodel import cli
from agemodel.cli import predict_command
from agemodel.core import paths
from agemodel.core.errors import ImageError, ModelError
from agemodel.explorer.marks import MARKS_NAME, mark_faces
from agemodel.jobs.progress import read_progress
from agemodel.jobs.records import read_job
from agemodel.runs.checkpoints import write_checkpoint
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, open_run
from agemodel.serving import PhotoResult, Upload
from tests.harness.archive_server import serving
from tests.harness.coloured_faces import import_coloured_faces
from tests.harness.dataset_archives import faces, write_tar
from tests.harness.fakes import FakeEstimator
from tests.harness.made_models import write_model

KEYS = [
    *("file", "width", "height", "faces", "error"),
    *("notes", "faces_left_out", "quarter_turns"),
]
FACE_KEYS = [
    *("box_xyxy", "detection_score", "age_years", "age_low", "age_high", "age_group"),
    *("p_female", "gender", "warnings", "reason", "doubtful"),
]
NEAR_YEARS = 7
PORTRAITS = ("barack-obama.jpg", "eileen-collins.jpg", "joe-biden.jpg")


def records(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_predict_prints_the_contract_in_input_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [str(paths.SAMPLES / name) for name in reversed(PORTRAITS)]
    assert cli.main(["predict", "--json", *files]) == 0
    found = records(capsys)
    assert [record["file"] for record in found] == files
    for record in found:
        assert list(record) == KEYS
        assert record["error"] is None
        with Image.open(record["file"]) as picture:
            assert (record["width"], record["height"]) == picture.size
        (face,) = record["faces"]
        assert list(face) == FACE_KEYS  # an age or none: the same keys
        x0, y0, x1, y1 = face["box_xyxy"]
        assert 0 <= x0 < x1 <= record["width"]
        assert 0 <= y0 < y1 <= record["height"]
        assert face["age_low"] <= face["age_years"] <= face["age_high"]
        assert face["gender"] in ("female", "male", "uncertain")


def test_known_ages_of_the_samples_lie_in_or_near_their_intervals(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of three 80 % intervals one may miss, by no more than NEAR_YEARS."""
    inside = []
    manifest = json.loads((paths.SAMPLES / "manifest.json").read_text())["files"]
    cli.main(["predict", "--json", *(str(paths.SAMPLES / n) for n in PORTRAITS)])
    for record in records(capsys):
        about = manifest[Path(record["file"]).name]
        (face,) = record["faces"]
        ages = [int(age) for age in re.findall(r"\d+", about["people"][0]["age"])]
        assert face["age_low"] - NEAR_YEARS <= max(ages), about["title"]
        assert face["age_high"] + NEAR_YEARS >= min(ages), about["title"]
        inside.append(face["age_low"] <= max(ages) and min(ages) <= face["age_high"])
    assert sum(inside) >= 2


def test_a_folder_gives_its_pictures_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.jpg", "a.JPG", "deep/c.jpg"):
        shutil.copy(paths.SAMPLES / "joe-biden.jpg", tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    assert cli.main(["predict", "--json", str(tmp_path)]) == 0
    names = [Path(record["file"]).name for record in records(capsys)]
    assert names == ["a.JPG", "b.jpg", "c.jpg"]


def test_a_file_that_cannot_be_read_is_a_line_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    good = str(paths.SAMPLES / "joe-biden.jpg")
    missing = str(tmp_path / "missing.jpg")
    assert cli.main(["predict", "--json", str(broken), good, missing]) == 1
    first, second, third = records(capsys)
    assert list(first) == KEYS
    assert "broken.jpg" in first["error"]
    assert (first["faces"], first["width"], first["height"]) == ([], None, None)
    assert (second["error"], len(second["faces"])) == (None, 1)
    assert "missing.jpg" in third["error"]


def test_aligned_takes_each_file_as_a_face(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plain.png"
    Image.new("RGB", (40, 40), (60, 60, 128)).save(path)
    assert cli.main(["predict", "--json", str(path)]) == 0
    assert cli.main(["predict", "--json", "--aligned", str(path)]) == 0
    searched, aligned = records(capsys)
    assert searched["faces"] == []
    (face,) = aligned["faces"]
    assert face["box_xyxy"] == [0, 0, 40, 40]


def test_the_table_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict", str(paths.SAMPLES / "joe-biden.jpg")]) == 0
    out = capsys.readouterr().out
    assert "joe-biden.jpg" in out
    assert "years" in out


def test_a_face_too_small_for_an_age_has_none_and_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny.png"
    with Image.open(paths.SAMPLES / "barack-obama.jpg") as portrait:
        portrait.resize((9, 9)).save(path)
    assert cli.main(["predict", "--aligned", "--json", str(path)]) == 0
    ((face,),) = (record["faces"] for record in records(capsys))
    assert list(face) == FACE_KEYS
    ages = ("age_years", "age_low", "age_high", "age_group")
    assert [face[key] for key in ages] == [None] * 4
    assert face["reason"].startswith("Small face, so no age is stated: the average")
    assert face["gender"] in ("female", "male", "uncertain")
    assert cli.main(["predict", "--aligned", str(path)]) == 0
    line = capsys.readouterr().out
    assert "face 1: no age, " in line
    assert face["reason"] in line


def test_a_name_cannot_forge_lines_of_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a\nb.png: face 1: 30 years.png"
    Image.new("RGB", (40, 40)).save(path)
    assert cli.main(["predict", str(path)]) == 0
    assert capsys.readouterr().out.count("\n") == 1


def run_predict(
    monkeypatch: pytest.MonkeyPatch, results: Iterable[PhotoResult], *arguments: str
) -> int:
    """Run `predict` as if its photos had these results."""

    def estimate_all(*_: object) -> Iterator[PhotoResult]:
        yield from results

    monkeypatch.setattr("agemodel.serving.Estimator.load", lambda name: None)
    monkeypatch.setattr(predict_command, "_estimate_all", estimate_all)
    return cli.main(["predict", *arguments, "x.jpg"])


def test_a_table_has_its_errors_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = [
        PhotoResult("a.jpg", 9, 9, notes=("A note.",)),
        PhotoResult("b.jpg", error="b.jpg is empty."),
    ]
    assert run_predict(monkeypatch, results) == 1
    out, err = capsys.readouterr()
    assert out == "a.jpg: no face found.\na.jpg: A note.\n"
    assert err == "b.jpg is empty.\n"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_stop_keeps_the_lines_before_it_and_says_how_far_it_came(
    options: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out_before_the_stop = []

    def results() -> Iterator[PhotoResult]:
        yield PhotoResult("a.jpg", 9, 9)
        out_before_the_stop.append(capsys.readouterr().out)
        raise KeyboardInterrupt

    assert run_predict(monkeypatch, results(), *options) == 130
    assert "a.jpg" in out_before_the_stop[0]
    out, err = capsys.readouterr()
    assert (out, err) == ("", "Stopped: 1 of 1 files are done.\n")


def test_a_stop_begins_no_more_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, begun = threading.Event(), []
    shutdown = ThreadPoolExecutor.shutdown

    def read(number: int) -> bytes:
        begun.append(number)
        assert number == 0 or gate.wait(60)
        raise ImageError("no photo")

    def end(pool: ThreadPoolExecutor, **options: Any) -> None:
        gate.set()
        shutdown(pool, **options)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", end)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    photos = [Upload(str(n), partial(read, n)) for n in range(50)]
    results = predict_command._estimate_all(FakeEstimator(), photos, aligned=False)
    assert next(results).name == "0"
    results.close()
    assert len(begun) <= 3  # the first, and one for each thread


def test_each_line_is_flushed(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    stdout = io.TextIOWrapper(io.BufferedWriter(written), "utf-8")
    monkeypatch.setattr(sys, "stdout", stdout)
    seen = []

    def results() -> Iterator[PhotoResult]:
        for name in ("a.jpg", "b.jpg"):
            yield PhotoResult(name, 9, 9)
            seen.append(written.getvalue().count(b"\n"))

    assert run_predict(monkeypatch, results()) == 0
    assert seen == [1, 2]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "utf-16"])
def test_names_survive_any_encoding_of_standard_output(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    name = "ü漢😀\udcff.jpg"
    for options in ([], ["--json"]):
        stdout = io.TextIOWrapper(written, encoding, write_through=True)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert run_predict(monkeypatch, [PhotoResult(name, 9, 9)], *options) == 0
        stdout.detach()
    table, record = written.getvalue().decode(encoding).splitlines()
    lines = {
        "ascii": r"\xfc\u6f22\U0001f600\udcff.jpg: no face found.",
        "cp1252": r"ü\u6f22\U0001f600\udcff.jpg: no face found.",
        "latin-1": r"ü\u6f22\U0001f600\udcff.jpg: no face found.",
    }
    assert table == lines.get(encoding, r"ü漢😀\udcff.jpg: no face found.")
    # a byte that is no Unicode is escaped in the name itself
    assert json.loads(record.lstrip("\ufeff"))["file"] == r"ü漢😀\udcff.jpg"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a shell's pipes")
def test_a_photo_comes_through_a_pipe() -> None:
    with (paths.SAMPLES / "joe-biden.jpg").open("rb") as photo:
        done = subprocess.run(
            [sys.executable, "-m", "agemodel", "predict", "--json", "-"],
            stdin=photo,
            capture_output=True,
            cwd=paths.ROOT,
            timeout=120,
        )
    record = json.loads(done.stdout)
    assert (done.returncode, record["file"]) == (0, "standard input")
    assert len(record["faces"]) == 1


def test_links_to_the_same_photo_are_counted_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(paths.SAMPLES / "joe-biden.jpg", tmp_path / "a.jpg")
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    assert cli.main(["predict", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out.count("face 1") == out.count("\n") == 1
    assert err.endswith("1 more name of the same photos left out.\n")


@pytest.mark.parametrize(
    "arguments", [["predict", "x.jpg"], ["data", "describe"], ["doctor"]]
)
def test_a_senseless_cap_stops_every_command(
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_FACES", "many")
    assert cli.main(arguments) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("AGEMODEL_MAX_FACES is 'many'")


@pytest.mark.parametrize(
    "arguments", [[], ["predict"], ["predict", "--jsn", "x"], ["train"], ["nonsense"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2


def test_a_model_that_is_not_there_is_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["predict", "--model", "none-such", "x.jpg"]) == 1
    assert "agemodel export" in capsys.readouterr().err


@pytest.mark.slow
def test_the_whole_way_from_pictures_to_the_apps_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATA", "RUNS", "MODELS"):
        monkeypatch.setenv(f"AGEMODEL_{name}", str(tmp_path / name.lower()))
    assert cli.main(["data", "status"]) == 1
    import_coloured_faces(tmp_path / "home", train=64, val=32, test=16)
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path / "home" / "data"))
    assert cli.main(["data", "status"]) == 0
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        'name = "tiny"\nnetwork = "seed_cnn"\ninput_px = 32\nframing = "chip"\n'
        "epochs = 1\nbatch_size = 16\n"
    )
    assert cli.main(["train", str(recipe), "--run", "tiny-1"]) == 0
    assert cli.main(["evaluate", "tiny-1"]) == 0
    assert cli.main(["export", "tiny-1", "tiny"]) == 0
    out = capsys.readouterr().out
    assert "validation MAE" in out
    assert "test: n 16" in out
    face = str(paths.SAMPLES / "joe-biden.jpg")
    assert cli.main(["predict", "--json", "--model", "tiny", face]) == 0
    assert len(records(capsys)[0]["faces"]) == 1


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that is not there yet."""
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def begun(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of which nothing is trained yet, and neither shipped runs nor data."""
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "shipped")
    return open_run(TrainConfig("tiny", "mobile", epochs=3, input_px=32), "begun")


def keep_checkpoint(run: Run) -> None:
    """Leave what a training leaves after an epoch."""
    write_checkpoint(
        run.folder / "checkpoints",
        [{"epoch": 1, "val_age_mae_years": 9.0}],
        lambda path: path.write_bytes(b"last"),
        lambda path: path.write_bytes(b"best"),
    )


def test_stopped_training_keeps_the_best_and_says_how_to_go_on(
    begun: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configs = []

    def train(config: TrainConfig, *_: object, on_step: Any, **options: object) -> None:
        configs.append(config)
        on_step(4, 12)
        keep_checkpoint(begun)
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(60)  # the signal ends it
        pytest.fail("the signal did not stop the training")

    monkeypatch.setattr("agemodel.learning.training_loop.train", train)
    assert cli.main(["train", "--run", "begun"]) == 130
    assert configs == [begun.read_config()]
    assert (begun.folder / "best.keras").read_bytes() == b"best"
    assert "agemodel train --run begun" in capsys.readouterr().out
    progress = read_progress(begun)
    assert (progress.done, progress.total) == (4, 12)
    job = read_job(begun)
    assert (job.state, job.command) == ("stopped", ("train", "--run", "begun"))


def test_killed_training_can_be_evaluated_by_its_checkpoints(
    begun: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_checkpoint(begun)
    seen = []

    def evaluate(run: Run, *_: object, **__: object) -> dict:
        seen.append((run.folder / "best.keras").read_bytes())
        return {"splits": {}}

    monkeypatch.setattr("agemodel.learning.evaluate.evaluate", evaluate)
    assert cli.main(["evaluate", "begun"]) == 0
    assert seen == [b"best"]


@pytest.fixture
def shipped(begun: Run) -> None:
    """The same run, shipped."""
    paths.SHIPPED_RUNS.mkdir()
    begun.folder.rename(paths.SHIPPED_RUNS / "begun")


@pytest.mark.usefixtures("shipped")
def test_run_that_ships_is_not_gone_on_with(
    begun: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["train", "--run", "begun"]) == 1
    assert "ships with the project" in capsys.readouterr().err
    assert not begun.folder.exists()


@pytest.mark.usefixtures("shipped")
def test_run_that_ships_is_evaluated_only_to_replace_its_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []

    def evaluate(run: Run, *_: object, replace_shipped: bool) -> dict:
        told.append(replace_shipped)
        return {"splits": {}}

    monkeypatch.setattr("agemodel.learning.evaluate.evaluate", evaluate)
    assert cli.main(["evaluate", "begun"]) == 1
    assert "agemodel evaluate begun --replace" in capsys.readouterr().err
    assert told == []
    assert cli.main(["evaluate", "begun", "--replace"]) == 0
    assert told == [True]


def test_report_is_written_where_it_is_wanted(
    begun: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written = []
    monkeypatch.setattr(
        "agemodel.report.write_report", lambda run, path: written.append((run, path))
    )
    out = tmp_path / "x.html"
    assert cli.main(["report", "begun", "--out", str(out)]) == 0
    assert cli.main(["report", "begun"]) == 0
    assert written == [(begun, out), (begun, Path("begun.html"))]
    assert "Written to begun.html." in capsys.readouterr().out


def test_marks_are_counted_and_mended(
    begun: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["data", "marks"]) == 0
    assert capsys.readouterr().out == "0 marks.\n"
    mark_faces(paths.data_dir(), ["a.jpg", "b.jpg"], "wrong")
    mark_faces(paths.data_dir(), ["c.jpg"], "fine")
    assert cli.main(["data", "marks"]) == 0
    assert capsys.readouterr().out == "3 marks: 2 wrong, 1 fine.\n"
    file = paths.data_dir() / MARKS_NAME
    file.write_bytes(file.read_bytes().replace(b"b.jpg", b"x.jpg"))
    assert cli.main(["data", "marks"]) == 1
    assert "damaged" in capsys.readouterr().err
    assert cli.main(["data", "marks", "--repair"]) == 0
    assert "2 marks can be read. The damaged file is kept: " in capsys.readouterr().out
    assert cli.main(["data", "marks", "--repair"]) == 0
    assert capsys.readouterr().out == "2 marks can be read.\n"


def test_predict_takes_the_apps_model_unless_told_otherwise(
    begun: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    write_model(tmp_path / "models" / "mine")
    loaded = []

    def load(name: str) -> None:
        loaded.append(name)
        raise ModelError("no more is wanted")

    monkeypatch.setattr("agemodel.serving.estimator.Estimator.load", load)
    for arguments in ([], ["--model", "other"]):
        assert cli.main(["predict", "x.jpg", *arguments]) == 1
    assert cli.main(["use", "mine"]) == 0
    assert cli.main(["predict", "x.jpg"]) == 1
    assert loaded == ["mobile", "other", "mine"]


@pytest.mark.usefixtures("data")
def test_import_reports_rejects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import_coloured_faces(tmp_path / "home", train=4, val=2, test=2)
    source = tmp_path / "home" / "source"
    (source / "39_1_20170116174525125.jpg.chip.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    assert cli.main(["data", "import", str(source)]) == 0
    out = capsys.readouterr().out
    assert "8 usable" in out
    assert "39_1_20170116174525125" in out


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of an archive."""
    content = write_tar(tmp_path / "UTKFace.tar.gz", faces(5)).read_bytes()
    with serving(content) as server:
        yield server.url


def test_download_imports_what_it_fetched(
    served: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["data", "download", "--from", served, "--accept-licence"]
    assert cli.main([*command, "--sha256", 64 * "0"]) == 1
    assert "another checksum" in capsys.readouterr().err
    assert cli.main([*command, "--keep"]) == 0
    out = capsys.readouterr().out
    assert "5 usable" in out
    assert str(data / "download" / "UTKFace.tar.gz") in out
    assert cli.main(["data", "status"]) == 0


@pytest.mark.parametrize(
    ("terminal", "typed", "code"),
    [(True, "y", 0), (True, "Yes", 0), (True, "", 1), (True, None, 1), (False, "y", 1)],
)
def test_download_asks_for_the_terms_on_a_terminal_only(
    terminal: bool,
    typed: str | None,
    code: int,
    served: str,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def answer(question: str) -> str:
        assert terminal
        if typed is None:
            raise EOFError
        return typed

    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: terminal))
    monkeypatch.setattr("builtins.input", answer)
    assert cli.main(["data", "download", "--from", served]) == code
    told = capsys.readouterr()
    assert "non-commercial research only" in told.out
    assert ("--accept-licence" in told.err) == (code == 1)
    assert data.exists() == (code == 0)
