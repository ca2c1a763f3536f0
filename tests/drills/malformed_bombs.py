"""Small files that claim, or hold, far too much."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.harness.made_pictures import MAKES, Made, Make, portrait, stored
from tests.harness.pictures import (
    file_of,
    flat,
    flat_jpeg,
    jpeg_segment,
    png_chunk,
    png_file,
)

MEGAPIXELS = (100, 400, 900)
PHONE_SIZE = (12_000, 9_000)
_CRUMBS = 1_000_000


def bombs() -> Iterator[Made]:
    """Pictures of 100 to 900 megapixels, whole or in their headers alone."""
    for millions in MEGAPIXELS:
        side = int((millions * 1_000_000) ** 0.5)
        yield Made(f"{millions}-mp-whole.png", _png_bomb(side))
        yield Made(f"{millions}-mp-whole.tif", _tiff_bomb(side))
        yield Made(f"{millions}-mp.gif", _with_size(MAKES["gif"], "<HH", side))
        yield Made(f"{millions}-mp.bmp", _with_size(MAKES["bmp"], "<ii", side))
        yield Made(f"{millions}-mp.heic", _with_size(MAKES["heic"], ">II", side))
        yield Made(f"{millions}-mp.avif", _with_size(MAKES["avif"], ">II", side))
    yield Made("4290-mp.jpg", _with_size(MAKES["jpeg-baseline"], ">HH", 65_500))


def slow_ones() -> Iterator[Made]:
    """What keeps a reader busy: crumbs, loops, metadata and frames without end."""
    yield from _slow_pngs()
    yield from _slow_jpegs()
    yield from _slow_tiffs()
    yield Made(
        "crumbs-of-comment.gif", b"GIF89a\x08\0\x08\0\0\0\0!\xfe" + b"\1." * _CRUMBS
    )
    yield Made("two-thousand-frames.gif", _frames("GIF", "P", 2_000))
    yield Made("two-hundred-frames.webp", _frames("WEBP", "RGB", 200))
    yield Made("many-frames.webp", _frames("WEBP", "RGB", 2) + b"ANMF" * 20_000)
    yield Made("runs-of-one.bmp", _run_length_bmp(1_500))
    yield Made("long-runs.bmp", _run_length_bmp(6_000))
    wide = Image.new("P", (65_535, 700))
    yield Made("wide.gif", stored(wide, MAKES["gif"]))


def phone_photo() -> Made:
    """A JPEG of 108 megapixels."""
    return Made("108-mp-phone.jpg", flat_jpeg(*PHONE_SIZE))


def large_ones() -> Iterator[Made]:
    """Honest pictures near the caps."""
    yield phone_photo()
    picture = portrait().resize((6_000, 4_000))
    for name in ("png", "tiff-lzw", "jpeg-progressive", "gif", "bmp"):
        make = MAKES[name]
        data = stored(picture, make)
        yield Made(f"24-mp-{name}{make.suffix}", data)
    small = portrait().resize((4_000, 3_000))
    for name in ("webp-lossy", "avif"):
        yield Made(f"12-mp-{name}{MAKES[name].suffix}", stored(small, MAKES[name]))


def _slow_pngs() -> Iterator[Made]:
    header = struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0)
    rows = png_chunk(b"IDAT", zlib.compress(bytes(17 * 16)))
    bomb = zlib.compress(bytes(100_000_000))
    texts = {
        "zTXt": b"Comment\0\0" + bomb,
        "iTXt": b"XML:com.adobe.xmp\0\1\0\0\0" + bomb,
        "iCCP": b"icc\0\0" + bomb,
    }
    for kind, body in texts.items():
        data = png_file(header, png_chunk(kind.encode(), body) + rows)
        yield Made(f"100-mb-{kind}.png", data)
    many = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(900_000))) * 200
    yield Made("texts-of-180-mb.png", png_file(header, many + rows))
    crumbs = png_chunk(b"tEXt", b"a\0b") * _CRUMBS
    yield Made("crumbs-of-text.png", png_file(header, crumbs + rows))
    single = zlib.compress(random.Random(0).randbytes(17 * 16), 0)
    parts = b"".join(png_chunk(b"IDAT", bytes([byte])) for byte in single)
    yield Made("crumbs-of-pixels.png", png_file(header, parts))
    empty = png_chunk(b"IDAT", b"") * _CRUMBS
    yield Made("empty-pixels.png", png_file(header, empty + rows))


def _slow_jpegs() -> Iterator[Made]:
    whole = stored(portrait(), MAKES["jpeg-baseline"])
    start, rest = whole[:2], whole[2:]
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b"<" * 65_000
    segments = {
        "filler": b"\xff" * 10_000_000,
        "crumbs-of-comment": b"\xff\xfe\0\2" * _CRUMBS,
        "heavy-exif": jpeg_segment(0xE1, b"Exif\0\0" + _tags(4_500, 60_000)),
        "heavy-xmp": jpeg_segment(0xE1, xmp) * 99,
        "heavy-profile": b"".join(
            jpeg_segment(0xE2, b"ICC_PROFILE\0" + bytes([part, 255]) + bytes(65_000))
            for part in range(1, 256)
        ),
    }
    for name, segment in segments.items():
        yield Made(f"{name}.jpg", start + segment + rest)
    many = flat_jpeg(2_000, 2_000, scans="progressive", extra_scans=900)
    yield Made("nine-hundred-scans.jpg", many)


def _slow_tiffs() -> Iterator[Made]:
    whole = stored(portrait(), MAKES["tiff-raw"])
    yield Made("loop.tif", _pointing_to_itself(whole))
    for count in (200_000, 2**31 - 1, 2**32 - 1):
        yield Made(f"{count}-strips.tif", _with_strips(count))
    yield Made("heavy-tags.tif", _tags(6_000, 700_000))
    yield Made("big-count.tif", b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**63))


def _png_bomb(side_px: int) -> bytes:
    """A whole picture of one bit a pixel."""
    packer, row = zlib.compressobj(), bytes(1 + -(-side_px // 8))
    packed = b"".join(packer.compress(row) for _ in range(side_px)) + packer.flush()
    header = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    return png_file(header, png_chunk(b"IDAT", packed))


def _tiff_bomb(side_px: int) -> bytes:
    body = zlib.compress(bytes(side_px // 8 * side_px))
    tags = {256: side_px, 257: side_px, 258: 1, 259: 8, 262: 1, 277: 1}
    tags |= {273: 8 + 2 + 12 * 9 + 4, 278: side_px, 279: len(body)}
    return _tiff({tag: (1, value) for tag, value in tags.items()}) + body


def _tiff(tags: dict[int, tuple[int, int]]) -> bytes:
    """A TIFF's head; an entry has a count, and its number or where they lie."""
    entries = [struct.pack("<HHII", tag, 4, *tags[tag]) for tag in sorted(tags)]
    head = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return head + b"".join(entries) + bytes(4)


