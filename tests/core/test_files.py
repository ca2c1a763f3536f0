from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from agemodel.core import files, paths
from agemodel.core.errors import DatasetError, RunError
from agemodel.core.files import (
    check_room,
    data_place,
    models_place,
    refusal,
    runs_place,
    sweep,
    write_whole,
    writing,
)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders for the data, the runs and the models, that are there."""
    for name in ("data", "runs", "models"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(f"AGEMODEL_{name.upper()}", str(tmp_path / name))
    return tmp_path


def said(number: int, path: Path | None = None, room: int = 0) -> str:
    error = OSError(number, os.strerror(number), path and str(path))
    return refusal(error, "The marks", data_place(paths.data_dir()), room)


@pytest.mark.parametrize(
    ("number", "why", "mend"),
    [
        (errno.ENOSPC, "disk of FOLDER is full", "Free some room there"),
        (errno.EDQUOT, "disk of FOLDER is full", "Free some room there"),
        (errno.EROFS, "FOLDER is read-only", "Make it writable"),
        (errno.EACCES, "may not write to FOLDER", "Give write permission"),
        (errno.EPERM, "may not write to FOLDER", "Give write permission"),
        (errno.EFBIG, "FOLDER takes no file as large", "Raise the limit"),
        (errno.EIO, "Input/output error", "Check the folder FOLDER"),
    ],
)
def test_refusal_says_why_where_and_what_to_do(
    folders: Path, number: int, why: str, mend: str
) -> None:
    text = said(number)
    folder = str(folders / "data")
    assert text.startswith("The marks cannot be written: ")
    assert why.replace("FOLDER", folder) in text
    assert mend.replace("FOLDER", folder) in text
    assert "AGEMODEL_DATA" in text


def test_room_that_is_needed_is_said_where_it_is_known() -> None:
    assert "Free at least 107.0 MB there" in said(errno.ENOSPC, room=107_000_000)


@pytest.mark.parametrize(
    ("inside", "setting"),
    [("runs/one/status.json", "RUNS"), ("models/.x/m", "MODELS"), ("b/c", "DATA")],
)
def test_file_that_the_error_names_tells_the_folder_and_its_setting(
    folders: Path, inside: str, setting: str
) -> None:
    text = said(errno.EROFS, folders / inside)
    folder = folders / inside.partition("/")[0]
    assert f"{folder if folder.exists() else folders} is read-only" in text
    assert f"AGEMODEL_{setting}" in text


def test_permission_that_is_missing_is_that_of_the_very_folder(folders: Path) -> None:
    (folders / "runs" / "one").mkdir()
    text = said(errno.EACCES, folders / "runs" / "one" / "status.json")
    assert f"may not write to {folders / 'runs' / 'one'}." in text


def test_error_of_the_system_becomes_one_of_ours_and_stays_its_cause() -> None:
    with (
        pytest.raises(RunError, match=r"run x .* full.*AGEMODEL_RUNS") as caught,
        writing("The training of run x", runs_place(), RunError),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(caught.value.__cause__, OSError)
    with (
        pytest.raises(DatasetError, match="of its own"),
        writing("It", runs_place(), RunError),
    ):
        raise DatasetError("of its own")


def test_what_has_no_room_is_refused_before_it_is_begun(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def usage(folder: Path) -> SimpleNamespace:
        asked.append(folder)
        return SimpleNamespace(free=2_000_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    shutil.rmtree(folders / "models")  # is not there yet: its disk is known
    check_room("it needs", 2_000_000, models_place(), RunError)
    with pytest.raises(RunError, match=r"2\.0 MB free, and it needs 2\.1 MB.*MODELS"):
        check_room("it needs", 2_100_000, models_place(), RunError)
    assert asked == [folders, folders]


# ---------------------------------------------------------------- whole or not at all


def test_failed_writing_leaves_the_old_file_and_nothing_that_takes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    write_whole(folder / "a", b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(files.os, step, fail)
            with pytest.raises(OSError, match="No space"):
                write_whole(folder / "a", b"new")
        assert [path.name for path in folder.iterdir()] == ["a"]
        assert (folder / "a").read_bytes() == b"old"


def test_content_is_on_disk_before_it_takes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, steps = tmp_path / "data", list[tuple[str, str]]()
    replace = os.replace

    def on_fsync(descriptor: int) -> None:
        known = {path.stat().st_ino: path for path in (folder, *folder.iterdir())}
        path = known[os.fstat(descriptor).st_ino]
        steps.append(("flushed", path.read_text() if path.is_file() else path.name))

    def on_replace(source: Path, target: Path) -> None:
        steps.append(("named", source.read_text()))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", on_fsync)
    monkeypatch.setattr(os, "replace", on_replace)
    write_whole(folder / "a", b"content")
    assert steps == [("flushed", "content"), ("named", "content"), ("flushed", "data")]
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_file_that_the_system_cuts_short_is_not_taken_for_whole(tmp_path: Path) -> None:
    """The system itself refuses a byte too many, as on a full disk."""
    path = tmp_path / "data" / "a"
    write_whole(path, b"old")
    code = (
        "import sys; from pathlib import Path\n"
        "from agemodel.core.files import write_whole\n"
        "write_whole(Path(sys.argv[1]), bytes(3000))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    assert "File too large" in done.stderr
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_what_the_dead_began_is_swept_and_all_else_stays(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    kept = ["status.json", ".marks.lock", ".hidden", "a.123", ".folder.7"]
    for name in (".status.json.123", ".status.json.123-456", ".other.1", *kept[:-1]):
        (folder / name).touch()
    (folder / kept[-1]).mkdir()
    sweep(folder, "status.json")
    left = {path.name for path in folder.iterdir()}
    assert left == {".other.1", *kept}
    sweep(folder)
    assert {path.name for path in folder.iterdir()} == set(kept)
