"""Photos that can be recognised wherever they or parts of them should turn up."""

from __future__ import annotations

import secrets

import numpy as np
from PIL import Image

from agemodel.core import paths
from agemodel.images import read_image
from agemodel.serving import Estimator, estimate_photo
from tests.harness.made_archives import zip_of
from tests.harness.pictures import file_of

PHOTO = paths.SAMPLES / "barack-obama.jpg"
"""Over 1 MB where it is not compressed, so that a web server would put it on disk."""

_MARK_BYTES = 48
_MARK_PX = 64
_DESCRIPTION_TAG = 0x010E


Canaries = tuple[list[tuple[str, bytes]], dict[str, bytes]]
"""Names and contents of a BMP, a PNG, a JPEG, and a .zip with the JPEG in it; and the
marks in their pixels, metadata and names: bytes, by what they are a part of."""


def make_canaries(estimator: Estimator) -> Canaries:
    """Make photos whose marks nobody has seen before."""
    name, note = (f"canary-{secrets.token_hex(12)}" for _ in range(2))
    rgb = read_image(PHOTO).rgb.copy()
    noise = np.frombuffer(secrets.token_bytes(_MARK_PX**2 * 3), np.uint8)
    rgb[:_MARK_PX, :_MARK_PX] = noise.reshape(_MARK_PX, _MARK_PX, 3)
    exif = Image.Exif()
    exif[_DESCRIPTION_TAG] = note
    bitmap, jpeg = file_of(rgb, "BMP"), file_of(rgb, "JPEG", quality=93, exif=exif)
    stored = file_of(rgb, "PNG", compress_level=0, exif=exif)
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
    return [*files, (f"{name}.zip", zip_of(files[-1]))], marks


def _middle(content: bytes) -> bytes:
    start = len(content) // 2
    return content[start : start + _MARK_BYTES]
