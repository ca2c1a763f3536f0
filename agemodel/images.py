"""Bytes or a path in, upright sRGB pixels out.

This is the only decoder: preview, face detection and model all see what `read_image`
gives. It keeps four promises.

- The header is judged before any pixel is decoded, so a small file that claims a huge
  picture costs neither time nor memory.
- Large JPEGs are decoded at a reduced size, straight from their DCT coefficients; the
  size of the file itself is kept beside the pixels.
- Whatever goes wrong is an `ImageError` whose sentence names the file, what was
  expected and what came. A file that ends before its pixels do is refused, not half
  read.
- Metadata (place, camera, thumbnails) goes no further than this module.

Every function may be called from several threads at once.
"""

from __future__ import annotations

import struct
import threading
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

from agemodel.errors import ImageError

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".mpo", ".png", ".webp", ".heic", ".heif"),
    *(".avif", ".gif", ".bmp", ".tif", ".tiff"),
)
"""File name endings that are worth offering to `read_image`, in lower case."""

MAX_BYTES = 200 * 1024**2
MAX_PIXELS = 50_000_000
"""Most pixels that are ever decoded at once: about 200 MB in Pillow."""
MAX_JPEG_PIXELS = 200_000_000
"""Most pixels of a JPEG whose scale can be reduced while it is read in one pass."""
MAX_JPEG_SCANS = 1_000
"""Progressive JPEGs have about ten scans; each costs a pass over the whole picture."""
DRAFT_SIDE_PX = 2_048

# Pillow warns above this number and refuses above its double. Its default would refuse
# JPEGs over 179 MP and warn over 89 MP. The number is global, so it is set once, here,
# and never per call: `_check_header` holds the real caps. Warning filters are left
# alone, because they are global too and not safe to change in threads.
Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS

