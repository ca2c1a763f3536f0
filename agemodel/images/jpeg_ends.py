"""Of a JPEG that lacks its end marker: whether it lacks nothing else.

libjpeg fills up what is cut off and does not tell. But where a picture is whole, what
is written behind it changes no pixel. Markers: ITU-T T.81, annexes B and G.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = b"\xff\xd9"
_INTERVALS = [bytes([0xFF, 0xD0 + number]) for number in range(8)]
_BITS_BEHIND = (b"\0", b"\x55", b"\xaa", b"\xfe")
_BYTES_BEHIND = 64

_FRAMES = (0xC0, 0xC1, 0xC2)
_SCAN = 0xDA
_SCAN_START = re.compile(rb"\xff\xda")
_MOST_SEGMENTS = 10_000
_COEFFICIENTS = 64
_MOST_CHANNELS = 4


def ended_jpegs(data: bytes) -> Iterator[bytes]:
    """The file with an end marker, and with other bytes before that each time.

    They show the same picture where its last scan is whole. Nothing where scans are
    missing: a progressive JPEG has about ten, each of which adds to the picture.
    """
    if not _has_all_scans(data):
        return
    begin = data.removesuffix(_END[:1])
    for bits in _BITS_BEHIND:
        behind = bits * _BYTES_BEHIND
        # a picture in intervals goes on only behind the next one's marker
        behind += b"".join(marker + behind for marker in _INTERVALS)
        yield begin + behind + _END


def _has_all_scans(data: bytes) -> bool:
    """Whether scans begin for every coefficient of every channel, to its last bit."""
    channels, first_scan = _frame(data)
    told = set()
    for scan in _SCAN_START.finditer(data, first_scan):
        at = scan.end() + 2  # behind the segment's length
        body = data[at : at + 1 + 2 * _MOST_CHANNELS + 3]
        count = body[0] if body else 0
        if len(body) < 4 + 2 * count:
            return False
        first, last, bits = body[1 + 2 * count : 4 + 2 * count]
        if bits & 15 == 0:  # no lower bits are left for a later scan
            for channel in body[1 : 1 + 2 * count : 2]:
                told |= {(channel, k) for k in range(first, min(last, 63) + 1)}
    return 0 < channels * _COEFFICIENTS <= len(told)


def _frame(data: bytes) -> tuple[int, int]:
    """How many channels there are, and where the first scan begins; (0, 0) if none."""
    at, channels = 2, 0
    for _ in range(_MOST_SEGMENTS):
        if at + 4 > len(data) or data[at] != 0xFF:
            break
        if data[at + 1] == _SCAN:
            return channels, at
        if data[at + 1] in _FRAMES and at + 9 < len(data):
            channels = data[at + 9]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return 0, 0
