from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agemodel.bulk.listing import find_files
from agemodel.core.errors import BulkError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photos, and what is none."""
    folder = tmp_path / "photos"
    for name in ("b.JPG", "deep/a.png", "deep/notes.txt", "@eaDir/b.jpg", "._b.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names_in(photos: Path) -> list[str]:
    return [str(photos / "b.JPG"), str(photos / "deep/a.png")]


def test_folder_and_pattern_stand_for_their_photos_by_absolute_paths(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos.parent)
    assert list(find_files("photos")) == names_in(photos)
    assert list(find_files("photos/**/*.png")) == names_in(photos)[1:]
    assert list(find_files("photos/b.JPG")) == names_in(photos)[:1]


def test_a_list_is_taken_from_its_own_folder_in_its_own_order(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["deep/a.png", str(photos / "gone.jpg"), "s3://bucket/c.jpg", "deep/a.png"]
    expected = [
        str(photos / "deep/a.png"),
        str(photos / "gone.jpg"),
        "s3://bucket/c.jpg",
        str(photos / "deep/a.png"),
    ]
    text = photos / "list.txt"
    text.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*names, "", ""]).encode())
    table = photos / "list.parquet"
    pq.write_table(pa.table({"id": ["x"] * 4, "path": names}), table)
    monkeypatch.chdir(photos.parent)
    for source in ("photos/list.txt", "photos/list.parquet"):
        assert list(find_files(source)) == expected


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_unicode_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "list.txt"
    source.write_bytes(b"/photos/\xff.jpg\n")
    (name,) = find_files(str(source))
    assert os.fsencode(name) == b"/photos/\xff.jpg"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "leads to no photo"),
        (b"\x00\x01", "no list of files"),
        (pa.table({"id": [1]}), "lists no files: expected a column 'path'"),
        (pa.table({"a": ["x"], "b": ["y"]}), "got a, b"),
    ],
)
def test_what_cannot_be_a_source_is_refused_with_the_reason(
    tmp_path: Path, content: bytes | pa.Table | None, sentence: str
) -> None:
    source = tmp_path / "list"
    if isinstance(content, bytes):
        source.write_bytes(content)
    elif content is not None:
        pq.write_table(content, source)
    with pytest.raises(BulkError, match=sentence):
        list(find_files(str(source)))


def test_a_folder_without_photos_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(BulkError, match=r"holds no photo.*\.txt"):
        list(find_files(str(tmp_path)))


def test_an_address_is_listed_as_the_folder_that_it_leads_to(photos: Path) -> None:
    pytest.importorskip("fsspec")
    listed = photos / "list.txt"
    listed.write_text("deep/a.png\n")
    address = photos.as_uri()
    expected = [f"{address}/b.JPG", f"{address}/deep/a.png"]
    assert list(find_files(address)) == expected
    assert list(find_files(f"{address}/**/*.png")) == expected[1:]
    assert list(find_files(f"{address}/list.txt")) == expected[1:]
    with pytest.raises(BulkError, match="leads to no photo"):
        list(find_files(f"{address}/none"))
    with pytest.raises(BulkError, match="cannot be reached"):
        list(find_files("nosuch://bucket"))
