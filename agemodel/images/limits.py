"""Limits on pictures: checks of the header, and the memory that decoding may take.

Decoders hold a picture in very different ways: WebP twice as a canvas and twice more on
the way to Pillow, a progressive JPEG as coefficients, a TIFF a whole strip at a time.
So each kind has its own number of bytes a pixel, and the cap on pixels falls in step
where that number is high. The same estimate queues large pictures, so that many threads
together take no more memory than one.
"""

from __future__ import annotations

import contextlib
import struct
import threading
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageFile, TiffImagePlugin

from agemodel.core.caps import caps
from agemodel.core.errors import ImageError
from agemodel.images.av1 import stated_pixels

MAX_READS = 1_000_000
"""Pieces in which a file is read: chunks, markers, blocks, runs. A PNG of 100 MB has
50,000; what consists of crumbs would keep Pillow's loops busy for minutes."""
MAX_SCANNED_PIXELS = 1_000_000_000
"""Pixels times scans of a progressive JPEG: each of its scans, ten as a rule, is a pass
over the whole picture."""
MAX_TIFF_VALUES = 100_000
"""Values of one entry of a TIFF's directory: a strip or a tile has two."""
MAX_FRAMES = 10_000
"""Frames of an animated WebP, which are all listed before the first is decoded."""

_FULL_CAP_BYTES = 7.5
"""Bytes a pixel, the file included, up to which a kind has the whole cap."""
_BYTES_PER_PIXEL = {"PNG": 4.5, "GIF": 4.5, "BMP": 4.5, "WebP": 18.0, "AVIF": 18.0}
_PLAIN_HEIC_BYTES, _RICH_HEIC_BYTES = 7.0, 16.0
_RUN_LENGTH_BMP_BYTES = 70.0
"""Pillow unpacks these in Python, a run at a time: a matter of time, not of memory."""

_TILE_WIDTH_TAG, _TILE_LENGTH_TAG, _ROWS_PER_STRIP_TAG = 322, 323, 278
_BITS_PER_SAMPLE_TAG, _SAMPLES_TAG, _ORIENTATION_TAG = 258, 277, 274
_TIFF_TEXT_TYPES = (1, 2, 6, 7)
"""Bytes and texts, which stay as they are; other values become an object each."""


class TooManyPieces(OSError):
    """Raised when a file is read in too many pieces."""


class CountedFile(BytesIO):
    """A file in memory that may be read at most `MAX_READS` times."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._left = MAX_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise TooManyPieces
        return super().read(size)


def too_large(name: str, most: str, got: str) -> ImageError:
    """The error message for anything over a cap."""
    return ImageError(
        f"{name} is too large: expected at most {most}, got {got}. "
        "Save it smaller and try again."
    )


def check_unopened(data: bytes, kind: str, name: str) -> None:
    """Refuse what would cost too much to open, by an `ImageError`."""
    if kind == "TIFF" and (count := _most_tiff_values(data)) > MAX_TIFF_VALUES:
        most = f"{MAX_TIFF_VALUES:,} strips, tiles or other values"
        raise too_large(name, most, f"{count:,}")
    most_pixels = int(caps().pixels * _FULL_CAP_BYTES / _BYTES_PER_PIXEL["AVIF"])
    if kind == "AVIF" and (pixels := stated_pixels(data)) > most_pixels:
        got = f"a stream of {pixels // 1_000_000:,} megapixels"
        raise too_large(name, _megapixels(most_pixels, kind), got)
    if kind == "WebP" and (count := data.count(b"ANMF")) > MAX_FRAMES:
        raise too_large(name, f"{MAX_FRAMES:,} frames", f"{count:,}")


def check_opened(im: Image.Image, data: bytes, kind: str, name: str) -> None:
    """Refuse what would be too large to decode, by an `ImageError`."""
    width, height = im.size
    if width < 1 or height < 1:
        raise ImageError(
            f"{name} has no pixels: expected at least 1 x 1, got {width} x {height}."
        )
    if (tile_pixels := _tile_pixels(im)) > caps().pixels:
        got = f"a tile of {tile_pixels // 1_000_000:,}"
        raise too_large(name, _megapixels(caps().pixels, kind), got)
    most = _most_pixels(im, data, kind)
    if width * height > most:
        got = f"{width:,} x {height:,} pixels"
        raise too_large(name, _megapixels(most, kind), got)
    if kind == "JPEG" and "progressive" in im.info:
        scan_count = data.count(b"\xff\xda")
        most_scans = MAX_SCANNED_PIXELS // (width * height)
        if scan_count > most_scans:
            got = f"{scan_count:,}"
            raise too_large(name, f"{most_scans:,} scans at its size", got)


def _megapixels(most: int, kind: str) -> str:
    millions = most / 1_000_000
    amount = f"{int(millions):,} megapixels" if millions >= 1 else f"{most:,} pixels"
    return amount if most >= caps().pixels else f"{amount} in {kind} of this make"


def decoding_bytes(im: Image.Image, data: bytes, kind: str) -> float:
    """Roughly the memory for decoding a picture and making a `Photo` of it, bytes."""
    return im.width * im.height * _bytes_per_pixel(im, data, kind) + len(data)


def most_bytes() -> float:
    """The most memory for decoding, of one picture or all at a time, bytes."""
    return caps().pixels * _FULL_CAP_BYTES


def _most_pixels(im: Image.Image, data: bytes, kind: str) -> int:
    if kind == "JPEG" and is_read_in_one_pass(im, data):
        return caps().jpeg_pixels
    left_bytes = most_bytes() - len(data)
    return min(caps().pixels, int(left_bytes / _bytes_per_pixel(im, data, kind)))


def _bytes_per_pixel(im: Image.Image, data: bytes, kind: str) -> float:
    if kind == "JPEG":
        if is_read_in_one_pass(im, data):
            return 4.0 * min(1.0, caps().pixels / (im.width * im.height))
        return 1.5 + _coefficient_bytes(im)
    if kind == "HEIC":
        is_plain = im.mode != "RGBA" and im.info.get("bit_depth") == 8
        return _PLAIN_HEIC_BYTES if is_plain else _RICH_HEIC_BYTES
    if isinstance(im, TiffImagePlugin.TiffImageFile):
        return _tiff_bytes(im)
    if kind == "BMP" and _codec(im) == "bmp_rle":
        return _RUN_LENGTH_BMP_BYTES
    return _BYTES_PER_PIXEL[kind]


def _codec(im: Image.Image) -> str:
    tiles = im.tile if isinstance(im, ImageFile.ImageFile) else []
    return tiles[0][0] if tiles else ""


def _coefficient_bytes(im: Image.Image) -> float:
    """Bytes of a JPEG's coefficients where libjpeg holds them, two bytes each."""
    layers = getattr(im, "layer", ())  # (id, horizontal, vertical sampling, table)
    samples = [h * v for _, h, v, _ in layers]
    return 2.0 * sum(samples) / max([1, *samples])


