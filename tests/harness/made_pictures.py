"""Real photos in every make of every accepted format, to be damaged or read as is."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from agemodel.core import paths
from agemodel.images import read_image
from tests.harness.pictures import as_stored, exif_with, file_of, srgb_profile

LONG_SIDE_PX = 400
PORTRAITS = ("eileen-collins.jpg", "joe-biden.jpg", "barack-obama.jpg")


@dataclass(frozen=True)
class Made:
    """A file that was made for a drill."""

    name: str  # tells what was done to it; its ending may lie
    data: bytes  # its bytes


@dataclass(frozen=True)
class Make:
    """A way to store a photo: format, mode of the pixels, options of the writer."""

    suffix: str
    pillow_format: str
    mode: str = "RGB"
    options: tuple[tuple[str, Any], ...] = ()


def _make(suffix: str, pillow_format: str, mode: str = "RGB", **options: Any) -> Make:
    return Make(suffix, pillow_format, mode, tuple(options.items()))


MAKES = {
    "jpeg-baseline": _make(".jpg", "JPEG"),
    "jpeg-progressive": _make(".jpg", "JPEG", progressive=True),
    "jpeg-cmyk": _make(".jpg", "JPEG", "CMYK"),
    "jpeg-grey": _make(".jpg", "JPEG", "L"),
    "jpeg-444-restarts": _make(".jpg", "JPEG", subsampling=0, restart_marker_rows=1),
    "jpeg-metadata": _make(
        *(".jpg", "JPEG"), exif=exif_with(6).tobytes(), icc_profile=srgb_profile()
    ),
    "mpo": _make(".mpo", "MPO", save_all=True),
    "png": _make(".png", "PNG"),
    "png-palette": _make(".png", "PNG", "P"),
    "png-alpha": _make(".png", "PNG", "RGBA", icc_profile=srgb_profile()),
    "webp-lossy": _make(".webp", "WEBP"),
    "webp-lossless": _make(".webp", "WEBP", lossless=True),
    "webp-alpha": _make(".webp", "WEBP", "RGBA", exif=exif_with(1).tobytes()),
    "heic": _make(".heic", "HEIF"),
    "heic-444": _make(".heic", "HEIF", chroma=444),
    "heic-alpha": _make(".heic", "HEIF", "RGBA"),
    "avif": _make(".avif", "AVIF", speed=10),
    "avif-444": _make(".avif", "AVIF", speed=10, subsampling="4:4:4"),
    "gif": _make(".gif", "GIF", "P"),
    "bmp": _make(".bmp", "BMP"),
    "bmp-palette": _make(".bmp", "BMP", "P"),
    "tiff-raw": _make(".tif", "TIFF"),
    "tiff-lzw": _make(".tif", "TIFF", compression="tiff_lzw"),
    "tiff-deflate": _make(".tif", "TIFF", compression="tiff_adobe_deflate"),
    "tiff-jpeg": _make(".tif", "TIFF", compression="jpeg"),
    "tiff-packbits": _make(".tif", "TIFF", "L", compression="packbits"),
    "tiff-group4": _make(".tif", "TIFF", "1", compression="group4"),
    "tiff-zstd": _make(".tif", "TIFF", compression="zstd"),
    "tiff-lzma": _make(".tif", "TIFF", compression="lzma"),
    "tiff-float": _make(".tif", "TIFF", "F"),
}
_ANIMATED = ("gif", "webp-lossy", "png", "avif", "tiff-lzw")


@functools.cache
def portrait(name: str = PORTRAITS[0], long_side_px: int = LONG_SIDE_PX) -> Image.Image:
    """A bundled photo with one face, reduced; not to be changed."""
    rgb = read_image(paths.SAMPLES / name).rgb
    picture = Image.fromarray(rgb)
    picture.thumbnail((long_side_px, long_side_px))
    return picture


def stored(picture: Image.Image, make: Make, **options: Any) -> bytes:
    """The bytes of a file that holds `picture`."""
    fitting = picture if picture.mode == make.mode else picture.convert(make.mode)
    return file_of(fitting, make.pillow_format, **dict(make.options), **options)


@functools.cache
def every_make() -> tuple[Made, ...]:
    """Each portrait in turn, in every make."""
    return tuple(
        Made(
            f"{name}{make.suffix}",
            stored(portrait(PORTRAITS[index % len(PORTRAITS)]), make),
        )
        for index, (name, make) in enumerate(MAKES.items())
    )


def odd_ones() -> Iterator[Made]:
    """Valid files that are rarely met; each shows a face."""
    yield from every_make()
    yield from animations()
    yield Made("jpeg-ycck.jpg", _as_ycck(stored(portrait(), MAKES["jpeg-cmyk"])))
    wide = np.asarray(portrait().convert("L")).astype(np.uint16) * 257
    for suffix, pillow_format in ((".tif", "TIFF"), (".png", "PNG")):
        make = Make(suffix, pillow_format, "I;16")
        yield Made(f"grey-16-bit{suffix}", stored(Image.fromarray(wide), make))


def animations() -> Iterator[Made]:
    """Two frames, the first of which is a portrait."""
    first, second = portrait(), Image.new("RGB", portrait().size, "navy")
    for name in _ANIMATED:
        make = MAKES[name]
        more = [second.convert(make.mode)]
        data = stored(first, make, save_all=True, append_images=more)
        yield Made(f"animated-{name}{make.suffix}", data)


def oriented() -> Iterator[tuple[int, Made]]:
    """The eight EXIF orientations of one portrait, in formats that lose nothing."""
    upright = np.asarray(portrait())
    for orientation in range(1, 9):
        picture = Image.fromarray(as_stored(upright, orientation))
        for name in ("png", "webp-lossless", "tiff-raw"):
            make = MAKES[name]
            data = stored(picture, make, exif=exif_with(orientation).tobytes())
            yield orientation, Made(f"orientation-{orientation}-{name}", data)


def _as_ycck(cmyk: bytes) -> bytes:
    """The same file, whose Adobe marker now calls its channels YCCK."""
    at = cmyk.index(b"Adobe") + 11
    return cmyk[:at] + b"\x02" + cmyk[at + 1 :]
