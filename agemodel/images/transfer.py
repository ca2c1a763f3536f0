"""Brightness curves other than that of sRGB: the gamma of a PNG, and HDR.

A PNG states its curve by a power (`gAMA`) or a number (`cICP`), HEIC and AVIF by a
number in a box (`nclx`). Numbers: ITU-T H.273 (2021), tables 2 and 3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from PIL import Image

from agemodel.images.av1 import boxes

WHITE_NITS = 203.0
"""What white paper has in HDR (ITU-R BT.2408, table 1), and becomes 255."""

_HDR = (
    "An HDR photo: its brightness was fitted to a usual screen, so what is brighter "
    "than white paper is white."
)
_UNKNOWN = "Its brightness curve is a rare one (H.273: {}): it was taken as sRGB."

_PQ, _HLG = 16, 18
_POWERS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
_AS_SRGB = (1, 2, 6, 7, 11, 12, 13, 14, 15)
"""Unspecified, sRGB, and the curves of television, which are shown as sRGB is."""
_GAMMA_TOLERANCE = 0.05
"""As libpng has it: a gamma so near to that of sRGB, 1 / 2.2, means sRGB."""
_MOST_CHUNKS = 1_000

_PRIMARIES_XY = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # sRGB
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
_D65_XY = (0.3127, 0.3290)

_Codes = tuple[int, int]
"""Primaries and transfer characteristics."""


@dataclass(frozen=True, eq=False)
class Curve:
    """How the values of a picture become light.

    Attributes:
        light: shape (256,), float32, by value; 1 is white, HDR goes beyond.
        to_srgb: shape (3, 3), float32, from its primaries' light to that of sRGB's.
        is_hdr: whether it is one of HDR, which comes before an ICC profile.
    """

    light: np.ndarray
    to_srgb: np.ndarray
    is_hdr: bool = False

    def apply(self, rgb: Image.Image) -> Image.Image:
        """Bring a picture of mode RGB to sRGB."""
        light = self.light[np.asarray(rgb)] @ self.to_srgb.T  # (h, w, 3)
        return Image.fromarray(_SRGB_OF_LIGHT[(light.clip(0, 1) * 65_535).astype("u2")])


def curve_of(im: Image.Image, data: bytes, kind: str, notes: list[str]) -> Curve | None:
    """The curve that a file states; None for that of sRGB.

    Args:
        im: the opened file.
        data: its bytes.
        kind: of it, see `kinds`.
        notes: a sentence is added for a curve that is of HDR or not known.
    """
    codes = _stated_codes(im, data, kind)
    if codes is None:
        return _curve_of_gamma(im)
    primaries, transfer = codes
    if transfer in (_PQ, _HLG):
        notes.append(_HDR)
        light = _light_of_pq() if transfer == _PQ else _light_of_hlg()
        return Curve(light, _matrix(primaries), is_hdr=True)
    if transfer in _POWERS:
        return _curve_of_power(_POWERS[transfer])
    if transfer not in _AS_SRGB:
        notes.append(_UNKNOWN.format(transfer))
    return None


def _stated_codes(im: Image.Image, data: bytes, kind: str) -> _Codes | None:
    if kind == "HEIC":
        stated = im.info.get("nclx_profile") or {}
        keys = ("color_primaries", "transfer_characteristics")
        return (int(stated[keys[0]]), int(stated[keys[1]])) if stated else None
    if kind == "PNG":
        return _codes_of_png(data)
    try:
        return _codes_of_avif(data) if kind == "AVIF" else None
    except (IndexError, struct.error):
        return None


def _codes_of_png(data: bytes) -> _Codes | None:
    """What the `cICP` chunk states (PNG, third edition, 11.3.2.6)."""
    at = 8
    for _ in range(_MOST_CHUNKS):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if name == b"cICP" and at + 10 <= len(data):
            return data[at + 8], data[at + 9]
        if name in (b"IDAT", b""):
            break
        at += 12 + size
    return None


def _codes_of_avif(data: bytes) -> _Codes | None:
    """What the `nclx` box of the primary item states (ISO/IEC 23008-12, 9.3.1).

    Others belong to other items, such as an HDR rendition beside the plain one.
    """
    needed = (b"pitm", b"ipma", b"ipco")
    found = {k: data[start:end] for k, start, end in boxes(data) if k in needed}
    if len(found) < len(needed):
        return None
    version = found[b"pitm"][0]
    (primary,) = struct.unpack_from(">I" if version else ">H", found[b"pitm"], 4)
    properties = [(kind, start, end) for kind, start, end in boxes(found[b"ipco"])]
    for index in _properties_of(found[b"ipma"], primary):
        if not 1 <= index <= len(properties):
            continue
        kind, start, end = properties[index - 1]
        content = found[b"ipco"][start:end]
        if kind == b"colr" and content[:4] == b"nclx":
            primaries, transfer = struct.unpack_from(">HH", content, 4)
            return primaries, transfer
    return None


def _properties_of(ipma: bytes, item: int) -> list[int]:
    """The numbers of an item's properties, from 1."""
    id_format = ">I" if ipma[0] else ">H"
    index_format, mask = (">H", 0x7FFF) if ipma[3] & 1 else (">B", 0x7F)
    (count,) = struct.unpack_from(">I", ipma, 4)
    at = 8
    for _ in range(min(count, len(ipma))):
        (number,) = struct.unpack_from(id_format, ipma, at)
        at += struct.calcsize(id_format)
        step = struct.calcsize(index_format)
        places = range(at + 1, at + 1 + ipma[at] * step, step)
        if number == item:
            return [struct.unpack_from(index_format, ipma, p)[0] & mask for p in places]
        at = places.stop
    return []


