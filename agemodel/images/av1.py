"""The boxes of an AVIF file, and the size that the AV1 streams in it state.

Its container states a size, and the AV1 stream inside another, which the decoder
believes: 700 bytes that claim 64 x 64 may cost a gigabyte. So the streams' own headers
are looked at first. Layouts: ISO/IEC 14496-12 (boxes), AV1 bitstream specification,
sections 5.3 and 5.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_CONTAINERS = b"meta moov trak mdia minf stbl iprp".split()
_MOST_PLACES = 1_000
"""Items or chunks whose headers are read; grids of tiles have fewer."""
_MOST_UNITS = 8
_SEQUENCE_HEADER = 1


def stated_pixels(data: bytes) -> int:
    """The most pixels that the header of a stream states; 0 where none is found."""
    most = 0
    for place, _ in zip(_places(data), range(_MOST_PLACES), strict=False):
        try:
            most = max(most, _pixels_at(data, place))
        except (IndexError, struct.error, ValueError):
            continue
    return most


def _places(data: bytes) -> Iterator[int]:
    """Offsets of the streams, from the tables of the container."""
    idat = next((start for kind, start, _ in boxes(data) if kind == b"idat"), 0)
    for kind, start, end in boxes(data):
        try:
            if kind == b"iloc":
                yield from _item_places(data[start:end], idat)
            elif kind in (b"stco", b"co64"):
                size = 8 if kind == b"co64" else 4
                at = start + 8
                yield int.from_bytes(data[at : at + size], "big")
        except (IndexError, struct.error):
            continue


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of every box, nested ones included."""
    spans = [(0, len(data))]
    while spans:
        at, end = spans.pop()
        for _ in range(_MOST_PLACES):
            if at + 8 > end:
                break
            size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
            head = 16 if size == 1 else 8
            if size == 1:
                size = int.from_bytes(data[at + 8 : at + 16], "big")
            stop = min(at + (size or end - at), end)
            if stop < at + head:
                break
            yield kind, at + head, stop
            if kind in _CONTAINERS:  # meta alone has a version and flags first
                spans.append((at + head + (4 if kind == b"meta" else 0), stop))
            at = stop


def _item_places(iloc: bytes, idat: int) -> Iterator[int]:
    """First byte of every item (ISO/IEC 14496-12, 8.11.3)."""
    version = iloc[0]
    offset_size, length_size = iloc[4] >> 4, iloc[4] & 15
    base_size, index_size = iloc[5] >> 4, iloc[5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    count, at = int.from_bytes(iloc[6 : 6 + wide], "big"), 6 + wide
    for _ in range(min(count, _MOST_PLACES)):
        at += wide
        method = iloc[at + 1] & 15 if version else 0
        at += (2 if version else 0) + 2
        base = int.from_bytes(iloc[at : at + base_size], "big")
        at += base_size
        extents = struct.unpack_from(">H", iloc, at)[0]
        at += 2
        first = iloc[at + index_size : at + index_size + offset_size]
        at += extents * (index_size + offset_size + length_size)
        yield base + int.from_bytes(first, "big") + (idat if method == 1 else 0)


def _pixels_at(data: bytes, at: int) -> int:
    """Pixels stated by the first sequence header at or after this offset."""
    for _ in range(_MOST_UNITS):
        header = data[at]
        at += 2 if header & 4 else 1
        size = len(data) - at
        if header & 2:
            size, at = _leb128(data, at)
        if header >> 3 & 15 == _SEQUENCE_HEADER:
            return _sequence_pixels(_Bits(data[at : at + min(size, 1_024)]))
        at += size
    return 0


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = data[at + index]
        value |= (byte & 127) << 7 * index
        if not byte & 128:
            return value, at + index + 1
    raise ValueError("no number")


class _Bits:
    """Reads numbers bit by bit."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), len(data) * 8

    def read(self, count: int) -> int:
        """The next `count` bits as a number.

        Raises:
            IndexError: there are fewer.
        """
        self._left -= count
        if self._left < 0:
            raise IndexError("no more bits")
        return self._value >> self._left & ((1 << count) - 1)


def _sequence_pixels(bits: _Bits) -> int:
    """Largest width times largest height (AV1, 5.5.1)."""
    bits.read(4)  # profile, still picture
    if bits.read(1):  # reduced header
        bits.read(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    return (bits.read(width_bits) + 1) * (bits.read(height_bits) + 1)


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    if bits.read(1):  # timing
        bits.read(64)
        if bits.read(1):
            _skip_uvlc(bits)
        if bits.read(1):  # decoder model
            delay_bits = bits.read(5) + 1
            bits.read(42)
    has_display_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)
        if bits.read(5) > 7:
            bits.read(1)
        if delay_bits and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if has_display_delay and bits.read(1):
            bits.read(4)


def _skip_uvlc(bits: _Bits) -> None:
    zeros = 0
    while not bits.read(1):
        zeros += 1
    bits.read(zeros)