_EXPECTED = "JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP or TIFF"
_PILLOW_FORMATS = {kind: kind.upper() for kind in ("JPEG", "PNG", "WebP", "AVIF")}
_PILLOW_FORMATS |= {"HEIC": "HEIF", "GIF": "GIF", "BMP": "BMP", "TIFF": "TIFF"}
"""Pillow's name for each kind; JPEG covers MPO, of which it reads the first picture."""
_PICTURE_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "TIFF"),
}
_OTHER_STARTS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x1f\x8b": "a compressed archive",
    b"\x1aE\xdf\xa3": "a video or a sound file",
    b"8BPS": "a Photoshop document",
}
_HEIC_BRANDS = b"heic heix heim heis hevc hevx hevm hevs mif1 msf1".split()
_TRANSPOSES = {  # by EXIF orientation, as in the EXIF 2.3 standard, table 6
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112
_TILE_WIDTH_TAG, _TILE_LENGTH_TAG = 322, 323
_STRETCHED = (
    "Its brightness has no fixed range: it was stretched from the darkest to the "
    "lightest pixel."
)
_FIXED_GREY_RANGES = ((0.0, 1.0), (0.0, 255.0), (0.0, 65535.0))
_DECODER_ERRORS = (
    *(OSError, EOFError, MemoryError, struct.error, zlib.error),
    *(SyntaxError, ValueError, TypeError, RuntimeError),
    # headers that refer to parts which are not there
    *(LookupError, ArithmeticError, AttributeError, AssertionError),
    # a Warning only where the caller's filters raise them
    *(Image.DecompressionBombError, Warning),
)
"""What Pillow and its plugins raise on hostile files."""

_registering = threading.Lock()


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright picture and what there is to say about it.

    Attributes:
        name: the file's name as given, for messages and results.
        rgb: shape (h, w, 3), uint8, sRGB, C-contiguous; may be a reduced decode.
        width: upright width of the file itself, in px.
        height: upright height of the file itself, in px.
        notes: sentences for the person.
    """

    name: str
    rgb: np.ndarray
    width: int
    height: int
    notes: tuple[str, ...] = ()

    @property
    def scale(self) -> float:
        """Factor from pixels of `rgb` to pixels of the file, at least 1."""
        return self.width / self.rgb.shape[1]


def read_image(source: bytes | Path | str, *, name: str | None = None) -> Photo:
    """Read a picture, turn it upright and bring it to sRGB.

    Args:
        source: the bytes of a file, or its path.
        name: name for messages; a path's own name by default.

    Raises:
        ImageError: the file cannot be read as a picture, or is too large.
    """
    if isinstance(source, bytes):
        name, data = name or "This file", source
    else:
        name = name or Path(source).name or str(Path(source))
        data = _read_bytes(Path(source), name)
    _check_length(len(data), name)
    kind = _kind(data)
    if kind not in _PILLOW_FORMATS:
        raise ImageError(
            f"{_shown(name)} is not a picture this app can read: expected {_EXPECTED}, "
            f"got {kind}."
        )
    try:
        return _decode(data, kind, name)
    except _DECODER_ERRORS as error:
        raise _failure(error, kind, name) from error


def downscale(rgb: np.ndarray, max_side_px: int) -> np.ndarray:
    """Shrink by area interpolation until the longer side is `max_side_px`.

    Args:
        rgb: shape (h, w, 3), uint8.
        max_side_px: at least 1.

    Returns:
        Shape (h', w', 3), uint8; the same object when it is small enough already.
    """
    height, width = rgb.shape[:2]
    factor = max_side_px / max(height, width)
    if factor >= 1:
        return rgb
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def encode_jpeg(rgb: np.ndarray, quality: int = 90) -> bytes:
    """Encode (h, w, 3) uint8 pixels as a JPEG without any metadata."""
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def encode_png(rgb: np.ndarray) -> bytes:
    """Encode (h, w, 3) uint8 pixels as a PNG without any metadata."""
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    return buffer.getvalue()


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there"
            raise ImageError(f"{_shown(name)} {what}: expected a picture file.")
        _check_length(path.stat().st_size, name)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(
            f"{_shown(name)} cannot be opened: expected a file that this account may "
            f"read, got '{reason}'."
        ) from error


def _check_length(byte_count: int, name: str) -> None:
    if byte_count == 0:
        raise ImageError(f"{_shown(name)} is empty: expected {_EXPECTED}, got 0 bytes.")
    if byte_count > MAX_BYTES:
        got = f"{byte_count / 1024**2:,.1f} MB"
        raise _too_large(name, f"{MAX_BYTES // 1024**2} MB", got)


def _too_large(name: str, most: str, got: str) -> ImageError:
    return ImageError(
        f"{_shown(name)} is too large: expected at most {most}, got {got}. "
        "Save it smaller and try again."
    )


def _shown(name: str) -> str:
    """The name on one line, so that a message cannot be forged through it."""
    return "".join(char if char.isprintable() else "?" for char in name)


def _kind(data: bytes) -> str:
    """A key of `_PILLOW_FORMATS`, or a phrase for anything else."""
    if data[:4] == b"RIFF":
        return "WebP" if data[8:12] == b"WEBP" else "a video or a sound file"
    if data[4:8] == b"ftyp":  # one container for HEIC, AVIF and MP4: its brands tell
        brands = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        return "HEIC" if data[8:12] in _HEIC_BRANDS else "a video or a sound file"
    for start, kind in (_PICTURE_STARTS | _OTHER_STARTS).items():
        if data.startswith(start):
            return kind
    return _kind_of_text(data[:1024])


def _kind_of_text(start: bytes) -> str:
    text = start.decode("utf-8", errors="ignore")
    # at most three bytes are lost where the excerpt ends inside a character
    is_whole = text and len(text.encode()) >= len(start) - 3
    if not is_whole or not all(c.isprintable() or c.isspace() for c in text):
        return "an unknown kind of file"
    return "an SVG drawing" if "<svg" in text else "a text file"


def _failure(error: BaseException, kind: str, name: str) -> ImageError:
    shown = _shown(name)
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return _too_large(name, f"{MAX_PIXELS // 1_000_000} megapixels", "far more")
    if isinstance(error, MemoryError):
        return _too_large(name, "what fits into the free memory", "more")
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return ImageError(
            f"{shown} is cut off: expected a whole {kind} file, got only the beginning "
            "of one. Copy or download it again."
        )
    return ImageError(
        f"{shown} cannot be decoded: expected a whole {kind} picture, got one that is "
        "damaged, cut off or of a rare variety. Copy it again, or save it as PNG."
    )


def _decode(data: bytes, kind: str, name: str) -> Photo:
    if kind == "HEIC":
        _register_heif()
    notes: list[str] = []
    with Image.open(BytesIO(data), formats=[_PILLOW_FORMATS[kind]]) as im:
        _check_header(im, data, name)
        size = im.size
        is_reduced = kind == "JPEG" and _reduce_while_decoding(im)
        im.load()
        if getattr(im, "is_animated", False) and kind != "JPEG":  # MPO: depth, gain map
            notes.append(_frames_note(kind))
        # Read after `load`: Pillow's TIFF and HEIC readers have turned their pixels by
        # then and dropped the tag; for the others it still stands.
        orientation = _orientation(im, notes)
        width, height = size if is_reduced else im.size
        upright = _rgb(im, notes)
    if orientation in _TRANSPOSES:
        upright = upright.transpose(_TRANSPOSES[orientation])
    if orientation >= 5:
        width, height = height, width
    return Photo(name, np.array(upright), width, height, tuple(notes))


def _register_heif() -> None:
    with _registering:
        if "HEIF" not in Image.OPEN:
            import pillow_heif

            pillow_heif.register_heif_opener(
                thumbnails=False, depth_images=False, aux_images=False
            )


def _check_header(im: Image.Image, data: bytes, name: str) -> None:
    """Refuse what would be too large to decode, while only the header is read."""
    width, height = im.size
    if width < 1 or height < 1:
        raise ImageError(
            f"{_shown(name)} has no pixels: expected at least 1 x 1, "
            f"got {width} x {height}."
        )
    is_jpeg = im.format in ("JPEG", "MPO")
    one_pass = is_jpeg and _is_read_in_one_pass(im, data)
    most = MAX_JPEG_PIXELS if one_pass else MAX_PIXELS
    if max(width * height, _tile_pixels(im)) > most:
        got = f"{width:,} x {height:,} pixels"
        raise _too_large(name, f"{most // 1_000_000} megapixels", got)
    scan_count = 1 if one_pass or not is_jpeg else data.count(b"\xff\xda")
    if scan_count > MAX_JPEG_SCANS:
        raise _too_large(name, f"{MAX_JPEG_SCANS:,} scans", f"{scan_count:,}")


def _is_read_in_one_pass(im: Image.Image, data: bytes) -> bool:
    """Whether libjpeg need not hold the coefficients of the whole picture.

    It must for a progressive JPEG, and for one whose channels come one after the other;
    then a reduced decode saves nothing (1.2 GB for 200 MP).
    """
    at = 2  # behind the start-of-image marker: walk the segments up to the first scan
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] != b"\xda":
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    has_all_channels = data[at + 4 : at + 5] == bytes([len(im.getbands())])
    return has_all_channels and "progressive" not in im.info


def _tile_pixels(im: Image.Image) -> int:
    """Pixels of one tile of a TIFF: its header may claim more than the picture's."""
    if not isinstance(im, TiffImagePlugin.TiffImageFile):
        return 0
    sides = im.tag_v2.get(_TILE_WIDTH_TAG, 0), im.tag_v2.get(_TILE_LENGTH_TAG, 0)
    return sides[0] * sides[1]


def _reduce_while_decoding(im: Image.Image) -> bool:
    """Ask libjpeg for 1/2, 1/4 or 1/8, at least `DRAFT_SIDE_PX` on the shorter side.

    A narrow picture over `MAX_PIXELS` is halved all the same: 200 MP / 4 = 50 MP.
    """
    full_size = im.size
    side_px = DRAFT_SIDE_PX
    if full_size[0] * full_size[1] > MAX_PIXELS:
        side_px = min(side_px, min(full_size) // 2)
    im.draft("RGB", (side_px, side_px))
    return im.size != full_size


def _frames_note(kind: str) -> str:
    if kind in ("TIFF", "HEIC"):
        return "It holds several pictures: only the main one was used."
    return "An animation: only its first frame was used."


def _orientation(im: Image.Image, notes: list[str]) -> int:
    """EXIF orientation, 1 to 8; 1 when it is absent or damaged."""
    try:
        orientation = im.getexif().get(_ORIENTATION_TAG, 1)
    except _DECODER_ERRORS:
        notes.append("Its orientation could not be read: it was taken as upright.")
        return 1
    return orientation if orientation in _TRANSPOSES else 1


def _rgb(im: Image.Image, notes: list[str]) -> Image.Image:
    """Bring any mode to opaque sRGB in mode RGB."""
    profile = im.info.get("icc_profile")
    if im.mode in ("I", "F") or im.mode.startswith("I;16"):
        im = _grey_8_bit(im, notes)
    colour, alpha = _without_alpha(im)
    rgb = _srgb(colour, profile, notes) if profile else colour.convert("RGB")
    if alpha is None:
        return rgb
    on_white = Image.new("RGB", rgb.size, "white")
    on_white.paste(rgb, mask=alpha)
    return on_white


def _without_alpha(im: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if im.mode == "La":
        im = im.convert("LA")
    if im.mode == "LA":
        return im.getchannel("L"), im.getchannel("A")
    if im.has_transparency_data:
        rgba = im.convert("RGBA")
        return rgba.convert("RGB"), rgba.getchannel("A")
    return im, None


def _srgb(im: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
    """Apply an embedded ICC profile; a broken or unfitting one is ignored."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        mode = _mode_for_profile(im.mode, source.profile.xcolor_space)
        converted = ImageCms.profileToProfile(
            im if im.mode == mode else im.convert(mode),
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, *_DECODER_ERRORS):
        converted = None
    if converted is None:
        notes.append("Its colour profile cannot be used: it was taken as sRGB.")
        return im.convert("RGB")
    return converted


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


def _grey_8_bit(im: Image.Image, notes: list[str]) -> Image.Image:
    """Scale 16-bit, 32-bit and floating grey to mode L."""
    values = np.asarray(im)  # (h, w), uint16, int32 or float32
    low, high = (0.0, 65535.0) if im.mode.startswith("I;16") else _grey_range(values)
    if (low, high) not in _FIXED_GREY_RANGES:
        notes.append(_STRETCHED)
    grey = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), 256):  # in bands: float64 costs 8 bytes a pixel
        band = np.interp(values[top : top + 256], (low, high), (0, 255))
        grey[top : top + 256] = np.rint(np.nan_to_num(band))
    return Image.fromarray(grey)


def _grey_range(values: np.ndarray) -> tuple[float, float]:
    """Black and white of grey values whose file does not state them.

    The smallest usual range that holds all of them; otherwise their own extremes.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    usual = _FIXED_GREY_RANGES[0 if values.dtype.kind == "f" else 1 :]
    for black, white in usual:
        if black <= low and high <= white:
            return black, white
    return low, max(high, np.nextafter(low, np.inf))
