"""`read_image`, the one way from a picture file to pixels."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from agemodel.core.caps import MOST_PIXELS, caps
from agemodel.core.errors import ImageError
from agemodel.core.file_names import shown_name
from agemodel.images import raw
from agemodel.images.colour import DECODER_ERRORS, to_rgb
from agemodel.images.jpeg_ends import ended_jpegs
from agemodel.images.kinds import EXPECTED, PILLOW_FORMATS, kind_of
from agemodel.images.limits import (
    CountedFile,
    Queue,
    TooManyPieces,
    check_opened,
    check_unopened,
    decoding_bytes,
    most_bytes,
    too_large,
)
from agemodel.images.quiet import quiet_libtiff, quiet_pillow
from agemodel.images.sources import check_length, read_bytes
from agemodel.images.transfer import curve_of

DRAFT_SIDE_PX = 2_048
MAX_EXIF_BYTES = 1024**2
"""Largest EXIF that is read; in a JPEG it cannot pass 64 KB."""

# Pillow warns above this number and refuses above its double. Its default would refuse
# JPEGs over 179 MP and warn over 89 MP. The number is global, so it is set once, here,
# and never per call: `check_opened` holds the real caps.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS

quiet_pillow()

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
_PREVIEW = "A RAW file: the preview inside it, {width:,} by {height:,} px, was used."
_NO_END = "The file lacks its end marker; the picture in it is whole."

_Decoded = tuple[np.ndarray, tuple[int, int], tuple[str, ...]]

_queue = Queue()


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright picture, its size in the file, and notes on it.

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
        data = read_bytes(Path(source), name)
    shown = shown_name(name)
    check_length(len(data), shown)
    kind = kind_of(data)
    if kind not in PILLOW_FORMATS:
        raise ImageError(
            f"{shown} is not a picture this app can read: expected {EXPECTED}, "
            f"got {kind}."
        )
    try:
        picture = raw.main_picture(data, shown) if kind == "TIFF" else None
        if picture is not None:
            data, kind = picture.content(data), picture.kind
        turn = picture.orientation if picture else 1
        rgb, (width, height), notes = _decode_to_the_end(data, kind, shown, turn)
        if picture is not None and picture.is_preview:
            notes += (_PREVIEW.format(width=width, height=height),)
    except DECODER_ERRORS as error:
        raise _failure(error, kind, shown) from error
    return Photo(name, rgb, width, height, notes)


def check_jpeg(data: bytes, name: str) -> None:
    """Decode a JPEG at an eighth of its size, to know that it is whole.

    Its coefficients, in which damage shows, are all read; that takes a fifth of the
    time of `read_image`.

    Raises:
        ImageError: `read_image` would refuse the file, too.
    """
    shown = shown_name(name)
    try:
        with Image.open(CountedFile(data), formats=["JPEG"]) as im:
            check_opened(im, data, "JPEG", shown)
            with _queue.place(decoding_bytes(im, data, "JPEG"), most_bytes()):
                im.draft("L", (1, 1))
                im.load()
    except DECODER_ERRORS as error:
        raise _failure(error, "JPEG", shown) from error


def jpeg_size(data: bytes, name: str) -> tuple[int, int]:
    """Width and height that a JPEG's header states, px; no pixel is decoded.

    Raises:
        ImageError: it has no such header.
    """
    shown = shown_name(name)
    try:
        with Image.open(CountedFile(data), formats=["JPEG"]) as im:
            return im.size
    except DECODER_ERRORS as error:
        raise _failure(error, "JPEG", shown) from error


def _failure(error: BaseException, kind: str, shown: str) -> ImageError:
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return too_large(shown, f"{caps().pixels // 1_000_000} megapixels", "far more")
    if isinstance(error, MemoryError):
        return too_large(shown, "what fits into the free memory", "more")
    if isinstance(error, TooManyPieces):
        return ImageError(
            f"{shown} is in too many pieces: expected a usual {kind}, got one that "
            "would take minutes to read. Save it again, as PNG or JPEG."
        )
    if _is_cut_off(error):
        return ImageError(
            f"{shown} is cut off: expected a whole {kind} file, got only the beginning "
            "of one. Copy or download it again."
        )
    return ImageError(
        f"{shown} cannot be decoded: expected a whole {kind} picture, got one that is "
        "damaged, cut off or of a rare variety. Copy it again, or save it as PNG."
    )


def _decode_to_the_end(data: bytes, kind: str, shown: str, turn: int) -> _Decoded:
    """As `_decode`; of a JPEG the end marker may be missing, and nothing else."""
    try:
        return _decode(data, kind, shown, turn)
    except OSError as error:
        found: _Decoded | None = None
        if kind == "JPEG" and _is_cut_off(error):
            for ended in ended_jpegs(data):
                last, found = found, _decode(ended, kind, shown, turn)
                if last is not None and not np.array_equal(last[0], found[0]):
                    raise
        if found is None:
            raise
    rgb, size, notes = found
    return rgb, size, (*notes, _NO_END)


def _is_cut_off(error: BaseException) -> bool:
    return isinstance(error, EOFError) or "truncated" in str(error).lower()


def _decode(data: bytes, kind: str, shown: str, orientation: int) -> _Decoded:
    """Upright pixels, the file's own upright size, and notes.

    Args:
        data: bytes of the file.
        kind: of it.
        shown: its name in messages.
        orientation: where the file states none.
    """
    if kind == "HEIC":
        _register_heif()
    if kind == "TIFF":
        quiet_libtiff()
    check_unopened(data, kind, shown)
    notes: list[str] = []
    with Image.open(CountedFile(data), formats=[PILLOW_FORMATS[kind]]) as im:
        check_opened(im, data, kind, shown)
        size = im.size
        with _queue.place(decoding_bytes(im, data, kind), most_bytes()):
            is_reduced = kind == "JPEG" and _reduce_while_decoding(im)
            im.load()
            if getattr(im, "is_animated", False) and kind != "JPEG":
                notes.append(_frames_note(kind))  # in a JPEG: depth, gain map
            # Read after `load`: Pillow's TIFF and HEIC readers have turned their pixels
            # by then and dropped the tag; for the others it still stands.
            orientation = _orientation(im, notes, orientation)
            width, height = size if is_reduced else im.size
            rgb = to_rgb(im, notes, curve_of(im, data, kind, notes))
    if orientation in _TRANSPOSES:
        rgb = np.array(Image.fromarray(rgb).transpose(_TRANSPOSES[orientation]))
    if orientation >= 5:
        width, height = height, width
    return rgb, (width, height), tuple(notes)


@functools.cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener(
        thumbnails=False, depth_images=False, aux_images=False
    )


def _reduce_while_decoding(im: Image.Image) -> bool:
    """Ask libjpeg for 1/2, 1/4 or 1/8, at least `DRAFT_SIDE_PX` on the shorter side.

    A narrow picture over the cap on pixels is halved all the same.
    """
    full_size = im.size
    side_px = DRAFT_SIDE_PX
    if full_size[0] * full_size[1] > caps().pixels:
        side_px = min(side_px, min(full_size) // 2)
    im.draft("RGB", (side_px, side_px))
    return im.size != full_size


def _frames_note(kind: str) -> str:
    if kind in ("TIFF", "HEIC"):
        return "It holds several pictures: only the main one was used."
    return "An animation: only its first frame was used."


def _orientation(im: Image.Image, notes: list[str], default: int) -> int:
    """EXIF orientation, 1 to 8; the default when it is absent, 1 when damaged."""
    try:
        if len(im.info.get("exif") or b"") > MAX_EXIF_BYTES:
            raise ValueError("no EXIF of a usual size")
        orientation = im.getexif().get(_ORIENTATION_TAG, default)
    except DECODER_ERRORS:
        notes.append("Its orientation could not be read: it was taken as upright.")
        return 1
    return orientation if orientation in _TRANSPOSES else 1
