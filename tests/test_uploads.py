from __future__ import annotations

import stat
import zipfile
from io import BytesIO

import pytest

from agemodel import uploads
from agemodel.errors import ImageError
from agemodel.uploads import Upload, find_photos


def zip_of(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


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
        ("sub/a.jpg", b"a"),
    )
    assert [u.name for u in find_photos([("t.zip", archive)])] == ["t.zip/sub/a.jpg"]


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "C:\\a.jpg", "x/../../a"])
def test_member_that_points_outside_is_a_line(name: str) -> None:
    (upload,) = find_photos([("t.zip", zip_of((name, b"a")))])
    assert "points outside" in sentence(upload)


def test_archive_inside_an_archive_is_a_line_and_the_rest_is_read() -> None:
    archive = zip_of(("inner.zip", zip_of(("a.jpg", b"a"))), ("b.jpg", b"b"))
    inner, photo = find_photos([("t.zip", archive)])
    assert "archive inside an archive" in sentence(inner)
    assert photo.read() == b"b"


def test_link_is_a_line() -> None:
    link = zipfile.ZipInfo("a.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    (upload,) = find_photos([("t.zip", buffer.getvalue())])
    assert "a link or a device" in sentence(upload)


def test_member_with_a_password_is_a_line() -> None:
    content = bytearray(zip_of(("a.jpg", b"a")))
    # bit 0 of the flags: 6 bytes into the local header, 8 into the directory's entry
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (upload,) = find_photos([("t.zip", bytes(content))])
    assert "locked with a password" in sentence(upload)


def test_rare_packing_is_a_line() -> None:
    archive = zip_of(("a.jpg", b"a" * 100), method=zipfile.ZIP_LZMA)
    (upload,) = find_photos([("t.zip", archive)])
    assert "packed in a rare way" in sentence(upload)


def test_damaged_member_is_a_line() -> None:
    content = bytearray(zip_of(("a.jpg", b"abcdefgh" * 9), method=zipfile.ZIP_STORED))
    content[content.index(b"abcdefgh")] ^= 1  # the checksum no longer holds
    (upload,) = find_photos([("t.zip", bytes(content))])
    assert "t.zip/a.jpg cannot be unpacked" in sentence(upload)


@pytest.mark.parametrize("content", [b"", b"no archive", zip_of(("a", b"a"))[:-30]])
def test_what_is_no_whole_archive_is_one_line(content: bytes) -> None:
    (upload,) = find_photos([("t.zip", content)])
    assert "t.zip cannot be opened" in sentence(upload)


def test_empty_archive_is_one_line() -> None:
    (upload,) = find_photos([("t.zip", zip_of())])
    assert "t.zip is empty" in sentence(upload)


def test_archive_may_have_a_comment() -> None:
    buffer = BytesIO(zip_of(("a.jpg", b"a")))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"x" * 60_000
    (upload,) = find_photos([("t.zip", buffer.getvalue())])
    assert upload.read() == b"a"


def test_member_is_counted_while_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "MAX_MEMBER_BYTES", 100_000)
    bomb = zip_of(("bomb.png", bytes(5_000_000)), ("small.png", b"s"))
    large, small = find_photos([("t.zip", bomb)])
    assert "too large" in sentence(large)
    assert small.read() == b"s"


def test_member_whose_stated_size_lies_is_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "MAX_MEMBER_BYTES", 100_000)
    content = bytearray(zip_of(("bomb.png", bytes(5_000_000))))
    # the unpacked size is 24 bytes into the directory's entry
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = (10).to_bytes(4, "little")
    (upload,) = find_photos([("t.zip", bytes(content))])
    assert "bomb.png" in sentence(upload)


def test_all_members_together_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_UNPACKED_BYTES", 150)
    archive = zip_of(("a.jpg", bytes(100)), ("b.jpg", bytes(100)))
    first, second = find_photos([("t.zip", archive)])
    assert len(first.read()) == 100
    assert "left out" in sentence(second)


def test_huge_table_of_contents_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = zip_of(*((f"{number}.jpg", b"") for number in range(300)))
    monkeypatch.setattr(uploads, "MAX_DIRECTORY_BYTES", 10_000)
    # 300 entries of 46 bytes and a name are more than 10,000
    (upload,) = find_photos([("t.zip", archive)])
    assert "at most about 20,000 files" in sentence(upload)


def test_photos_beyond_the_cap_are_one_line_that_counts_them() -> None:
    archive = zip_of(*((f"{number}.jpg", b"") for number in range(5)))
    *taken, rest = find_photos([("a.jpg", b""), ("t.zip", archive)], most=4)
    assert len(taken) == 4
    assert "2 files were left out" in sentence(rest)
