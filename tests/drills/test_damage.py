from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills import damage
from tests.drills.damage import files_told, pages_kept
from tests.drills.damage_files import DATA, LOCAL, MODEL, RUN
from tests.drills.restart import digests
from tests.harness.project_copy import project_copy


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with project_copy() as folder:
        yield folder


@pytest.mark.parametrize(("kind", "count"), [(DATA, 44), (LOCAL, 20), (MODEL, 15)])
def test_no_damage_is_silent(root: Path, kind: str, count: int) -> None:
    finding = files_told(root, count, [kind], "Damages")
    assert finding.kept, finding.measured


def test_damage_is_a_sentence_and_the_other_pages_work(root: Path) -> None:
    findings, notes = pages_kept(
        root,
        f"card.json with|{RUN}/predictions.parquet empty|folder of pictures",
        "estimate$|charts|faces|train$|overview|about",
    )
    assert not notes
    assert all(finding.kept for finding in findings)


SEEN = {"fault": "x missing", "view": "about", "failed": "", "drawn": True} | {
    "must_tell": True,
    "tells": True,
}


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"failed": "KeyError"}, "about with x missing: KeyError."),
        ({"drawn": False}, "about with x missing: says nothing."),
        ({"tells": False}, "about with x missing: says nothing."),
    ],
)
def test_a_page_that_fails_or_says_nothing_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: dict, note: str
) -> None:
    lines = "\n".join(json.dumps(one) for one in (SEEN, SEEN | change))
    monkeypatch.setattr(damage, "run_inside", lambda *_: f"noise\n{lines}\n")
    findings, notes = pages_kept(tmp_path, "")
    assert not all(finding.kept for finding in findings)
    assert notes == [note]


def test_what_is_read_as_other_data_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = json.dumps({"told": 5, "silent card.json": 1})
    monkeypatch.setattr(damage, "run_inside", lambda *_: f"noise\n{found}\n")
    finding = files_told(tmp_path, 6, [DATA], "Flips")
    assert (finding.measured, finding.kept) == ("5 of 6", False)


def test_a_change_of_a_run_or_a_mark_is_found(tmp_path: Path) -> None:
    for part in ("data", "runs/one"):
        (tmp_path / part).mkdir(parents=True)
        (tmp_path / part / "a.json").write_bytes(b"a")
    before = digests(tmp_path)
    assert list(before) == ["data/a.json", "runs/one/a.json"]
    (tmp_path / "data" / "a.json").write_bytes(b"b")
    after = digests(tmp_path)
    assert [name for name in before if before[name] != after[name]] == ["data/a.json"]
