"""Malformed archives, built byte by byte where a tool would not make them.

Every function gives the content of a `.zip`. None of them is larger than a few MB.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

MB = 1024**2
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_UTF8_NAME = 0x800
_DEFLATED = 8


@dataclass(frozen=True)
class Member:
    """An entry of a hand-made archive, and what it says of itself."""

    name: bytes  # as bytes
    packed: bytes  # its bytes in the archive
    size: int  # that it claims to have, unpacked
    crc: int = 0  # that it claims
    method: int = 0  # of packing: 8 is deflate, 0 none
    flags: int = _UTF8_NAME  # general purpose flags
    mode: int = stat.S_IFREG | 0o644  # of Unix, with the kind of file in its upper bits


def stored(name: str | bytes, content: bytes = b"a", **claims: int) -> Member:
    """A member that is not packed."""
    spelt = name if isinstance(name, bytes) else name.encode()
    facts = {"size": len(content), "crc": zlib.crc32(content)} | claims
    return Member(spelt, content, **facts)


def deflated(name: str, content: bytes, **claims: int) -> Member:
    """A member packed by deflate."""
    facts = {"size": len(content), "crc": zlib.crc32(content), "method": _DEFLATED}
    return Member(name.encode(), _deflate(content), **(facts | claims))


def archive_of(members: Iterable[Member]) -> bytes:
    """The members one after the other, then a table of contents that agrees."""
    body, entries = bytearray(), []
    for member in members:
        entries.append((member, len(body)))
        body += _local_header(member) + member.packed
    return bytes(body) + _directory(entries, len(body))


def zip_of(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An honest archive of names and contents."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def same_bytes_often(count: int, unpacked_bytes: int) -> bytes:
    """Entries that all stand for the same member: megabytes of it in a few KB each."""
    member = deflated("bomb.png", bytes(unpacked_bytes))
    body = _local_header(member) + member.packed
    return body + _directory([(member, 0)] * count, len(body))


def overlapping(count: int, unpacked_bytes: int) -> bytes:
    """Members of which each has the next ones' headers as its own first bytes.

    The headers are quoted by stored blocks of deflate, so each is valid, and all share
    one compressed kernel (Fifield, 'A better zip bomb', USENIX WOOT 2019).
    """
    content = bytes(unpacked_bytes)
    tail, members = _deflate(content), []
    for number in reversed(range(count)):
        facts = len(content), zlib.crc32(content), _DEFLATED
        member = Member(f"{number:05}.png".encode(), tail, *facts)
        header = _local_header(member)
        members.append(member)
        quoted = struct.pack("<BHH", 0, len(header), 0xFFFF ^ len(header)) + header
        tail, content = quoted + tail, header + content
    # what is before the first member's header quotes it, for nobody
    body, first = tail[5:], len(quoted)
    entries = [(m, n * first) for n, m in enumerate(reversed(members))]
    return body + _directory(entries, len(body))


def nested(depth: int, width: int, inner: str = "{}.zip") -> bytes:
    """Archives in archives, as 42.zip has them; the innermost holds 10 MB of zeros."""
    content = zip_of(("0.png", bytes(10 * MB)))
    for _ in range(depth):
        content = zip_of(*((inner.format(n), content) for n in range(width)))
    return content


def many_names(count: int) -> bytes:
    """A table of contents of so many entries without any content."""
    return archive_of(stored(f"{number}.jpg", b"") for number in range(count))


def endless_directory(size_bytes: int) -> bytes:
    """Nothing but a table of contents, of folders."""
    member = stored("/", b"")
    count = size_bytes // (_CENTRAL.size + 1)
    return _directory([(member, 0)] * count, 0)


def with_data_descriptors(*members: tuple[str, bytes]) -> bytes:
    """What a program writes that cannot go back: sizes behind the bytes."""

    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return pipe.getvalue()


def with_zip64(name: str, content: bytes) -> bytes:
    """A member whose sizes are written as for a huge one."""
    buffer = BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        member.write(content)
    return buffer.getvalue()


def _deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def _local_header(member: Member) -> bytes:
    packed = len(member.packed)
    facts = (20, member.flags, member.method, 0, 0x21, member.crc, packed, member.size)
    return _LOCAL.pack(b"PK\3\4", *facts, len(member.name), 0) + member.name


def _directory(entries: Iterable[tuple[Member, int]], start: int) -> bytes:
    lines = [_central_header(member, at) for member, at in entries]
    size = sum(map(len, lines))
    count = len(lines) & 0xFFFF
    return b"".join(lines) + _END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0)


def _central_header(member: Member, at: int) -> bytes:
    packed = len(member.packed)
    made_by_unix = 3 << 8 | 20
    head = (b"PK\1\2", made_by_unix, 20, member.flags, member.method, 0, 0x21)
    sizes = (member.crc, packed, member.size, len(member.name), 0, 0, 0, 0)
    return _CENTRAL.pack(*head, *sizes, member.mode << 16, at) + member.name