def _curve_of_gamma(im: Image.Image) -> Curve | None:
    """The curve of a PNG's `gAMA` chunk, which `sRGB` replaces."""
    gamma = im.info.get("gamma")
    if not gamma or "srgb" in im.info or abs(gamma * 2.2 - 1) < _GAMMA_TOLERANCE:
        return None
    return _curve_of_power(1 / gamma)


def _curve_of_power(power: float) -> Curve:
    return Curve((_VALUES**power).astype(np.float32), np.eye(3, dtype=np.float32))


def _light_of_pq() -> np.ndarray:
    """The light of PQ values (SMPTE ST 2084), 1 at `WHITE_NITS`."""
    m1, m2 = 2610 / 16_384, 2523 / 32
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    root = _VALUES ** (1 / m2)
    nits = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return (nits / WHITE_NITS).astype(np.float32)


def _light_of_hlg() -> np.ndarray:
    """The light of HLG values on a screen of 1,000 nits (ITU-R BT.2100, table 5)."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    upper = (np.exp((_VALUES - c) / a) + b) / 12
    scene = np.where(_VALUES <= 0.5, _VALUES**2 / 3, upper)
    return (1_000 * scene**1.2 / WHITE_NITS).astype(np.float32)


def _matrix(primaries: int) -> np.ndarray:
    """From light of some primaries, sRGB's where they are not known, to sRGB's."""
    known = _PRIMARIES_XY.get(primaries, _PRIMARIES_XY[1])
    to_srgb = np.linalg.inv(_to_xyz(_PRIMARIES_XY[1])) @ _to_xyz(known)
    return to_srgb.astype(np.float32)


def _to_xyz(primaries_xy: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Shape (3, 3): from light of the primaries, all 1 for D65 white, to XYZ."""
    xyz = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (*primaries_xy, _D65_XY)]).T
    return xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])


def _srgb_of_light(light: np.ndarray) -> np.ndarray:
    """Values of light of 0..1 (IEC 61966-2-1), uint8."""
    upper = 1.055 * light ** (1 / 2.4) - 0.055
    srgb = np.where(light <= 0.0031308, 12.92 * light, upper)
    return np.rint(255 * srgb).astype(np.uint8)


_VALUES = np.arange(256) / 255
_SRGB_OF_LIGHT = _srgb_of_light(np.arange(65_536) / 65_535)
