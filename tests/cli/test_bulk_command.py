from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pytest

from agemodel import cli
from agemodel.core import paths
from agemodel.jobs.processes import birth_of
from agemodel.serving import Estimator, estimate_photo, to_record
from tests.harness.bulk_photos import tables
from tests.harness.waiting import wait_until

PORTRAITS = ("barack-obama.jpg", "eileen-collins.jpg", "joe-biden.jpg")
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")


def test_bulk_gives_the_estimates_of_predict_and_fails_where_a_file_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "list.txt", tmp_path / "out"
    files = [str(paths.SAMPLES / name) for name in PORTRAITS]
    source.write_text("\n".join([*files, "missing.jpg"]))
    assert cli.main(["bulk", str(source), str(out), "--workers", "1"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("Done: 4 files, 3 faces; 1 of the files failed.")
    estimator = Estimator.load(workers=1)
    for row, file in zip(tables(out, "faces"), files, strict=True):
        (face,) = to_record(estimate_photo(estimator, Path(file), file))["faces"]
        assert row["file"] == file
        assert [row["x0"], row["y0"], row["x1"], row["y1"]] == face["box_xyxy"]
        assert row["age_years"] == pytest.approx(face["age_years"], abs=0.11)
        assert row["p_female"] == pytest.approx(face["p_female"], abs=0.002)
        # float16 keeps 11 bits of each probability
        assert sum(row["age_probabilities"]) == pytest.approx(1, abs=0.01)
    errors = [row["error"] for row in tables(out, "files")]
    assert errors[:3] == [None] * 3
    assert "missing.jpg" in errors[3]


@dataclass
class Held:
    """A run whose process waits for a photo that comes through a pipe."""

    run: subprocess.Popen[str]
    pipe: int

    def children(self) -> list[int]:
        found = psutil.Process(self.run.pid).children(recursive=True)
        assert found
        return [child.pid for child in found]

    def let_go(self) -> None:
        """End the pipe: it brings an empty photo."""
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    os.mkfifo(tmp_path / "photo.jpg")
    (tmp_path / "list.txt").write_text("photo.jpg")
    command = [sys.executable, "-m", "agemodel", "bulk", str(tmp_path / "list.txt")]
    run = subprocess.Popen(
        [*command, str(tmp_path / "out"), "--workers", "1"],
        cwd=paths.ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Where the tests run in the background, Ctrl-C is ignored, and is inherited so.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    # opening it waits for a reader
    held = Held(run, os.open(tmp_path / "photo.jpg", os.O_WRONLY))
    try:
        yield held
    finally:
        held.let_go()
        run.kill()
        with run:  # waits for it, and closes its pipe
            pass


@needs_pipes
def test_ctrl_c_ends_the_run_and_its_processes(held: Held, tmp_path: Path) -> None:
    children = held.children()
    os.killpg(held.run.pid, signal.SIGINT)  # as a terminal does, to all of them
    _, said = held.run.communicate()
    assert held.run.returncode == 130
    assert said.splitlines()[-1] == (
        "Stopped: about 0 of 1 files were done (estimating). Go on by --resume."
    )
    assert "Traceback" not in said
    wait_until(lambda: not any(map(birth_of, children)))
    kept = ["_list.parquet", "_run.json", "_run.lock"]
    assert sorted(os.listdir(tmp_path / "out")) == kept


@needs_pipes
def test_processes_whose_parent_was_killed_end(held: Held) -> None:
    children = held.children()
    held.run.kill()
    held.run.wait()
    held.let_go()
    wait_until(lambda: not any(map(birth_of, children)))


@pytest.mark.parametrize("workers", ["0", "-1", "many"])
def test_a_senseless_number_of_workers_is_wrong_usage(workers: str) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["bulk", "a", "b", "--workers", workers])
    assert stop.value.code == 2
