"""Whole runs; in processes of their own only where it is about these."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agemodel.bulk import BulkOptions, Counts, run_bulk
from agemodel.bulk.bulk_record import read_record
from agemodel.bulk.stores import LocalStore
from agemodel.core.errors import BulkError
from agemodel.core.file_locks import try_lock
from agemodel.core.files import put_in_place
from tests.harness.bulk_photos import (
    FragileWork,
    check_rows,
    run_inline,
    tables,
    write_mixed_photos,
    write_photos,
)

OPTIONS = BulkOptions(workers=2, shard_files=20)


def test_a_run_with_deadly_and_broken_files_has_the_rows_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agemodel.bulk.bulk_run.Work", FragileWork)
    photos, dead = write_mixed_photos(tmp_path / "photos")
    out, seen = tmp_path / "out", []
    counts = run_bulk(
        str(tmp_path / "photos"), str(out), OPTIONS, lambda *one: seen.append(one)
    )
    check_rows(out, photos, dead)
    assert counts == Counts(files=70, faces=len(tables(out, "faces")), errors=5)
    assert counts == read_record(LocalStore(out)).counts
    errors = {row["row"]: row["error"] for row in tables(out, "files") if row["error"]}
    assert "signal SIGKILL" in errors[31]
    assert "ZeroDivisionError: blue" in errors[50]
    assert len(os.listdir(out / "files")) == 4  # shards of 20, 20, 20 and 10
    assert seen[-1] == (70, 70, "estimating")


def test_a_stopped_run_goes_on_where_it_was_though_its_source_has_changed(
    tmp_path: Path,
) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    photos = write_photos(source, 70)

    def stop(*_: object) -> None:
        if any(out.glob("files/*.parquet")):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_inline(source, out, OPTIONS, stop)
    done = {path: path.stat().st_mtime_ns for path in out.glob("f*/*.parquet")}
    assert len(done) == 2
    assert read_record(LocalStore(out)).ended == ""
    (source / "0000a.png").write_bytes(photos[1].read_bytes())  # is not of the list
    gone = photos[69]
    gone.unlink()
    counts = run_inline(source, out, replace(OPTIONS, resume=True))
    check_rows(out, photos, set())
    assert counts.errors == 1
    assert "is not there" in tables(out, "files")[69]["error"]
    assert all(path.stat().st_mtime_ns == when for path, when in done.items())
    assert read_record(LocalStore(out)).ended


def test_a_part_cut_in_half_is_made_anew_and_the_others_stay(tmp_path: Path) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    photos = write_photos(source, 60)
    run_inline(source, out, OPTIONS)
    parts = sorted(out.glob("files/*.parquet"))
    before = [path.stat().st_mtime_ns for path in parts]
    parts[1].write_bytes(parts[1].read_bytes()[:500])
    run_inline(source, out, replace(OPTIONS, resume=True))
    check_rows(out, photos, set())
    after = [path.stat().st_mtime_ns for path in parts]
    assert [a == b for a, b in zip(after, before, strict=True)] == [True, False, True]


def test_a_full_disk_ends_the_run_with_a_sentence_and_it_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    photos = write_photos(source, 50)

    def fill(made: Path, place: Path) -> None:
        if place.name == "part-000001.parquet":
            raise OSError(errno.ENOSPC, "No space left on device", str(made))
        put_in_place(made, place)

    with monkeypatch.context() as patch:
        patch.setattr("agemodel.core.files.put_in_place", fill)
        with pytest.raises(BulkError, match=r"the disk of .*out is full"):
            run_inline(source, out, OPTIONS)
    assert [path.name for path in (out / "files").iterdir()] == ["part-000000.parquet"]
    assert [path.name for path in (out / "faces").iterdir()] == ["part-000000.parquet"]
    run_inline(source, out, replace(OPTIONS, resume=True))
    check_rows(out, photos, set())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"resume": False}, "holds a bulk run already"),
        ({"aligned": True}, "began with aligned False, and this is True"),
        ({"shard_files": 41}, "began with shard_files 20"),
        ({"source": "other"}, "began with source"),
        ({"sha256": "f" * 64}, "began with model sha256"),
    ],
)
def test_a_run_is_not_gone_on_with_by_other_settings(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    sentence: str,
) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    write_photos(source, 2)
    run_inline(source, out, OPTIONS)
    before = (out / "_run.json").read_bytes()
    if "sha256" in change:
        from agemodel.bulk import bulk_record

        other = replace(bulk_record.identity_of("mobile"), sha256=change.pop("sha256"))
        monkeypatch.setattr(bulk_record, "identity_of", lambda name: other)
    if "source" in change:
        source = tmp_path / change.pop("source")
    with pytest.raises(BulkError, match=sentence):
        options = replace(OPTIONS, **{"resume": True} | change)
        run_inline(source, out, options)
    assert (out / "_run.json").read_bytes() == before


def test_what_is_in_the_way_is_left_alone_and_named(tmp_path: Path) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    write_photos(source, 2)
    out.mkdir()
    (out / "thesis.doc").write_text("mine")
    with pytest.raises(BulkError, match=r"holds other files \(thesis.doc\)"):
        run_inline(source, out, OPTIONS)
    (out / "thesis.doc").unlink()
    with try_lock(out / "_run.lock"), pytest.raises(BulkError, match="Another bulk"):
        run_inline(source, out, OPTIONS)
    with pytest.raises(BulkError, match="is a file"):
        run_inline(source, source / "0000.png", OPTIONS)


@pytest.mark.parametrize("name", ["_run.json", "_list.parquet"])
def test_a_damaged_record_or_list_is_refused_by_name(tmp_path: Path, name: str) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    write_photos(source, 5)
    run_inline(source, out, OPTIONS)
    content = bytearray((out / name).read_bytes())
    content[len(content) // 2] ^= 1
    (out / name).write_bytes(content)
    with pytest.raises(BulkError, match=f"{name} in .* is damaged"):
        run_inline(source, out, replace(OPTIONS, resume=True))


def test_processes_that_cannot_start_are_no_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(tmp_path / "photos", 3)
    monkeypatch.setattr("agemodel.bulk.bulk_run.Work", lambda *_: DiesAtOnce())
    with pytest.raises(BulkError, match=r"end while they start \(exit code 7\)"):
        run_bulk(str(tmp_path / "photos"), str(tmp_path / "out"), OPTIONS, print)
    assert not (tmp_path / "out" / "files").exists()


class DiesAtOnce:
    def load(self) -> None:
        os._exit(7)


def test_results_at_an_address_are_those_of_a_folder(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    source = tmp_path / "photos"
    write_photos(source, 50)
    run_inline(source, tmp_path / "out", OPTIONS)
    out = f"memory://{tmp_path.name}"
    run_inline(source.as_uri(), out, OPTIONS)
    resumed = run_inline(source.as_uri(), out, replace(OPTIONS, resume=True))
    assert resumed.files == 50
    memory = fsspec.filesystem("memory")
    memory.get(tmp_path.name, str(tmp_path / "copy"), recursive=True)
    for folder in ("files", "faces"):
        here, there = (tables(tmp_path / one, folder) for one in ("out", "copy"))
        assert {row.pop("file") for row in there} <= {
            Path(row.pop("file")).as_uri() for row in here
        }
        assert there == here
    record = json.loads((tmp_path / "copy" / "_run.json").read_text())
    assert record["settings"]["source"] == source.as_uri()