def is_read_in_one_pass(im: Image.Image, data: bytes) -> bool:
    """Whether libjpeg need not hold the coefficients of the whole picture.

    It must for a progressive JPEG, and for one whose channels come one after the other;
    then a reduced decode saves nothing (1.2 GB for 200 MP).
    """
    at = 2  # behind the start-of-image marker: walk the segments up to the first scan
    for _ in range(MAX_READS):
        if data[at : at + 1] != b"\xff" or data[at + 1 : at + 2] == b"\xda":
            break
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    has_all_channels = data[at + 4 : at + 5] == bytes([len(im.getbands())])
    return has_all_channels and "progressive" not in im.info


def _tile_pixels(im: Image.Image) -> int:
    """Pixels of one tile of a TIFF: its header may claim more than the picture's."""
    if not isinstance(im, TiffImagePlugin.TiffImageFile):
        return 0
    return _number(im, _TILE_WIDTH_TAG, 0) * _number(im, _TILE_LENGTH_TAG, 0)


def _tiff_bytes(im: TiffImagePlugin.TiffImageFile) -> float:
    """Bytes a pixel of a TIFF: the picture, a turned copy, and a strip or tile."""
    bits = im.tag_v2.get(_BITS_PER_SAMPLE_TAG, 1)
    widest = max(bits) if isinstance(bits, tuple) else bits
    sample_bytes = widest / 8 * max(_number(im, _SAMPLES_TAG, 1), len(im.getbands()))
    strip = im.width * min(_number(im, _ROWS_PER_STRIP_TAG, im.height), im.height)
    share = max(strip, _tile_pixels(im)) / (im.width * im.height)
    turned = 4.0 if _number(im, _ORIENTATION_TAG, 1) > 1 else 0.0
    compressed = 0.0 if im.info.get("compression") == "raw" else sample_bytes * share
    wide = 1.5 if im.mode in ("I", "F") else 0.0
    return 4.5 + turned + wide + compressed


def _number(im: TiffImagePlugin.TiffImageFile, tag: int, default: int) -> int:
    value = im.tag_v2.get(tag, default)
    return value if isinstance(value, int) and value >= 0 else default


def _most_tiff_values(data: bytes) -> int:
    """The most values that an entry of a TIFF's first directory has."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = 43 in data[2:4]
    head, count, entry = (("Q", "Q", "HHQQ"), ("I", "H", "HHII"))[not is_big]
    try:
        (at,) = struct.unpack_from(order + head, data, 8 if is_big else 4)
        (length,) = struct.unpack_from(order + count, data, at)
    except (struct.error, OverflowError):
        return 0
    at += struct.calcsize(order + count)
    size = struct.calcsize(order + entry)
    entries = data[at : at + min(length, 65_535) * size]
    whole = entries[: len(entries) // size * size]
    return max(
        (
            values
            for _, type_, values, _ in struct.iter_unpack(order + entry, whole)
            if type_ not in _TIFF_TEXT_TYPES
        ),
        default=0,
    )


class Queue:
    """Lets threads decode together within a number of bytes."""

    def __init__(self) -> None:
        self._taken = 0.0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def place(self, bytes_: float, most: float) -> Iterator[None]:
        """Wait until `bytes_` fit beside what others use, or no other decodes."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._taken or self._taken + bytes_ <= most
            )
            self._taken += bytes_
        try:
            yield
        finally:
            with self._changed:
                self._taken -= bytes_
                self._changed.notify_all()
