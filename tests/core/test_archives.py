"""Malformed archives: what the one reader of .zip and .tar makes of them."""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from agemodel.core.archives import (
    ARCHIVE_ERRORS,
    CountedReader,
    Oddity,
    ZipReader,
    open_tar,
    tar_oddity,
)
from tests.harness import made_archives as made
from tests.harness.dataset_archives import add_to_tar
from tests.harness.made_archives import MB, archive_of, deflated, stored, zip_of

OUTSIDE = [
    *("../a.jpg", "/etc/a.jpg", "C:\\a.jpg", "x/../../a", "..\\a", "\\\\host\\a", "..")
]


def reader(content: bytes, most_directory_bytes: int = MB) -> ZipReader:
    return ZipReader(BytesIO(content), most_directory_bytes)


def oddities(content: bytes) -> set[Oddity | None]:
    found = reader(content)
    return {found.oddity(entry) for entry in found.entries}


def tar_of(name: str, kind: bytes = tarfile.REGTYPE) -> BytesIO:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        add_to_tar(archive, name, kind=kind, target="/etc/passwd")
    buffer.seek(0)
    return buffer


def test_hand_made_archive_is_a_whole_one() -> None:
    # what the tests below change is wrong for that reason alone
    content = archive_of([stored("a.jpg", b"a"), deflated("b.jpg", b"b" * 99)])
    assert zipfile.ZipFile(BytesIO(content)).testzip() is None
    assert oddities(content) == {None}
    found = reader(content)
    assert [found.read(entry, 99) for entry in found.entries] == [b"a", b"b" * 99]
    assert found.read_bytes == 100


@pytest.mark.parametrize(
    "content",
    [
        made.with_data_descriptors(("a.jpg", b"a" * 99)),
        made.with_zip64("a.jpg", b"a" * 99),
        b"#!/bin/sh\n" + zip_of(("a.jpg", b"a" * 99)),
    ],
    ids=["sizes behind the bytes", "zip64", "behind a program"],
)
def test_rare_but_honest_archives_are_read(content: bytes) -> None:
    found = reader(content)
    assert found.read(found.entries[0], 99) == b"a" * 99


def odd_zips() -> dict[str, tuple[Oddity, bytes]]:
    """Archives of one kind of odd members, by what these are."""
    found = {f"named {name}": (Oddity.OUTSIDE, stored(name)) for name in OUTSIDE}
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK):
        member = stored("a", b"/etc/passwd", mode=kind | 0o777)
        found[f"of kind {kind:o}"] = (Oddity.NO_FILE, member)
    for flag in (0x1, 0x40, 0x2000):
        found[f"with flag {flag}"] = (Oddity.LOCKED, stored("a", flags=flag))
    found["packed rarely"] = (Oddity.RARE_PACKING, stored("a", method=14))
    archives = {what: (odd, archive_of([one])) for what, (odd, one) in found.items()}
    shared, beyond = Oddity.SHARED_BYTES, bytearray(archive_of([stored("a")]))
    at = beyond.index(b"PK\x01\x02") + 20  # the packed size in the directory's entry
    beyond[at : at + 4] = (60).to_bytes(4, "little")
    return archives | {
        "listed often": (shared, made.same_bytes_often(50, MB)),
        "quoted in one another": (shared, made.overlapping(50, MB)),
        "reaching into the table of contents": (shared, bytes(beyond)),
    }


@pytest.mark.parametrize(
    ("oddity", "content"), odd_zips().values(), ids=odd_zips().keys()
)
def test_odd_member_of_a_zip_is_told(oddity: Oddity, content: bytes) -> None:
    assert oddities(content) == {oddity}


