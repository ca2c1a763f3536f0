"""RAW files of cameras: told from photos, and the preview that is read instead.

Most of them (DNG, NEF, CR2, ARW, PEF, SRW and others) are TIFFs whose first picture is
a thumbnail. The sensor's values lie in another directory, which nothing here decodes,
and previews in more. Layouts: TIFF 6.0, sections 2 and 22; Adobe's DNG specification
1.7, chapters 2 and 4; TIFF/EP (ISO 12234-2), 5.2 for `SubIFDs`.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image

from agemodel.core.errors import ImageError
from agemodel.images.colour import DECODER_ERRORS

LEAST_SIDE_PX = 512
"""Longer side of a preview from which on it stands for the photo; thumbnails have 160
to 256."""

_SUBFILE_TYPE, _WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 259, 262
_STRIP_OFFSETS, _ORIENTATION, _STRIP_BYTES, _SUB_DIRECTORIES = 273, 274, 279, 330
_JPEG_OFFSET, _JPEG_BYTES, _DNG_VERSION = 513, 514, 50706
_IS_REDUCED = 1
"""Bit of `_SUBFILE_TYPE`: a smaller copy of another picture of the file."""
_SENSOR_VALUES = (32803, 34892)
"""Photometric interpretations: a colour filter array, and linear sensor values."""
_RGB = 2
_PLAIN = (0, 1, 2, 3, 5, 6, 8)
"""Those of TIFF 6.0: grey, RGB, palette, inks, YCbCr and Lab."""
_READABLE = (1, 5, 7, 8, 32773, 32946)
"""Compressions: none, LZW, JPEG, deflate, PackBits and the old number of deflate."""
_CANON_MARK = b"CR"
"""What a CR2 has behind the TIFF's own header."""
_JPEG_START = b"\xff\xd8\xff"
_JPEG_HEADER_BYTES = 1 << 18
_TAGS = frozenset(
    {
        *(_SUBFILE_TYPE, _WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS),
        *(_ORIENTATION, _STRIP_BYTES, _SUB_DIRECTORIES, _JPEG_OFFSET, _JPEG_BYTES),
        _DNG_VERSION,
    }
)
_ENTRY_BYTES = 12
_ENDIAN: dict[str, Literal["little", "big"]] = {"<": "little", ">": "big"}
_MOST_DIRECTORIES, _MOST_ENTRIES, _MOST_VALUES = 50, 1_000, 50
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I"}
"""Types of values that are looked at, as `struct` spells them."""


@dataclass(frozen=True)
class _Directory:
    """An image file directory: where it is, and its numbers by tag."""

    at: int
    tags: dict[int, tuple[int, ...]]

    def number(self, tag: int, default: int = 0) -> int:
        return (self.tags.get(tag) or (default,))[0]

    def is_reduced(self) -> bool:
        """Whether it says that it is a smaller copy."""
        return bool(self.number(_SUBFILE_TYPE) & _IS_REDUCED)

    def is_full(self) -> bool:
        """Whether it says that it is none."""
        return _SUBFILE_TYPE in self.tags and not self.is_reduced()


@dataclass(frozen=True)
class Embedded:
    """A picture inside a TIFF that is read instead of the first one.

    Attributes:
        kind: JPEG or TIFF.
        at: where the JPEG, or the TIFF's directory, begins.
        byte_count: of the JPEG.
        width: in px, as it lies in the file.
        height: likewise.
        orientation: as EXIF numbers it, where the picture does not state its own.
        is_preview: whether the photo itself is one that cannot be read.
    """

    kind: str
    at: int
    byte_count: int
    width: int
    height: int
    orientation: int
    is_preview: bool

    def content(self, data: bytes) -> bytes:
        """The picture as a file of its own, out of the bytes of the whole file."""
        if self.kind == "JPEG":
            return data[self.at : self.at + self.byte_count]
        return data[:4] + struct.pack(_byte_order(data) + "I", self.at) + data[8:]


