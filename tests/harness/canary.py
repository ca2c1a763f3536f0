"""Photos that can be recognised wherever they or parts of them should turn up."""

from __future__ import annotations

import secrets
import zipfile
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from agemodel.core import paths
from agemodel.images import encode_jpeg, read_image
from agemodel.serving import PhotoResult, annotate, judge
from agemodel.serving.estimator import Estimator

PHOTO = paths.SAMPLES / "barack-obama.jpg"
"""Over 1 MB where it is not compressed, so that a web server would put it on disk."""

NEEDLE_BYTES = 48
_MARK_PX = 64
_DESCRIPTION_TAG = 0x010E


@dataclass(frozen=True)
class Canaries:
    """Files with marks in their pixels, metadata and names.

    Attributes:
        files: names and contents: BMP, PNG and JPEG, and a .zip with the JPEG in it.
        needles: what to look for, by what it is a part of.
    """

    files: list[tuple[str, bytes]]
    needles: dict[str, bytes]


def make_canaries(estimator: Estimator) -> Canaries:
    """Make photos whose marks nobody has seen before.

    The needles are parts of the files, of their pixels, and of all that the app makes
    of them: it makes the same of the same photo here and there.

    Args:
        estimator: the app's.
    """
    name, note = (f"canary-{secrets.token_hex(12)}" for _ in range(2))
    rgb = read_image(PHOTO).rgb.copy()
    mark = np.frombuffer(secrets.token_bytes(_MARK_PX**2 * 3), np.uint8)
    rgb[:_MARK_PX, :_MARK_PX] = mark.reshape(_MARK_PX, _MARK_PX, 3)
    bitmap, stored, jpeg = _files(rgb, note)
    needles = {"name": name.encode(), "EXIF": note.encode()}
    needles |= _pixel_needles(rgb[_MARK_PX // 2, :_MARK_PX])
    needles["JPEG file"] = _middle(jpeg)
    for kind, content in {"PNG": stored, "JPEG": jpeg}.items():
        result = judge(estimator, content, name, keep_preview=True)
        found = _result_needles(result)
        needles |= {f"{part} of the {kind}": needle for part, needle in found.items()}
    files = [(f"{name}.bmp", bitmap), (f"{name}.png", stored), (f"{name}.jpg", jpeg)]
    return Canaries([*files, (f"{name}.zip", _archive(f"{name}.jpg", jpeg))], needles)


def _files(rgb: np.ndarray, note: str) -> tuple[bytes, bytes, bytes]:
    """BMP, PNG that is not compressed, and JPEG, those two with a note in EXIF."""
    picture = Image.fromarray(rgb)
    exif = Image.Exif()
    exif[_DESCRIPTION_TAG] = note
    made = []
    for kind, options in (
        ("BMP", {}),
        ("PNG", {"compress_level": 0, "exif": exif.tobytes()}),
        ("JPEG", {"quality": 93, "exif": exif.tobytes()}),
    ):
        buffer = BytesIO()
        picture.save(buffer, kind, **options)
        made.append(buffer.getvalue())
    return made[0], made[1], made[2]


def _archive(name: str, content: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def _pixel_needles(row: np.ndarray) -> dict[str, bytes]:
    """Pixels in the orders and types in which they are stored; row: shape (n, 3)."""
    opaque = np.full((len(row), 1), 255, np.uint8)
    kinds = {
        "RGB": row,
        "BGR": row[:, ::-1],
        "RGBX": np.hstack([row, opaque]),
        "float": row.astype(np.float32),
    }
    return {f"pixels as {kind}": _middle(kinds[kind].tobytes()) for kind in kinds}


def _result_needles(result: PhotoResult) -> dict[str, bytes]:
    face, preview = result.estimates[0], result.preview_rgb
    if preview is None or result.preview_jpeg is None or face.embedding is None:
        raise ValueError("The model gives no embedding, or no preview was kept.")
    crop = face.crop_rgb
    return {
        "crop": _middle(crop.tobytes()),
        "crop as float": _middle(crop.astype(np.float32).tobytes()),
        "preview": _middle(preview.tobytes()),
        "preview's file": _middle(result.preview_jpeg),
        "boxes' file": _middle(encode_jpeg(annotate(result), 88)),
        "embedding": face.embedding.tobytes()[:NEEDLE_BYTES],
    }


def _middle(content: bytes) -> bytes:
    start = len(content) // 2
    return content[start : start + NEEDLE_BYTES]