def test_quoted_headers_are_a_bomb_indeed() -> None:
    # else the test above would hold for any nonsense
    content = made.overlapping(3, MB)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert [entry.file_size // MB for entry in archive.infolist()] == [1, 1, 1]
    assert len(content) < 10_000


@pytest.mark.parametrize("stated", [5 * MB, 7 * MB, 2**32 - 2])
def test_no_more_is_unpacked_than_asked_for_whatever_a_member_states(
    stated: int,
) -> None:
    content = archive_of([deflated("bomb.png", bytes(5 * MB), size=stated)])
    found = reader(content)
    assert len(found.read(found.entries[0], 1000)) == found.read_bytes == 1001


@pytest.mark.parametrize(
    "member",
    [
        stored("a.jpg", b"abc", crc=1),
        deflated("a.jpg", bytes(5 * MB), size=10),
        deflated("a.jpg", bytes(99), size=0),
    ],
    ids=["wrong checksum", "more than stated", "nothing stated"],
)
def test_member_that_is_not_as_stated_is_damage(member: made.Member) -> None:
    found = reader(archive_of([member]))
    with pytest.raises(ARCHIVE_ERRORS):
        found.read(found.entries[0], MB)


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", zip_of(("a", b"a"))[:-30], archive_of([stored(b"\xff\xfe")])],
    ids=["empty", "text", "cut", "a name that is no Unicode"],
)
def test_what_is_no_whole_zip_is_damage(content: bytes) -> None:
    with pytest.raises(ARCHIVE_ERRORS):
        reader(content)


def test_table_of_contents_over_its_cap_is_damage_before_it_is_read() -> None:
    content = made.many_names(300)
    assert len(reader(content).entries) == 300
    # 300 entries of 46 bytes and a name are more than 10,000
    with pytest.raises(zipfile.BadZipFile, match="table of contents is too large"):
        reader(content, 10_000)


def test_nothing_of_an_archive_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for opener in ("builtins.open", "os.open", "os.mkdir", "os.symlink"):
        monkeypatch.setattr(opener, None)
    found = reader(zip_of(("a/b.jpg", b"b")))
    assert found.read(found.entries[0], 9) == b"b"
    with open_tar(tar_of("a/b.jpg")) as archive:
        assert [info.name for info in archive] == ["a/b.jpg"]


# ---------------------------------------------------------------- tar


@pytest.mark.parametrize("name", OUTSIDE)
def test_name_in_a_tar_that_points_outside_is_told(name: str) -> None:
    with open_tar(tar_of(name)) as archive:
        assert [tar_oddity(info) for info in archive] == [Oddity.OUTSIDE]


@pytest.mark.parametrize(
    ("kind", "oddity"),
    [
        (tarfile.REGTYPE, None),
        (tarfile.DIRTYPE, None),
        (tarfile.SYMTYPE, Oddity.NO_FILE),
        (tarfile.LNKTYPE, Oddity.NO_FILE),
        (tarfile.CHRTYPE, Oddity.NO_FILE),
        (tarfile.BLKTYPE, Oddity.NO_FILE),
        (tarfile.FIFOTYPE, Oddity.NO_FILE),
    ],
)
def test_link_or_device_in_a_tar_is_told(kind: bytes, oddity: Oddity | None) -> None:
    with open_tar(tar_of("a.jpg", kind)) as archive:
        assert [tar_oddity(info) for info in archive] == [oddity]


def read_through(content: bytes) -> list[str]:
    with open_tar(BytesIO(content)) as archive:
        return [info.name for info in archive]


def test_sparse_file_in_a_tar_is_refused_at_once() -> None:
    # A map of a sparse file that never ends; tarfile by itself reads it for ever.
    info, buffer = tarfile.TarInfo("a.jpg"), BytesIO()
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info.size = 512
        archive.addfile(info, BytesIO(b"9999\n" + bytes(507)))
    with pytest.raises(tarfile.ReadError, match="sparse"):
        read_through(buffer.getvalue())


def test_tar_header_of_many_megabytes_is_refused() -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    with pytest.raises(tarfile.ReadError, match="impossible size"):
        read_through(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))


def test_damaged_header_is_not_taken_for_the_end_of_a_tar() -> None:
    content = bytearray(tar_of("a.jpg").getvalue())
    content[0] ^= 1
    with pytest.raises(tarfile.ReadError):
        read_through(bytes(content))


def test_reading_is_counted_and_ends_at_what_the_check_raises() -> None:
    def check(read_bytes: int) -> None:
        if read_bytes > 1500:
            raise OverflowError

    counted = CountedReader(BytesIO(os.urandom(3000)), check)
    assert len(counted.read(1000)) == 1000
    with pytest.raises(OverflowError):
        counted.read(1000)