def _with_size(make: Make, layout: str, side_px: int) -> bytes:
    """A small file of a make whose header claims a square of another side."""
    picture = portrait()
    size = picture.size if layout != ">HH" else picture.size[::-1]
    field = struct.pack(layout, *size)
    data = stored(picture, make)
    at = data.index(field)
    return data[:at] + struct.pack(layout, side_px, side_px) + data[at + len(field) :]


def _frames(pillow_format: str, mode: str, count: int) -> bytes:
    first, *others = (flat(mode, n % 250, (8, 8)) for n in range(count))
    return file_of(first, pillow_format, save_all=True, append_images=others)


def _run_length_bmp(side_px: int) -> bytes:
    """Runs of one pixel, as far as they reach."""
    runs = (b"\x01\x07" * side_px + b"\0\0") * min(side_px, 1_500)
    header = struct.pack("<IiiHHII", 40, side_px, side_px, 1, 8, 1, len(runs))
    header += struct.pack("<iiII", 0, 0, 256, 0) + bytes(range(256)) * 4
    start = struct.pack("<HIHHI", 0x4D42, 14 + len(header), 0, 0, 14 + len(header))
    return start + header + runs


def _tags(count: int, size: int) -> bytes:
    """A directory of so many entries, which all claim the same bytes."""
    entries = b"".join(
        struct.pack("<HHII", 1_000 + tag, 7, size, 8) for tag in range(count)
    )
    head = b"II*\0" + struct.pack("<IH", 8, count)
    return (head + entries + bytes(4)).ljust(size + 8, b"\0")


def _pointing_to_itself(tiff: bytes) -> bytes:
    """The same TIFF, whose last directory is followed by its first."""
    (at,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, at)
    end = at + 2 + 12 * count
    return tiff[:end] + tiff[4:8] + tiff[end + 4 :]


def _with_strips(count: int) -> bytes:
    tags = {256: 1, 257: count & 0x7FFFFFFF, 258: 8, 259: 1, 262: 1, 277: 1, 278: 1}
    at = 8 + 2 + 12 * (len(tags) + 2) + 4
    values = {tag: (1, value) for tag, value in tags.items()}
    head = _tiff(values | {273: (count, at), 279: (count, at)})
    return head + struct.pack("<I", at) * min(count, 200_000)