def main_picture(data: bytes, name: str) -> Embedded | None:
    """The largest picture of a RAW file, or of a TIFF that begins with a thumbnail.

    Args:
        data: a TIFF.
        name: for messages.

    Returns:
        None for any other TIFF, whose first picture is the photo.

    Raises:
        ImageError: the file has nothing larger than a thumbnail.
    """
    directories = list(_directories(data))
    if not directories:
        return None
    first = directories[0]
    is_marked = (
        _DNG_VERSION in first.tags
        or data[8:10] == _CANON_MARK
        or any(d.number(_PHOTOMETRIC) in _SENSOR_VALUES for d in directories)
    )
    is_raw = is_marked or (first.is_reduced() and _SUB_DIRECTORIES in first.tags)
    if not is_raw and not (first.is_reduced() and len(directories) > 1):
        return None
    turn = first.number(_ORIENTATION, 1)
    found = [
        picture
        for directory in directories
        for picture in _pictures(
            data, directory, turn, is_marked or (is_raw and not directory.is_full())
        )
    ]
    largest = max(found, key=lambda p: p.width * p.height, default=None)
    side_px = max(largest.width, largest.height) if largest else 0
    if side_px < LEAST_SIDE_PX and (largest.is_preview if largest else is_raw):
        raise ImageError(
            f"{name} is a RAW file, which is read by the preview inside it: expected "
            f"one of {LEAST_SIDE_PX:,} px or more, got {side_px:,} px. Save it as JPEG "
            "and try again."
        )
    return largest


def _pictures(
    data: bytes, directory: _Directory, turn: int, is_preview: bool
) -> Iterator[Embedded]:
    """The JPEG of a directory or, where it has none, the directory as a TIFF."""
    if directory.number(_PHOTOMETRIC, _RGB) not in _PLAIN:
        return
    for at, byte_count in _jpeg_spans(directory):
        size = _jpeg_size(data[at : at + min(byte_count, _JPEG_HEADER_BYTES)])
        if size is not None:
            yield Embedded("JPEG", at, byte_count, *size, turn, is_preview)
            return
    size = directory.number(_WIDTH), directory.number(_HEIGHT)
    if all(size) and directory.number(_COMPRESSION, 1) in _READABLE:
        own = 1 if _ORIENTATION in directory.tags else turn
        yield Embedded("TIFF", directory.at, 0, *size, own, is_preview)


def _jpeg_spans(directory: _Directory) -> Iterator[tuple[int, int]]:
    """Offsets and lengths of what may be a JPEG."""
    yield directory.number(_JPEG_OFFSET), directory.number(_JPEG_BYTES)
    if len(directory.tags.get(_STRIP_OFFSETS, ())) == 1:
        yield directory.number(_STRIP_OFFSETS), directory.number(_STRIP_BYTES)


def _jpeg_size(start: bytes) -> tuple[int, int] | None:
    """Width and height by the header of a JPEG that Pillow can read."""
    if not start.startswith(_JPEG_START):
        return None
    try:
        with Image.open(BytesIO(start), formats=["JPEG"]) as im:
            return im.size
    except DECODER_ERRORS:  # sensor values, packed without loss, are JPEGs too
        return None


def _directories(data: bytes) -> Iterator[_Directory]:
    """The directories of a TIFF, those below others (`SubIFDs`) included."""
    order = _byte_order(data)
    if data[2:4] not in (b"*\0", b"\0*"):
        return  # a BigTIFF
    seen: set[int] = set()
    ahead = deque([int.from_bytes(data[4:8], _ENDIAN[order])])
    while ahead and len(seen) < _MOST_DIRECTORIES:
        at = ahead.popleft()
        if at in seen or not 8 <= at <= len(data) - 2:
            continue
        seen.add(at)
        (count,) = struct.unpack_from(order + "H", data, at)
        entries = data[at + 2 : at + 2 + count * _ENTRY_BYTES]
        if count > _MOST_ENTRIES or len(entries) < count * _ENTRY_BYTES:
            continue
        tags = {
            tag: values
            for tag, *entry in struct.iter_unpack(order + "HHI4s", entries)
            if tag in _TAGS and (values := _values(data, order, *entry))
        }
        yield _Directory(at, tags)
        end = at + 2 + len(entries)
        ahead.append(int.from_bytes(data[end : end + 4], _ENDIAN[order]))
        ahead.extend(tags.get(_SUB_DIRECTORIES, ()))


def _values(
    data: bytes, order: str, type_: int, length: int, value: bytes
) -> tuple[int, ...]:
    """The numbers of an entry; none where there are too many or no whole numbers."""
    if type_ not in _NUMBERS or length > _MOST_VALUES:
        return ()
    spelling = f"{order}{length}{_NUMBERS[type_]}"
    at = int.from_bytes(value, _ENDIAN[order])
    size = struct.calcsize(spelling)
    content = value[:size] if size <= len(value) else data[at : at + size]
    return struct.unpack(spelling, content) if len(content) == size else ()


def _byte_order(data: bytes) -> str:
    return "<" if data[:2] == b"II" else ">"
