from __future__ import annotations

import csv
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.explorer import marks as marks_module
from agemodel.explorer.marks import (
    MAX_NOTE,
    mark_faces,
    marked_faces,
    marks_frame,
    read_marks,
    repair_marks,
    with_marks,
)
from agemodel.explorer.table_exports import frame_csv
from tests.harness.bit_flips import flipped
from tests.harness.killed_steps import kills_of
from tests.harness.made_tables import table


def verdicts(data_dir: Path) -> dict[str, str]:
    return {file: mark.verdict for file, mark in read_marks(data_dir).items()}


def marks_file(data_dir: Path) -> Path:
    return data_dir / "marks.jsonl"


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """A data folder in which three faces are marked."""
    for file, verdict in (("a", "wrong"), ("b", "fine"), ("c", "doubtful")):
        mark_faces(tmp_path, [file], verdict, f"note on {file}")
    return tmp_path


def test_marks_are_read_back_with_their_notes(tmp_path: Path) -> None:
    note = 'She is 3, not 30.\nSee "b"; ü \u2028 \ud800'
    returned = mark_faces(tmp_path / "new", ["a.jpg"], "wrong", note)
    mark = read_marks(tmp_path / "new")["a.jpg"]
    assert (mark.file, mark.verdict, mark.note) == ("a.jpg", "wrong", note)
    assert mark.marked_at.endswith("+00:00")
    assert returned == {"a.jpg": mark}


def test_nothing_was_marked_in_a_new_folder(tmp_path: Path) -> None:
    assert read_marks(tmp_path / "none") == {}
    assert not (tmp_path / "none").exists()


def test_a_face_is_marked_anew_and_unmarked(marked: Path) -> None:
    mark_faces(marked, ["a", "c"], "fine")
    assert list(verdicts(marked).items()) == [
        ("b", "fine"),
        ("a", "fine"),
        ("c", "fine"),
    ]
    mark_faces(marked, ["b", "never marked"], None)
    assert set(verdicts(marked)) == {"a", "c"}


def test_long_notes_are_cut_and_unknown_verdicts_refused(marked: Path) -> None:
    mark_faces(marked, ["a"], "fine", " " + "x" * 9999)
    assert read_marks(marked)["a"].note == "x" * MAX_NOTE
    before = marks_file(marked).read_bytes()
    with pytest.raises(DatasetError, match=r"wrong, doubtful, fine.*'perhaps' came"):
        mark_faces(marked, ["b"], "perhaps")
    assert marks_file(marked).read_bytes() == before


def test_processes_that_mark_at_once_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from agemodel.explorer.marks import mark_faces\n"
        "for n in range(20):\n"
        "    mark_faces(Path(sys.argv[1]), [f'{sys.argv[2]}-{n}'], 'fine')"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path, name], cwd=paths.ROOT)
        for name in ("one", "two")
    ]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    assert set(read_marks(tmp_path)) == {
        f"{name}-{n}" for name in ("one", "two") for n in range(20)
    }


def test_a_kill_at_any_step_loses_no_mark(marked: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from agemodel.explorer.marks import mark_faces\n"
        "from tests.harness.killed_steps import kill_at_each_step\n"
        "kill_at_each_step(lambda: mark_faces(Path(sys.argv[1]), ['d'], 'fine'))"
    )
    known, kills = set("abc"), 0
    for _ in kills_of(code, marked):
        found = set(read_marks(marked))
        assert known <= found <= set("abcd")
        known, kills = found, kills + 1
    assert kills > 5  # of a lock, a new file, its content, its name
    assert set(read_marks(marked)) == set("abcd")
    assert not list(marked.glob(f".{marks_module.MARKS_NAME}.*-*"))


def test_lock_that_is_held_for_long_is_told(
    marked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks_module, "_PATIENCE_S", 0.05)
    with (
        FileLock(marked / ".marks.lock"),
        pytest.raises(DatasetError, match="Another program holds the marks"),
    ):
        mark_faces(marked, ["a"], "fine")
    mark_faces(marked, ["a"], "fine")  # free again
    assert verdicts(marked)["a"] == "fine"


def test_no_flipped_bit_goes_unnoticed_or_costs_another_mark(marked: Path) -> None:
    path = marks_file(marked)
    content, intact = path.read_bytes(), read_marks(marked)
    for position in random.Random(0).sample(range(len(content) * 8), 300):
        changed = flipped(content, position)
        path.write_bytes(changed)
        try:
            # a flip in the spaces between two entries changes nothing
            assert read_marks(marked) == intact
        except DatasetError as error:
            assert "data marks --repair" in str(error)
            with pytest.raises(DatasetError):
                mark_faces(marked, ["d"], "fine")
            assert path.read_bytes() == changed  # never written over


