from __future__ import annotations

import stat
import zipfile
from io import BytesIO

import pytest

from agemodel.core.errors import ImageError
from agemodel.serving.uploads import Upload, find_photos
from tests.harness import made_archives as made
from tests.harness.made_archives import MB, archive_of, deflated, stored, zip_of


def found_in(
    files: list[tuple[str, bytes]], most: int = 300, most_bytes: int = MB
) -> list[Upload]:
    return find_photos(files, most, most_bytes)


def sentence(upload: Upload) -> str:
    with pytest.raises(ImageError) as caught:
        upload.read()
    return str(caught.value)


def test_plain_files_stay_as_they_are_and_may_share_a_name() -> None:
    found = found_in([("a.jpg", b"1"), ("a.jpg", b"2")])
    assert [(upload.name, upload.read()) for upload in found] == [
        ("a.jpg", b"1"),
        ("a.jpg", b"2"),
    ]


def test_archive_stands_for_its_photos_in_their_order() -> None:
    archive = zip_of(("b.jpg", b"bb"), ("sub/a.jpg", b"a"))
    found = found_in([("x.jpg", b"x"), ("Trip.ZIP", archive)])
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
    assert [u.name for u in found_in([("t.zip", archive)])] == ["t.zip/sub/a.jpg"]


def test_what_systems_leave_in_a_folder_that_is_brought_is_no_photo() -> None:
    # a browser gives each file's path from the folder that was chosen
    files = ["trip/@eaDir/a.jpg/THUMB.jpg", "trip/.Trash-1/a.jpg", "trip/._a.jpg"]
    found = found_in([(name, b"x") for name in [*files, "trip/a.jpg"]])
    assert [upload.name for upload in found] == ["trip/a.jpg"]
    (chosen,) = found_in([(".hidden/a.jpg", b"x")])
    assert chosen.name == ".hidden/a.jpg"


def test_nothing_but_what_systems_leave_is_one_line() -> None:
    (line,) = found_in([("._a.jpg", b"x"), ("trip/@eaDir/b.jpg", b"x")])
    assert line.name == "No photos"
    assert "2 files were passed over, ._a.jpg among them" in sentence(line)


def test_hidden_characters_of_a_name_are_spelt_in_name_and_sentence() -> None:
    plain, broken = found_in([("a\u202eb.jpg", b""), ("c\u202ed\n.zip", b"no")])
    assert plain.name == "a\\u202eb.jpg"
    assert found_in([("c\u202e\n.zip", b"no")])[0].name == "c\\u202e\\n.zip"
    assert sentence(broken).startswith("c\\u202ed\\n.zip cannot be opened")


def test_upload_keeps_the_bytes_that_wait_for_it() -> None:
    archive = zip_of(("a.jpg", b"a"), ("b.jpg", b"b"))
    plain, first, second = found_in([("x.jpg", b"x"), ("t.zip", archive)])
    assert plain.source == b"x"
    assert first.source is second.source is archive


def test_photos_beyond_the_cap_are_one_line_that_counts_them() -> None:
    archive = zip_of(*((f"{number}.jpg", b"") for number in range(5)))
    *taken, rest = found_in([("a.jpg", b""), ("t.zip", archive)], most=4)
    assert len(taken) == 4
    assert "2 files were left out: at most 300 photos" in sentence(rest)


def test_archives_beyond_the_cap_are_not_even_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agemodel.serving.uploads.PhotoArchive", None)
    found = found_in([("a.jpg", b""), ("t.zip", b""), ("u.zip", b"")], most=1)
    assert "2 files were left out" in sentence(found[-1])


