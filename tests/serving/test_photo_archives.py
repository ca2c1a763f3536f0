from __future__ import annotations

import stat
import zipfile
from io import BytesIO

import pytest

from agemodel.core.errors import ImageError
from agemodel.serving import photo_archives
from agemodel.serving.uploads import Upload, find_photos
from tests.harness import made_archives as made
from tests.harness.made_archives import MB, archive_of, deflated, stored, zip_of


def photos_of(content: bytes, name: str = "t.zip") -> list[Upload]:
    return find_photos([(name, content)])


def sentence(upload: Upload) -> str:
    with pytest.raises(ImageError) as caught:
        upload.read()
    return str(caught.value)


def test_what_is_no_archive_is_one_line() -> None:
    (upload,) = photos_of(b"no archive")
    assert "t.zip cannot be opened" in sentence(upload)


def test_empty_archive_is_one_line() -> None:
    (upload,) = photos_of(zip_of())
    assert "t.zip is empty" in sentence(upload)


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


def test_hidden_characters_of_a_name_are_spelt() -> None:
    hostile = "a\nb\u202egpj.exe\x1b[2J"
    (upload,) = photos_of(archive_of([stored(hostile)]))
    assert upload.name == "t.zip/a\\nb\\u202egpj.exe\\x1b[2J"
    assert upload.read() == b"a"


def test_very_long_name_is_cut() -> None:
    (upload,) = photos_of(archive_of([stored("a" * 60_000 + ".jpg")]))
    assert len(upload.name) == 300
    assert upload.name.endswith("aaa.jpg")


def test_members_of_one_name_are_two_photos() -> None:
    content = archive_of([stored("a.jpg", b"1"), stored("a.jpg", b"2")])
    found = photos_of(content)
    assert [(upload.name, upload.read()) for upload in found] == [
        ("t.zip/a.jpg", b"1"),
        ("t.zip/a.jpg", b"2"),
    ]


# ---------------------------------------------------------------- bombs


def test_member_is_counted_while_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_MEMBER_MB", "1")
    bomb = zip_of(("bomb.png", bytes(5 * MB)), ("small.png", b"s"))
    large, small = photos_of(bomb)
    assert "too large: expected at most 1 MB" in sentence(large)
    assert small.read() == b"s"


def test_no_member_may_be_larger_than_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_FILE_MB", "2")
    (large,) = photos_of(zip_of(("bomb.png", bytes(5 * MB))))
    assert "too large: expected at most 2 MB" in sentence(large)


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


def test_huge_table_of_contents_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = made.many_names(300)
    monkeypatch.setattr(photo_archives, "MAX_DIRECTORY_BYTES", 10_000)
    # 300 entries of 46 bytes and a name are more than 10,000
    (upload,) = photos_of(content)
    assert "at most about 20,000 files" in sentence(upload)


def test_of_endless_tables_of_contents_only_some_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agemodel.serving.uploads.MAX_LISTED", 20_000)
    content = made.endless_directory(500_000)  # of 47 bytes an entry: 10,638
    found = find_photos([(f"{n}.zip", content) for n in range(40)])
    lines = [sentence(upload) for upload in found]
    assert len(lines) == 40
    assert sum("is empty" in line for line in lines) == 2
    assert sum("was left out: the archives" in line for line in lines) == 38
