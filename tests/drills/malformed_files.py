"""Damaged files, made of real photos by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from tests.harness.made_pictures import Made, every_make

HEADER_BYTES = 600
_EXTREMES = (0, 1, 2, 127, 128, 255, 256, 32_767, 65_535, 65_536, 2**31 - 1, 2**32 - 1)
_SUFFIXES = (".jpg", ".png", ".webp", ".heic", ".avif", ".gif", ".bmp", ".tif", ".txt")
_MAGICS = (
    *(b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"GIF89a"),
    *(b"BM", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"II+\0\x08\0\0\0", b"GIF87a"),
    *(b"RIFF\xff\0\0\0WEBPVP8 ", b"RIFF\xff\0\0\0WEBPVP8L", b"RIFF\xff\0\0\0WEBPVP8X"),
    *(b"\0\0\0\x1cftypheic", b"\0\0\0\x1cftypavif", b"\0\0\0\x1cftypmif1avif"),
    *(b"\0\0\x01\0\x01\0", b"8BPS\0\x01", b"\0\0\0\x0cjP  \r\n\x87\n", b"%PDF-1.7\n"),
)
_WRAPPINGS = {
    "pdf": (b"%PDF-1.7\n1 0 obj <<>> stream\n", b"\nendstream endobj\n%%EOF"),
    "zip": (b"PK\x03\x04\x14\0\0\0\0\0", b"PK\x05\x06" + bytes(18)),
    "html": (b"<html><script>alert(1)</script><!--", b"--></html>"),
    "script": (b"#!/bin/sh\nexit 0\n", b"\n"),
    "elf": (b"\x7fELF\x02\x01\x01", b""),
}

Damage = Callable[[random.Random, bytes, bytes], bytes]


def damaged(count: int, seed: int = 0) -> Iterator[Made]:
    """So many damaged files; every damage meets every make, over and over.

    The same count and seed give the same files.
    """
    whole = every_make()
    names = list(DAMAGES)
    dice = random.Random(seed)
    for number in range(count):
        round_, place = divmod(number, len(whole))
        picture, name = whole[place], names[(round_ + place) % len(names)]
        data = DAMAGES[name](dice, picture.data, dice.choice(whole).data)
        title, _, suffix = picture.name.rpartition(".")
        suffix = dice.choice(_SUFFIXES) if name == "wrong-ending" else f".{suffix}"
        yield Made(f"{number:05d}-{title}-{name}{suffix}", data)


def _flips(within: int | None = None) -> Damage:
    """Bits flipped, all in the first bytes or anywhere."""

    def damage(dice: random.Random, data: bytes, other: bytes) -> bytes:
        changed = bytearray(data)
        end = min(within or len(changed), len(changed))
        for _ in range(dice.choice((1, 1, 2, 4, 16, 64))):
            changed[dice.randrange(end)] ^= 1 << dice.randrange(8)
        return bytes(changed)

    return damage


def _cut(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: dice.randrange(len(data))]


def _cut_early(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: dice.randrange(min(HEADER_BYTES, len(data)))]


def _splice(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return _cut(dice, data, other) + other[dice.randrange(len(other)) :]


def _span(dice: random.Random, data: bytes) -> tuple[bytes, bytes, bytes]:
    """What is before, in and behind a part of the data."""
    start = dice.randrange(len(data))
    end = start + dice.choice((1, 4, 16, 256, 4_096))
    return data[:start], data[start:end], data[end:]


def _repeat(dice: random.Random, data: bytes, other: bytes) -> bytes:
    before, part, behind = _span(dice, data)
    return before + part * dice.choice((2, 3, 100)) + behind


def _remove(dice: random.Random, data: bytes, other: bytes) -> bytes:
    before, _, behind = _span(dice, data)
    return before + behind


def _blank(dice: random.Random, data: bytes, other: bytes) -> bytes:
    before, part, behind = _span(dice, data)
    return before + dice.choice((b"\0", b"\xff")) * len(part) + behind


def _insert(dice: random.Random, data: bytes, other: bytes) -> bytes:
    part = _span(dice, other)[1]
    at = dice.randrange(len(data))
    return data[:at] + part + data[at:]


def _lie(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Write extreme numbers over a header: sizes, lengths, counts, offsets."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 3))):
        size = dice.choice((1, 2, 4))
        value = dice.choice(_EXTREMES) & ((1 << 8 * size) - 1)
        at = dice.randrange(min(HEADER_BYTES, len(changed)))
        changed[at : at + size] = value.to_bytes(size, dice.choice(("big", "little")))
    return bytes(changed)


def _junk(dice: random.Random, data: bytes, other: bytes) -> bytes:
    return dice.choice(_MAGICS) + dice.randbytes(dice.choice((0, 10, 500, 20_000)))


def _text(dice: random.Random, data: bytes, other: bytes) -> bytes:
    lines = (b"", b"\n", b"Dear diary\n", "Grüße\n".encode(), b"<svg/>", b"\0" * 9)
    return dice.choice(lines) * dice.choice((0, 1, 9, 999))


def _wrap(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Two kinds of file in one: a document before, behind or around a picture."""
    head, tail = dice.choice(list(_WRAPPINGS.values()))
    first, last = dice.choice(((head, tail), (b"", head + tail), (head, b"")))
    return first + data + last


DAMAGES: dict[str, Damage] = {
    "flips": _flips(),
    "header-flips": _flips(HEADER_BYTES),
    "lying-header": _lie,
    "cut": _cut,
    "cut-early": _cut_early,
    "spliced": _splice,
    "repeated": _repeat,
    "removed": _remove,
    "blanked": _blank,
    "inserted": _insert,
    "junk": _junk,
    "text": _text,
    "polyglot": _wrap,
    "joined": lambda dice, data, other: data + other,
    "wrong-ending": lambda dice, data, other: data,
    "header-lies-again": _lie,
    "header-flips-again": _flips(HEADER_BYTES),
}
"""Names of damages; headers, where most goes wrong, have their turn more often."""
