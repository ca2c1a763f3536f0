"""Small files that claim, or hold, far too much."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from PIL import Image

from tests.harness.made_pictures import (
    MAKES,
    Made,
    Make,
    png_chunk,
    png_file,
    portrait,
    stored,
)
from tests.harness.pictures import flat_jpeg, tiff_with_tile

MEGAPIXELS = (100, 400, 900)
PHONE_SIZE = (12_000, 9_000)
_CRUMBS = 1_000_000


def bombs() -> Iterator[Made]:
    """Pictures of 100 to 900 megapixels, whole or in their headers alone."""
    for millions in MEGAPIXELS:
        side = int((millions * 1_000_000) ** 0.5)
        yield Made(f"{millions}-mp-whole.png", _png_bomb(side))
        yield Made(f"{millions}-mp-whole.tif", _tiff_bomb(side))
        yield Made(f"{millions}-mp-whole.ico", _ico(_png_bomb(side)))
        yield Made(f"{millions}-mp.gif", _with_size(MAKES["gif"], "<HH", side))
        yield Made(f"{millions}-mp.bmp", _with_size(MAKES["bmp"], "<ii", side))
        yield Made(f"{millions}-mp.heic", _with_size(MAKES["heic"], ">II", side))
        yield Made(f"{millions}-mp.avif", _with_size(MAKES["avif"], ">II", side))
    yield Made("268-mp.webp", _with_canvas(16_384))
    yield Made("4290-mp.jpg", _with_size(MAKES["jpeg-baseline"], ">HH", 65_500))
    yield Made("tile-of-1600-mp.tif", tiff_with_tile(40_000))
    yield Made("64-mp-in-a-frame-of-64-px.avif", _lying_stream(8_000))
    yield Made("50-mp-of-coefficients.jpg", flat_jpeg(7_072, 7_072, scans="separate"))


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
    for name, make in (("png", MAKES["png"]), ("webp", MAKES["webp-lossless"])):
        exif = b"Exif\0\0" + _tags(5_000, 60_000)
        yield Made(f"heavy-exif.{name}", stored(portrait(), make, exif=exif))
    for size in ((1, 65_000), (65_000, 1), (3, 60_000)):
        data = stored(Image.new("RGB", size), MAKES["png"])
        yield Made(f"strip-{size[0]}-x-{size[1]}.png", data)


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
        "heavy-exif": _segment(0xE1, b"Exif\0\0" + _tags(4_500, 60_000)),
        "heavy-xmp": _segment(0xE1, xmp) * 99,
        "heavy-profile": b"".join(
            _segment(0xE2, b"ICC_PROFILE\0" + bytes([part, 255]) + bytes(65_000))
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
    yield Made("many-directories.tif", _directories(50_000))
    yield Made("big-count.tif", b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**63))


def _png_bomb(side_px: int) -> bytes:
    """A whole picture of one bit a pixel."""
    packer, row = zlib.compressobj(), bytes(1 + -(-side_px // 8))
    packed = b"".join(packer.compress(row) for _ in range(side_px)) + packer.flush()
    header = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    return png_file(header, png_chunk(b"IDAT", packed))


def _tiff_bomb(side_px: int) -> bytes:
    body = zlib.compress(bytes(side_px // 8 * side_px))
    tags = {256: side_px, 257: side_px, 258: 1, 259: 8, 262: 1, 277: 1, 278: side_px}
    return _tiff(tags | {273: 0, 279: len(body)}, body)


def _tiff(tags: dict[int, int], body: bytes) -> bytes:
    """A TIFF of one number an entry; a strip offset of 0 becomes where `body` is."""
    at = 8 + 2 + 12 * len(tags) + 4
    values = {tag: value or at for tag, value in sorted(tags.items())}
    entries = b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in values.items())
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + entries + bytes(4) + body


def _ico(png: bytes) -> bytes:
    entry = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(png), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + png


def _with_size(make: Make, layout: str, side_px: int) -> bytes:
    """A small file of a make whose header claims a square of another side."""
    picture = portrait()
    size = picture.size if layout != ">HH" else picture.size[::-1]
    field = struct.pack(layout, *size)
    data = stored(picture, make)
    at = data.index(field)
    return data[:at] + struct.pack(layout, side_px, side_px) + data[at + len(field) :]


def _with_canvas(side_px: int) -> bytes:
    data = bytearray(_frames("WEBP", "RGB", 2))
    data[24:30] = (side_px - 1).to_bytes(3, "little") * 2
    return bytes(data)


def _lying_stream(side_px: int) -> bytes:
    """An AVIF whose container claims 64 x 64 of a picture that is far larger."""
    make = Make(".avif", "AVIF", "L", (("speed", 10), ("quality", 1)))
    data = stored(Image.new("L", (side_px, side_px)), make)
    true, claimed = struct.pack(">II", side_px, side_px), struct.pack(">II", 64, 64)
    return data.replace(true, claimed)


def _frames(pillow_format: str, mode: str, count: int) -> bytes:
    frames = [Image.new(mode, (8, 8), index % 250) for index in range(count)]
    buffer = BytesIO()
    options: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    frames[0].save(buffer, pillow_format, **options)
    return buffer.getvalue()


def _run_length_bmp(side_px: int) -> bytes:
    """Runs of one pixel, as far as they reach."""
    runs = (b"\x01\x07" * side_px + b"\0\0") * min(side_px, 1_500)
    header = struct.pack("<IiiHHII", 40, side_px, side_px, 1, 8, 1, len(runs))
    header += struct.pack("<iiII", 0, 0, 256, 0) + bytes(range(256)) * 4
    start = struct.pack("<HIHHI", 0x4D42, 14 + len(header), 0, 0, 14 + len(header))
    return start + header + runs


def _segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


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
    values |= {273: (count, at), 279: (count, at)}
    entries = [struct.pack("<HHII", t, 4, *values[t]) for t in sorted(values)]
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries)
    return head + bytes(4) + struct.pack("<I", at) * min(count, 200_000)


def _directories(count: int) -> bytes:
    """So many directories, each of one entry, one after the other."""
    entry = struct.pack("<HHII", 256, 4, 1, 16)
    size = 2 + len(entry) + 4
    parts = (
        struct.pack("<H", 1) + entry + struct.pack("<I", 8 + size * (index + 1))
        for index in range(count)
    )
    return b"II*\0" + struct.pack("<I", 8) + b"".join(parts)


GROUPS: dict[str, Callable[[], Iterator[Made]]] = {
    "bombs": bombs,
    "slow": slow_ones,
    "large": large_ones,
}
