"""Tiny pictures, and the files they are stored in, for tests of the reader."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

ORIENTATION_TAG = 0x0112

RED, GREEN, BLUE, GREY = (200, 30, 30), (30, 200, 30), (30, 30, 200), (120, 120, 120)


def quadrants() -> np.ndarray:
    """Shape (48, 64, 3): red, green / blue, grey; equal to none of its turns."""
    rgb = np.empty((48, 64, 3), np.uint8)
    rgb[:24, :32], rgb[:24, 32:] = RED, GREEN
    rgb[24:, :32], rgb[24:, 32:] = BLUE, GREY
    return rgb


def flat(mode: str, value: Any, size: tuple[int, int] = (16, 16)) -> Image.Image:
    """A picture of one value."""
    return Image.new(mode, size, value)


def file_of(
    picture: Image.Image | np.ndarray, pillow_format: str, **options: Any
) -> bytes:
    """The bytes of a file that holds `picture`."""
    if pillow_format == "HEIF":
        pillow_heif.register_heif_opener()
    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture)
    buffer = BytesIO()
    picture.save(buffer, pillow_format, **options)
    return buffer.getvalue()


def exif_with(orientation: int) -> Image.Exif:
    """EXIF that holds an orientation and a camera's name."""
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    exif[0x010F] = "Secret camera"
    return exif


def as_stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """The rows that a camera stores for `upright`, from the EXIF 2.3 table.

    Orientation names where the first stored row and column lie in the upright picture:
    1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top,
    7 right bottom, 8 left bottom.
    """
    if orientation >= 5:  # the first stored row is a column of the upright picture
        return as_stored(upright.swapaxes(0, 1), {5: 1, 6: 4, 7: 3, 8: 2}[orientation])
    rows = slice(None, None, -1 if orientation in (3, 4) else 1)
    columns = slice(None, None, -1 if orientation in (2, 3) else 1)
    return np.ascontiguousarray(upright[rows, columns])