@pytest.mark.parametrize(
    ("spoil", "problem", "kept"),
    [
        (lambda lines: [*lines[:2], b'{"file": "b"', lines[3]], "line 3", "ac"),
        (lambda lines: lines[:3], "3 marks were written, 2 are there", "ab"),
        (lambda lines: lines[1:], "line 1 cannot be read", "bc"),
        (lambda lines: [], "empty", ""),
        (lambda lines: [b"\xff\xfe", *lines[1:]], "line 1 cannot be read", "abc"),
        (lambda lines: [b'{"format": 9, "marks": 3}', *lines[1:]], "format 9", "abc"),
        (lambda lines: [*lines, b"[1]", b"null", b"{}"], "line 5", "abc"),
        (lambda lines: [b"x"] * 9, "and 6 lines more", ""),
    ],
)
def test_damage_is_told_and_mended_without_a_loss(
    marked: Path, spoil, problem: str, kept: str
) -> None:
    path = marks_file(marked)
    damaged = b"\n".join(spoil(path.read_bytes().splitlines()))
    path.write_bytes(damaged)
    with pytest.raises(DatasetError, match=problem) as caught:
        read_marks(marked)
    assert f"{len(kept)} can be read" in str(caught.value)
    repaired = repair_marks(marked)
    assert repaired.kept == len(kept)
    assert repaired.aside is not None and repaired.aside.read_bytes() == damaged
    assert set(read_marks(marked)) == set(kept)


def test_mending_what_is_whole_changes_nothing(marked: Path, tmp_path: Path) -> None:
    before = marks_file(marked).read_bytes()
    assert repair_marks(marked) == marks_module.Repaired(3, None)
    assert marks_file(marked).read_bytes() == before
    assert repair_marks(tmp_path / "none").kept == 0


def test_a_failed_write_leaves_the_old_marks(
    marked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(DatasetError, match=r"disk of .* is full\. Free some room"):
        mark_faces(marked, ["a"], "fine")
    assert verdicts(marked)["a"] == "wrong"


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    marks_file(tmp_path).mkdir()
    with pytest.raises(DatasetError, match=r"cannot be read.*permissions"):
        read_marks(tmp_path)


def test_the_file_is_plain_to_read(marked: Path) -> None:
    first, second, *_ = marks_file(marked).read_text("utf-8").splitlines()
    assert json.loads(first) == {"format": 1, "marks": 3}
    assert json.loads(second)["note"] == "note on a"


def test_marks_are_exported_as_csv_without_formulas(marked: Path) -> None:
    mark_faces(marked, ["d"], "wrong", "=1+1")
    content = frame_csv(marks_frame(read_marks(marked))).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [(row["file"], row["verdict"]) for row in rows] == [
        ("a", "wrong"),
        ("b", "fine"),
        ("c", "doubtful"),
        ("d", "wrong"),
    ]
    assert rows[-1]["note"] == "'=1+1"
    assert frame_csv(marks_frame({})).decode("utf-8-sig").strip() == (
        '"file","verdict","note","marked_at"'
    )


def test_marks_stand_beside_their_faces(marked: Path) -> None:
    mark_faces(marked, ["gone"], "wrong")
    faces = table(age=[30] * 3, file=["c", "x", "a"])
    marked_faces = with_marks(faces, read_marks(marked))
    assert marked_faces["mark"].tolist() == ["doubtful", "unmarked", "wrong"]
    assert "mark" not in faces
    assert with_marks(faces, {})["mark"].tolist() == ["unmarked"] * 3


def test_marks_stand_beside_their_faces_the_newest_first(marked: Path) -> None:
    faces = table(age=[20, 31], file=["b", "c"], age_years=[22.0, 30.5])
    shown = marked_faces(faces, read_marks(marked))
    assert shown["file"].tolist() == ["c", "b", "a"]
    assert shown["verdict"].tolist() == ["doubtful", "fine", "wrong"]
    assert shown["age"].tolist() == [31, 20, pd.NA]  # no face has the name a
    assert shown["age_years"].tolist()[:2] == [30.5, 22.0]
    assert "note on b" in frame_csv(shown).decode()
    assert marked_faces(faces, {}).empty
