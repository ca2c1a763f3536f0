"""Conversion of decoded pixels of any mode to opaque sRGB of the working size.

A large picture is brought to sRGB and reduced in bands of rows, so that it never lies
in memory twice.
"""

from __future__ import annotations

import math
import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from agemodel.images.pixels import working_size
from agemodel.images.transfer import Curve

DECODER_ERRORS = (
    *(OSError, EOFError, MemoryError, struct.error, zlib.error),
    *(SyntaxError, ValueError, TypeError, RuntimeError),
    # headers that refer to parts which are not there
    *(LookupError, ArithmeticError, AttributeError, AssertionError, BufferError),
    # a Warning only where the caller's filters raise them
    *(Image.DecompressionBombError, Warning),
)
"""What Pillow and its plugins raise on malformed files."""

MAX_PROFILE_BYTES = 4 * 1024**2
"""Largest colour profile that is used; those of printers take 0.5 to 2.5 MB."""

_BAND_PIXELS = 2_000_000
_STRETCHED = (
    "Its brightness has no fixed range: it was stretched from the darkest to the "
    "lightest pixel."
)
_BAD_PROFILE = "Its colour profile cannot be used: it was taken as sRGB."
_FIXED_GREY_RANGES = ((0.0, 1.0), (0.0, 255.0), (0.0, 65535.0))


def to_rgb(im: Image.Image, notes: list[str], curve: Curve | None = None) -> np.ndarray:
    """Bring a loaded picture to sRGB, alpha laid over white, of `working_size`.

    Args:
        im: any mode.
        notes: sentences for the person are added.
        curve: of its brightness, where that is not sRGB's.

    Returns:
        Shape (h, w, 3), uint8.
    """
    colours = _Colours(im, notes, curve)
    width, height = working_size(*im.size)
    scale = im.height / height
    rgb = np.empty((height, width, 3), np.uint8)
    step = max(1, int(_BAND_PIXELS / im.width / scale))
    for top in range(0, height, step):
        bottom = min(top + step, height)
        band = rgb[top:bottom]
        if (width, height) == im.size:
            band[:] = np.asarray(colours.of(im.crop((0, top, width, bottom))))
        else:
            size = (width, bottom - top)
            rows_of_file = top * scale, bottom * scale
            band[:] = np.asarray(_reduced(im, colours, rows_of_file, size))
    return rgb


def _reduced(
    im: Image.Image,
    colours: _Colours,
    rows: tuple[float, float],
    size: tuple[int, int],
) -> Image.Image:
    """Some rows of a picture in sRGB, from and to, resized to `size`."""
    top, bottom = rows
    margin = math.ceil((bottom - top) / size[1])  # the filter's reach
    first = max(0, math.floor(top) - margin)
    last = min(im.height, math.ceil(bottom) + margin)
    band = colours.of(im.crop((0, first, im.width, last)))
    box = (0.0, top - first, float(im.width), min(bottom - first, float(last - first)))
    return band.resize(size, Image.Resampling.HAMMING, box)


class _Colours:
    """How the pixels of one picture become sRGB."""

    def __init__(self, im: Image.Image, notes: list[str], curve: Curve | None) -> None:
        self._notes = notes
        is_hdr = curve is not None and curve.is_hdr
        self._profile = None if is_hdr else im.info.get("icc_profile")
        self._curve = None if self._profile else curve
        self._transform: ImageCms.ImageCmsTransform | None = None
        self._grey_range: tuple[float, float] | None = None
        if im.mode in ("I", "F") or im.mode.startswith("I;16"):
            is_16_bit = im.mode.startswith("I;16")
            self._grey_range = (0.0, 65535.0) if is_16_bit else _grey_range(im)
            if self._grey_range not in _FIXED_GREY_RANGES:
                notes.append(_STRETCHED)

    def of(self, rows: Image.Image) -> Image.Image:
        """Rows of the picture in mode RGB."""
        if self._grey_range:
            rows = _grey_8_bit(rows, self._grey_range)
        colour, alpha = _without_alpha(rows)
        rgb = self._srgb(colour) if self._profile else colour.convert("RGB")
        if self._curve:
            rgb = self._curve.apply(rgb)
        if alpha is None:
            return rgb
        on_white = Image.new("RGB", rgb.size, "white")
        on_white.paste(rgb, mask=alpha)
        return on_white

    def _srgb(self, rows: Image.Image) -> Image.Image:
        """Apply the embedded ICC profile; a broken or unfitting one is ignored."""
        try:
            if self._transform is None:
                self._transform = _transform(self._profile, rows.mode)
            mode = self._transform.inputMode
            fitting = rows if rows.mode == mode else rows.convert(mode)
            converted = ImageCms.applyTransform(fitting, self._transform)
        except (ImageCms.PyCMSError, *DECODER_ERRORS):
            converted = None
        if converted is None:
            self._profile = None
            self._notes.append(_BAD_PROFILE)
            return rows.convert("RGB")
        return converted


def _transform(profile: object, mode: str) -> ImageCms.ImageCmsTransform:
    """The transform of a colour profile from pixels of `mode` to sRGB.

    Raises:
        ValueError: the profile is too large, or not for such pixels.
    """
    if not isinstance(profile, bytes) or len(profile) > MAX_PROFILE_BYTES:
        raise ValueError("no profile of a usual size")
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    return ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        _mode_for_profile(mode, source.profile.xcolor_space),
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _mode_for_profile(mode: str, colour_space: str) -> str:
    """The mode in which pixels of `mode` go through a profile of `colour_space`.

    Raises:
        ValueError: the profile is not for such pixels.
    """
    if colour_space == "RGB " and mode != "CMYK":
        return "RGB"
    if colour_space == "GRAY" and mode in ("1", "L"):
        return "L"
    if colour_space == "CMYK" and mode == "CMYK":
        return "CMYK"
    raise ValueError(f"a {colour_space!r} profile on {mode} pixels")


def _without_alpha(im: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if im.mode == "La":
        im = im.convert("LA")
    if im.mode == "LA":
        return im.getchannel("L"), im.getchannel("A")
    if im.has_transparency_data:
        rgba = im.convert("RGBA")
        return rgba.convert("RGB"), rgba.getchannel("A")
    return im, None


def _grey_8_bit(im: Image.Image, grey_range: tuple[float, float]) -> Image.Image:
    """Scale 16-bit, 32-bit and floating grey to mode L."""
    values = np.asarray(im)  # (h, w), uint16, int32 or float32
    grey = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), 256):  # in bands: float64 costs 8 bytes a pixel
        with np.errstate(invalid="ignore"):  # a signalling NaN is one, too
            band = np.interp(values[top : top + 256], grey_range, (0, 255))
        grey[top : top + 256] = np.rint(np.nan_to_num(band))
    return Image.fromarray(grey)


def _grey_range(im: Image.Image) -> tuple[float, float]:
    """The black and white points of grey values whose file does not state them.

    The smallest usual range that holds all of them; otherwise their own extremes.
    """
    low, high = math.inf, -math.inf
    rows = max(1, _BAND_PIXELS // im.width)
    for top in range(0, im.height, rows):
        values = np.asarray(im.crop((0, top, im.width, min(top + rows, im.height))))
        finite = values[np.isfinite(values)]
        if finite.size:
            low = min(low, float(finite.min()))
            high = max(high, float(finite.max()))
    if low > high:
        return 0.0, 1.0
    usual = _FIXED_GREY_RANGES[0 if im.mode == "F" else 1 :]
    for black, white in usual:
        if black <= low and high <= white:
            return black, white
    return low, max(high, float(np.nextafter(low, np.inf)))
