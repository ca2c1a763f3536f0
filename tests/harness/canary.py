"""Photos that can be recognised wherever they or parts of them should turn up."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

from agemodel.core import paths
from agemodel.images import read_image
from agemodel.serving import Estimator, estimate_photo
from tests.harness.made_archives import zip_of

PHOTO = paths.SAMPLES / "barack-obama.jpg"
"""Over 1 MB where it is not compressed, so that a web server would put it on disk."""

_MARK_BYTES = 48
_MARK_PX = 64
_DESCRIPTION_TAG = 0x010E


@dataclass(frozen=True)
class Canaries:
    """Files with marks in their pixels, metadata and names.

    Attributes:
        files: names and contents: BMP, PNG and JPEG, and a .zip with the JPEG in it.
        marks: bytes to look for, by what they are a part of.
    """

    files: list[tuple[str, bytes]]
    marks: dict[str, bytes]


def make_canaries(estimator: Estimator) -> Canaries:
    """Make photos whose marks nobody has seen before.

    Args:
        estimator: the app's, which makes the same crop and preview of the same photo.
    """
    name, note = (f"canary-{secrets.token_hex(12)}" for _ in range(2))
    rgb = read_image(PHOTO).rgb.copy()
    noise = np.frombuffer(secrets.token_bytes(_MARK_PX**2 * 3), np.uint8)
    rgb[:_MARK_PX, :_MARK_PX] = noise.reshape(_MARK_PX, _MARK_PX, 3)
    exif = Image.Exif()
    exif[_DESCRIPTION_TAG] = note
    bitmap, jpeg = _file(rgb, "BMP"), _file(rgb, "JPEG", quality=93, exif=exif)
    stored = _file(rgb, "PNG", compress_level=0, exif=exif)
    result = estimate_photo(estimator, jpeg, name, keep_preview=True)
    assert result.preview_jpeg is not None
    row = rgb[_MARK_PX // 2, :_MARK_PX]
    wholes = {
        "pixels as RGB": row.tobytes(),
        "pixels as BGR": row[:, ::-1].tobytes(),
        "JPEG file": jpeg,
        "crop": result.estimates[0].crop_rgb.tobytes(),
        "preview": result.preview_jpeg,
    }
    marks = {"name": name.encode(), "EXIF": note.encode()}
    marks |= {kind: _middle(content) for kind, content in wholes.items()}
    files = [(f"{name}.bmp", bitmap), (f"{name}.png", stored), (f"{name}.jpg", jpeg)]
    return Canaries([*files, (f"{name}.zip", zip_of(files[-1]))], marks)


def _file(rgb: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(rgb).save(buffer, kind, **options)
    return buffer.getvalue()


def _middle(content: bytes) -> bytes:
    start = len(content) // 2
    return content[start : start + _MARK_BYTES]