def test_bytes_beyond_the_cap_are_one_line_and_what_fits_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_WAITING_MB", "1")
    half = bytes(MB // 2)
    files = [("a.jpg", half), ("b.jpg", bytes(MB)), ("t.zip", bytes(MB)), ("c", half)]
    first, last, rest = found_in(files)
    assert (first.name, last.name) == ("a.jpg", "c")
    assert "2 files were left out: at most 1 MB of files wait" in sentence(rest)


def test_both_caps_have_a_line_each() -> None:
    files = [("a.jpg", b"a"), ("b.jpg", b"bbb"), ("c.jpg", b"c"), ("d.jpg", b"d")]
    *taken, photos, size = found_in(files, most=2, most_bytes=2)
    assert [upload.name for upload in taken] == ["a.jpg", "c.jpg"]
    assert "1 file was left out: at most 300 photos" in sentence(photos)
    assert "1 file was left out: at most 1,000 MB" in sentence(size)


# ---------------------------------------------------------------- a .zip of photos


def photos_of(content: bytes) -> list[Upload]:
    return found_in([("t.zip", content)], most_bytes=100 * MB)


def test_archive_may_have_a_comment() -> None:
    buffer = BytesIO(zip_of(("a.jpg", b"a")))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"x" * 60_000
    (upload,) = photos_of(buffer.getvalue())
    assert upload.read() == b"a"


# ---------------------------------------------------------------- members


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (stored("../a.jpg"), "points outside"),
        (stored("a.jpg", mode=stat.S_IFLNK | 0o777), "a link or a device"),
        (stored("a.jpg", flags=1), "locked with a password"),
        (stored("a.jpg", method=14), "packed in a rare way"),
        (stored("a.jpg", crc=1), "a.jpg cannot be unpacked"),
        (deflated("a.jpg", bytes(5 * MB), size=10), "a.jpg cannot be unpacked"),
    ],
)
def test_member_that_must_not_be_read_costs_itself_alone(
    member: made.Member, said: str
) -> None:
    refused, photo = photos_of(archive_of([member, stored("b.jpg", b"b")]))
    assert said in sentence(refused)
    assert photo.read() == b"b"


def test_members_that_share_their_bytes_are_lines() -> None:
    found = photos_of(made.overlapping(50, MB))
    assert len(found) == 50
    for upload in found:
        assert "shares its bytes with another file" in sentence(upload)


@pytest.mark.parametrize("suffix", [".zip", ".ZIP", ".7z", ".tar", ".gz", ".rar"])
def test_archive_inside_an_archive_is_a_line_and_the_rest_is_read(suffix: str) -> None:
    inner = zip_of(("a.jpg", b"a"))
    refused, photo = photos_of(zip_of((f"inner{suffix}", inner), ("b.jpg", b"b")))
    assert "archive inside an archive" in sentence(refused)
    assert photo.read() == b"b"


def test_name_of_an_old_system_is_read_in_its_letters() -> None:
    # without the flag of UTF-8 a name is in code page 437, where 0x81 is a u umlaut
    (upload,) = photos_of(archive_of([stored(b"\x81.jpg", flags=0)]))
    assert (upload.name, upload.read()) == ("t.zip/ü.jpg", b"a")


def test_members_of_one_name_are_two_photos() -> None:
    content = archive_of([stored("a.jpg", b"1"), stored("a.jpg", b"2")])
    found = photos_of(content)
    assert [(upload.name, upload.read()) for upload in found] == [
        ("t.zip/a.jpg", b"1"),
        ("t.zip/a.jpg", b"2"),
    ]


# ---------------------------------------------------------------- bombs


def test_member_that_states_its_size_is_refused_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    (upload,) = photos_of(archive_of([stored("a.png", size=101 * MB)]))
    assert "too large" in sentence(upload)


def test_all_members_together_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_UNPACKED_MB", "3")
    content = zip_of(*((f"{n}.png", bytes(2 * MB - n)) for n in range(2)))
    first, second = photos_of(content)
    assert len(first.read()) == 2 * MB
    assert "left out: at most 3 MB" in sentence(second)


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("AGEMODEL_MAX_UNPACKED_MB", "left out: at most 3 MB"),
        ("AGEMODEL_MAX_MEMBER_MB", "too large: expected at most 3 MB"),
        ("AGEMODEL_MAX_FILE_MB", "too large: expected at most 3 MB"),
    ],
)
def test_bytes_are_counted_whatever_a_member_states(
    variable: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # zipfile itself stops at the stated size; nothing here relies on that
    monkeypatch.setenv(variable, "3")
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: BytesIO(bytes(4 * MB)))
    (upload,) = photos_of(archive_of([stored("a.png")]))
    assert said in sentence(upload)


def test_archives_in_archives_are_lines_however_they_are_called() -> None:
    for inner in ("{}.zip", "{}.jpg"):
        found = photos_of(made.nested(2, 4, inner))
        assert len(found) == 4  # nothing is opened that is inside
    assert found[0].read()[:4] == b"PK\3\4"  # for the reader of pictures to refuse


def test_of_endless_tables_of_contents_only_some_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agemodel.serving.uploads.MAX_LISTED", 20_000)
    content = made.endless_directory(500_000)  # of 47 bytes an entry: 10,638
    found = found_in([(f"{n}.zip", content) for n in range(40)], most_bytes=100 * MB)
    lines = [sentence(upload) for upload in found]
    assert len(lines) == 40
    assert sum("is empty" in line for line in lines) == 2
    assert sum("was left out: the archives" in line for line in lines) == 38
