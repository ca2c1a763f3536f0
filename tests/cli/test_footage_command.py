from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from agemodel import cli
from agemodel.footage.run_preview import Preview, preview_path, read_preview
from agemodel.jobs.footage_jobs import footage_job
from agemodel.jobs.footage_uploads import write_upload
from agemodel.jobs.progress import ProgressFile
from tests.harness.made_footage import write_faces

VISIT_KEYS = [
    *("visit", "clip", "start_s", "end_s", "start", "seconds", "looks", "looks_used"),
    *("size_px", "age_years", "age_low", "age_high", "p_female", "gender", "reason"),
    "age_probabilities",
]
SLOT_KEYS = [
    *("slot", "start_s", "end_s", "start", "end", "minutes", "visits", "with_age"),
    *("bands", "genders"),
]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eileen Collins walks to the right for two seconds; Joe Biden comes after her."""
    first = [[("eileen-collins", 10 + 8 * n, 60, 200)] for n in range(20)]
    second = [[("joe-biden", 420 - 8 * n, 100, 200)] for n in range(20)]
    path = tmp_path_factory.mktemp("clips") / "door_20261127_090000.mp4"
    return write_faces(path, [*first, *[[]] * 5, *second])


def test_json_has_an_object_a_visit_then_one_a_slot(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["footage", str(clip), "--out", str(tmp_path / "out"), "--json"]
    assert cli.main([*command, "--hide-below", "1"]) == 0
    first, second, slot = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(first) == list(second) == VISIT_KEYS
    assert list(slot) == SLOT_KEYS
    # both are known: a woman of about 41, a man of 67
    assert first["age_low"] <= 42 and first["age_high"] >= 39
    assert second["age_low"] - 4 <= 67 <= second["age_high"] + 4
    assert first["p_female"] > 0.5 > second["p_female"]
    assert (first["start_s"], first["reason"]) == (0, None)
    assert 2.5 <= second["start_s"] <= 2.9
    assert sum(first["age_probabilities"]) == pytest.approx(1, abs=0.01)
    assert slot["visits"] == 2
    assert set(slot["bands"]) == {"0-19", "20-39", "40-59", "60+"}
    assert list(slot["genders"]["female"]) == ["count", "share", "low", "high"]


def test_words_say_what_was_counted_and_hide_what_is_too_few(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.mp4").write_bytes(clip.read_bytes())
    (tmp_path / "clips" / "b.mp4").write_text("no video")
    (tmp_path / "clips" / "notes.txt").write_text("on Monday")
    folder, out = str(tmp_path / "clips"), str(tmp_path / "out")
    report = tmp_path / "report.html"
    start = ["--from", "2026-11-27T09:00", "--slot", "30min", "--report", str(report)]
    assert cli.main(["footage", folder, "--out", out, *start]) == 1
    said = capsys.readouterr()
    assert "b.mp4 is no video by its content" in said.err
    assert "no videos by their names: 1." in said.err
    assert "2 visits in 0:00:04 of footage" in said.out
    assert "Age: hidden, for there are too few visits." in said.out
    assert "1 video not read" in report.read_text("utf-8")
    assert "2026-11-27T09:30:00" in (tmp_path / "out" / "slots.csv").read_text()


def test_an_uploaded_video_is_removed_when_its_run_ends(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    upload = write_upload("a video.mp4", clip.read_bytes())
    footage_job("try").folder.mkdir(parents=True)
    mine = tmp_path / "mine.mp4"
    mine.write_bytes(clip.read_bytes())
    command = ["footage", str(upload), str(mine), "--out", str(tmp_path / "out")]
    assert cli.main([*command, "--job", "try"]) == 0
    assert not upload.exists() and mine.exists()


def test_a_run_of_the_app_shows_the_frame_that_it_is_at(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Preview | None] = []

    class AskAtEachLine(ProgressFile):
        def __call__(self, *progress: Any) -> None:
            seen.append(read_preview(preview_path()))

    monkeypatch.setattr("agemodel.jobs.progress.ProgressFile", AskAtEachLine)
    with TemporaryDirectory() as runs:  # a socket's path must be short
        monkeypatch.setenv("AGEMODEL_RUNS", runs)
        footage_job("try").folder.mkdir(parents=True)
        command = ["footage", str(clip), "--out", f"{runs}/out", "--job", "try"]
        assert cli.main(command) == 0
        assert read_preview(preview_path()) is None  # it is over
    shown = [one for one in seen if one]
    # 45 frames at ten a second, three looks in each second: the first of each third
    assert [one.time_s for one in shown[:4]] == pytest.approx([0, 0.4, 0.7, 1.0])
    assert {one.clip for one in shown} == {str(clip)}
    assert (shown[0].visits, shown[-1].visits) == (0, 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "nine"], "is no time"),
        (["--looks", "0"], "looks_per_s is 0"),
        (["--zone", "0,0,0,1"], "zone is"),
    ],
)
def test_senseless_options_are_refused(
    clip: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    out = tmp_path / "out"
    assert cli.main(["footage", str(clip), "--out", str(out), *options]) == 1
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_path_without_a_video_is_a_line_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = str(tmp_path / "gone.mp4")
    assert cli.main(["footage", gone, "--out", str(tmp_path / "out")]) == 1
    assert "gone.mp4 is not there" in capsys.readouterr().err
