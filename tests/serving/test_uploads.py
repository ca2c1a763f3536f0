from __future__ import annotations

import pytest

from agemodel.core.errors import ImageError
from agemodel.serving.uploads import Upload, find_photos
from tests.harness.made_archives import MB, archive_of, stored, zip_of


def sentence(upload: Upload) -> str:
    with pytest.raises(ImageError) as caught:
        upload.read()
    return str(caught.value)


def test_plain_files_stay_as_they_are_and_may_share_a_name() -> None:
    found = find_photos([("a.jpg", b"1"), ("a.jpg", b"2")])
    assert [(upload.name, upload.read()) for upload in found] == [
        ("a.jpg", b"1"),
        ("a.jpg", b"2"),
    ]


def test_archive_stands_for_its_photos_in_their_order() -> None:
    archive = zip_of(("b.jpg", b"bb"), ("sub/a.jpg", b"a"))
    found = find_photos([("x.jpg", b"x"), ("Trip.ZIP", archive)])
    assert [(upload.name, upload.read()) for upload in found] == [
        ("x.jpg", b"x"),
        ("Trip.ZIP/b.jpg", b"bb"),
        ("Trip.ZIP/sub/a.jpg", b"a"),
    ]


def test_what_systems_leave_beside_photos_is_no_photo() -> None:
    archive = zip_of(
        ("sub/", b""),
        ("__MACOSX/._a.jpg", b"x"),
        ("sub/.DS_Store", b"x"),
        ("sub/Thumbs.db", b"x"),
        ("@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", b"x"),
        ("sub/.thumbnails/a.jpg", b"x"),
        ("sub/a.jpg", b"a"),
    )
    assert [u.name for u in find_photos([("t.zip", archive)])] == ["t.zip/sub/a.jpg"]


def test_what_systems_leave_in_a_folder_that_is_brought_is_no_photo() -> None:
    # a browser gives each file's path from the folder that was chosen
    files = ["trip/@eaDir/a.jpg/THUMB.jpg", "trip/.Trash-1/a.jpg", "trip/._a.jpg"]
    found = find_photos([(name, b"x") for name in [*files, "trip/a.jpg"]])
    assert [upload.name for upload in found] == ["trip/a.jpg"]
    (chosen,) = find_photos([(".hidden/a.jpg", b"x")])
    assert chosen.name == ".hidden/a.jpg"


def test_nothing_but_what_systems_leave_is_one_line() -> None:
    (line,) = find_photos([("._a.jpg", b"x"), ("trip/@eaDir/b.jpg", b"x")])
    assert line.name == "No photos"
    assert "2 files were passed over, ._a.jpg among them" in sentence(line)


def test_hidden_characters_of_a_name_are_spelt_in_name_and_sentence() -> None:
    plain, broken = find_photos([("a\u202eb.jpg", b""), ("c\u202ed\n.zip", b"no")])
    assert plain.name == "a\\u202eb.jpg"
    assert find_photos([("c\u202e\n.zip", b"no")])[0].name == "c\\u202e\\n.zip"
    assert sentence(broken).startswith("c\\u202ed\\n.zip cannot be opened")


def test_upload_keeps_the_bytes_that_wait_for_it() -> None:
    archive = zip_of(("a.jpg", b"a"), ("b.jpg", b"b"))
    plain, first, second = find_photos([("x.jpg", b"x"), ("t.zip", archive)])
    assert plain.source == b"x"
    assert first.source is second.source is archive


def test_photos_beyond_the_cap_are_one_line_that_counts_them() -> None:
    archive = zip_of(*((f"{number}.jpg", b"") for number in range(5)))
    *taken, rest = find_photos([("a.jpg", b""), ("t.zip", archive)], most=4)
    assert len(taken) == 4
    assert "2 files were left out: at most 300 photos" in sentence(rest)


def test_cap_on_photos_is_the_configured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_PHOTOS", "2")
    *taken, rest = find_photos([(f"{n}.jpg", b"") for n in range(5_000)])
    assert len(taken) == 2
    assert "4,998 files were left out: at most 2 photos" in sentence(rest)


def test_archives_beyond_the_cap_are_not_even_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agemodel.serving.uploads.PhotoArchive", None)
    found = find_photos([("a.jpg", b""), ("t.zip", b""), ("u.zip", b"")], most=1)
    assert "2 files were left out" in sentence(found[-1])


def test_bytes_beyond_the_cap_are_one_line_and_what_fits_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_WAITING_MB", "1")
    half = bytes(MB // 2)
    files = [("a.jpg", half), ("b.jpg", bytes(MB)), ("t.zip", bytes(MB)), ("c", half)]
    first, last, rest = find_photos(files)
    assert (first.name, last.name) == ("a.jpg", "c")
    assert "2 files were left out: at most 1 MB of files wait" in sentence(rest)


def test_both_caps_have_a_line_each() -> None:
    files = [("a.jpg", b"a"), ("b.jpg", b"bbb"), ("c.jpg", b"c"), ("d.jpg", b"d")]
    *taken, photos, size = find_photos(files, most=2, most_bytes=2)
    assert [upload.name for upload in taken] == ["a.jpg", "c.jpg"]
    assert "1 file was left out: at most 300 photos" in sentence(photos)
    assert "1 file was left out: at most 1,000 MB" in sentence(size)


def test_names_in_an_archive_count_as_its_own() -> None:
    (upload,) = find_photos([("t.zip", archive_of([stored("sub/a b.jpg")]))])
    assert upload.name == "t.zip/sub/a b.jpg"