def png_of(
    width: int, height: int, bit_depth: int, colour_type: int, rows: bytes
) -> bytes:
    """A PNG whose header says whatever it is told; `rows` lack their filter bytes."""
    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, 0)
    stride = max(1, len(rows) // max(1, height))
    lines = (b"\0" + rows[at : at + stride] for at in range(0, len(rows), stride))
    return png_file(header, png_chunk(b"IDAT", zlib.compress(b"".join(lines))))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length and checksum."""
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum


def png_file(header: bytes, chunks: bytes) -> bytes:
    """A PNG of a header's body and whole chunks."""
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    return start + chunks + png_chunk(b"IEND", b"")


def flat_jpeg(
    width: int, height: int, *, scans: str = "interleaved", extra_scans: int = 0
) -> bytes:
    """A real JPEG of mid-grey in 4:4:4 whose coefficients are all zero.

    Its Huffman tables have one code, "0", for "no difference" and for "end of block",
    so that a block costs one or two bits: 108 megapixels fit into 1.3 MB.

    Args:
        width: in px.
        height: in px.
        scans: "interleaved", "separate" (a scan a channel) or "progressive".
        extra_scans: more scans of the first channel, for "progressive".
    """
    blocks = -(-width // 8) * -(-height // 8)
    channels = b"".join(bytes([channel, 0x11, 0]) for channel in (1, 2, 3))
    start_of_frame = 0xC2 if scans == "progressive" else 0xC0
    all_channels = bytes([3, 1, 0, 2, 0, 3, 0])
    data = b"\xff\xd8" + jpeg_segment(0xDB, bytes([0]) + bytes([1]) * 64)
    frame = struct.pack(">BHHB", 8, height, width, 3) + channels
    data += jpeg_segment(start_of_frame, frame)
    for table in (0x00, 0x10):
        data += jpeg_segment(0xC4, bytes([table, 1] + [0] * 15 + [0]))
    if scans == "interleaved":
        data += jpeg_segment(0xDA, all_channels + bytes([0, 63, 0]))
        data += bytes(blocks * 6 // 8 + 1)
    elif scans == "separate":
        for channel in (1, 2, 3):
            data += jpeg_segment(0xDA, bytes([1, channel, 0, 0, 63, 0]))
            data += bytes(blocks * 2 // 8 + 1)
    else:
        data += jpeg_segment(0xDA, all_channels + bytes([0, 0, 0]))
        data += bytes(blocks * 3 // 8 + 1)
        scan = jpeg_segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + bytes(blocks // 8 + 1)
        data += scan * extra_scans
    return data + b"\xff\xd9"


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """A part of a JPEG, with its marker and length."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def tiff_with_tile(side_px: int) -> bytes:
    """A TIFF of 16 x 16 grey pixels that claims one deflated tile of `side_px`."""
    body = zlib.compress(bytes(1000))
    tags = {256: 16, 257: 16, 258: 8, 259: 8, 262: 1, 277: 1, 322: side_px}
    tags |= {323: side_px, 324: 8 + 2 + 12 * 10 + 4, 325: len(body)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, v) for tag, v in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + body


def srgb_profile() -> bytes:
    """The sRGB profile that Pillow makes."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """sRGB with the red and the blue primary exchanged: it calls red blue."""
    return (
        srgb_profile()
        .replace(b"rXYZ", b"tXYZ", 1)
        .replace(b"bXYZ", b"rXYZ", 1)
        .replace(b"tXYZ", b"bXYZ", 1)
    )


def linear_grey_profile() -> bytes:
    """A grey profile with gamma 1."""
    gamma_1 = b"curv" + bytes(4) + struct.pack(">IHH", 1, 256, 0)  # 256 / 256
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": gamma_1})


def black_only_cmyk_profile() -> bytes:
    """A CMYK profile whose cyan, magenta and yellow inks are invisible."""
    identity = struct.pack(">9i", *(65536 * on for on in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    # K runs fastest; 8-bit Lab: L 255 is white, a and b 128 are neutral
    nodes = bytes([255, 128, 128, 0, 128, 128]) * 8
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity
    lut += bytes(range(256)) * 4 + nodes + bytes(range(256)) * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})


def _profile(
    device: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]
) -> bytes:
    """An ICC profile, version 2.4; see ICC.1:2001-04, sections 6.1 and 6.2."""
    d50 = struct.pack(">3i", 63190, 65536, 54061)  # 0.9642, 1, 0.8249 in 16.16
    tags = tags | {b"wtpt": b"XYZ " + bytes(4) + d50}
    at = 128 + 4 + 12 * len(tags)
    table, bodies = struct.pack(">I", len(tags)), b""
    for signature, body in tags.items():
        body += bytes(-len(body) % 4)
        table += struct.pack(">4sII", signature, at + len(bodies), len(body))
        bodies += body
    header = struct.pack(
        ">II I 4s4s4s 12x 4s 28x 12s 48x",
        *(at + len(bodies), 0, 0x02400000, device, space, connection, b"acsp", d50),
    )
    return header + table + bodies


def tiff_of(*directories: dict[int, Any], order: str = "<", mark: bytes = b"") -> bytes:
    """A TIFF of directories; the first is the main one.

    Args:
        directories: values by tag: whole numbers are LONG, lists of them, too, and
            bytes lie elsewhere in the file, where the entry points: for `StripOffsets`
            (273) and `JPEGInterchangeFormat` (513). Tag 330 (`SubIFDs`) has the
            numbers of directories; one that is in none's follows the first.
        order: byte order, as `struct` spells it.
        mark: bytes behind the header, as CR2 files have them.
    """
    blocks, start = [], 8 + len(mark)
    sizes = [2 + 12 * len(tags) + 4 for tags in directories]
    at = [start + sum(sizes[:number]) for number in range(len(sizes))]
    end = start + sum(sizes)
    below = {number for tags in directories for number in tags.get(330, ())}
    chain = [number for number in range(len(directories)) if number not in below]
    following = dict(pairwise(chain))
    content = b""
    for number, tags in enumerate(directories):
        entries = b""
        for tag, value in sorted(tags.items()):
            if tag == 330:
                value = [at[one] for one in value]
            if isinstance(value, bytes):
                place, content = end + len(content), content + value
                value = place
            values = value if isinstance(value, list) else [value]
            packed = struct.pack(f"{order}{len(values)}I", *values)
            if len(values) > 1:
                place = end + len(content)
                packed, content = struct.pack(f"{order}I", place), content + packed
            entries += struct.pack(f"{order}HHI", tag, 4, len(values)) + packed
        then = at[following[number]] if number in following else 0
        count = struct.pack(f"{order}H", len(tags))
        blocks.append(count + entries + struct.pack(f"{order}I", then))
    header = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, start)
    return header + mark + b"".join(blocks) + content


def rgb_directory(rgb: np.ndarray) -> dict[int, Any]:
    """A directory of uncompressed RGB in one strip; see `tiff_of`."""
    tags = {256: rgb.shape[1], 257: rgb.shape[0], 258: 8, 259: 1, 262: 2, 277: 3}
    return tags | {273: rgb.tobytes(), 278: rgb.shape[0], 279: rgb.size}


def sensor_directory() -> dict[int, Any]:
    """A directory of a sensor's values behind a colour filter, 600 x 400 px of 0."""
    tags = {254: 0, 256: 600, 257: 400, 258: 16, 259: 1, 262: 32803, 277: 1}
    return tags | {273: bytes(64), 278: 400, 279: 64}
