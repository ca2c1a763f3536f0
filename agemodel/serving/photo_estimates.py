"""Estimates of photo files; a file that cannot be read gives a result, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from agemodel.core.caps import caps
from agemodel.core.errors import ImageError
from agemodel.images import downscale, encode_jpeg, read_image
from agemodel.serving.known_ages import KnownAge, reading_order
from agemodel.serving.uploads import Upload

if TYPE_CHECKING:
    from agemodel.serving.estimator import Estimate

PREVIEW_SIDE_PX = 1_600
"""Longer side of the preview, the only pixels of a photo that a result keeps."""

_PREVIEW_QUALITY = 90
_TURNED = {
    1: "The photo lay on its side: it was turned to the left to find a face.",
    2: "The photo stood upside down: it was turned round to find a face.",
    3: "The photo lay on its side: it was turned to the right to find a face.",
}
_TURNED_BY_HAND = {
    1: "The photo was turned to the left, as you asked.",
    2: "The photo was turned upside down, as you asked.",
    3: "The photo was turned to the right, as you asked.",
}
_WHOLE = "No face was found: the whole picture was estimated as one face, as you asked."


class FaceEstimator(Protocol):
    """The methods of `Estimator` that are used here."""

    def estimate(self, rgb: np.ndarray) -> list[Estimate]: ...

    def estimate_upright(self, rgb: np.ndarray) -> tuple[list[Estimate], int]: ...

    def estimate_aligned(self, rgb: np.ndarray) -> Estimate: ...


@dataclass(frozen=True, eq=False)
class PhotoResult:
    """The result of one file.

    Attributes:
        name: the file's name as given.
        width: upright width of the file itself, px; None on error.
        height: upright height of the file itself, px; None on error.
        estimates: a face each, row by row from left to right, in px of the working
            picture; the largest, as many as the cap on faces allows.
        working_size: width and height of the working picture, px: the file's, turned by
            `quarter_turns`, perhaps decoded smaller. None on error.
        quarter_turns: counter-clockwise quarter turns from the file's upright frame to
            the working picture, 0..3.
        notes: sentences for the person.
        faces_left_out: how many faces were found beyond the cap.
        error: why the file could not be read, a sentence; None when it could.
        preview_jpeg: the working picture, at most `PREVIEW_SIDE_PX` long; None on error
            and where none was asked for.
        known_ages: how old people were, by the number of their face from 0.
    """

    name: str
    width: int | None = None
    height: int | None = None
    estimates: tuple[Estimate, ...] = ()
    working_size: tuple[int, int] | None = None
    quarter_turns: int = 0
    notes: tuple[str, ...] = ()
    faces_left_out: int = 0
    error: str | None = None
    preview_jpeg: bytes | None = None
    known_ages: Mapping[int, KnownAge] = field(default_factory=dict)

    @property
    def scale(self) -> float:
        """Factor from px of the working picture to px of the file."""
        if self.width is None or self.working_size is None:
            return 1.0
        return self.width / self.working_size[self.quarter_turns % 2]

    @property
    def preview_scale(self) -> float:
        """Factor from px of the working picture to px of the preview, at most 1."""
        return min(1.0, PREVIEW_SIDE_PX / max(self.working_size or (1,)))

    @property
    def preview_rgb(self) -> np.ndarray | None:
        """The preview decoded, shape (h, w, 3), uint8."""
        if self.preview_jpeg is None:
            return None
        return np.array(Image.open(BytesIO(self.preview_jpeg)))

    def file_box(self, estimate: Estimate) -> tuple[float, float, float, float]:
        """A face's box in px of the upright file, cut at its edges."""
        x0, y0, x1, y1 = estimate.box_xyxy
        width, height = self.working_size or (0, 0)
        for _ in range(self.quarter_turns):  # undo a turn: (x, y) was (height - y, x)
            x0, y0, x1, y1 = height - y1, x0, height - y0, x1
            width, height = height, width
        x0, x1 = (min(max(x, 0.0), width) * self.scale for x in (x0, x1))
        y0, y1 = (min(max(y, 0.0), height) * self.scale for y in (y0, y1))
        return x0, y0, x1, y1


def estimate_photo(
    estimator: FaceEstimator,
    source: bytes | Path,
    name: str | None = None,
    *,
    aligned: bool = False,
    keep_preview: bool = False,
) -> PhotoResult:
    """Find and estimate every face of a file.

    A photo without a face is tried in the other three directions, and of one with more
    faces than the cap the largest are kept; the result says so.

    Args:
        estimator: finds and estimates faces.
        source: the bytes of a file, or its path.
        name: what the result is called; a path's own name by default.
        aligned: whether it is a cropped face already, and nothing is to be searched.
        keep_preview: whether the result keeps the picture, small.
    """
    try:
        photo = read_image(source, name=name)
    except ImageError as error:
        name = name or ("This file" if isinstance(source, bytes) else source.name)
        return PhotoResult(name, error=str(error))
    if aligned:
        found, turns = [estimator.estimate_aligned(photo.rgb)], 0
    else:
        found, turns = estimator.estimate_upright(photo.rgb)
    height, width = photo.rgb.shape[:2]
    preview = None
    if keep_preview:
        small = np.rot90(downscale(photo.rgb, PREVIEW_SIDE_PX), turns)
        preview = encode_jpeg(np.ascontiguousarray(small), _PREVIEW_QUALITY)
    return PhotoResult(
        name=photo.name,
        width=photo.width,
        height=photo.height,
        estimates=_in_order(found[: caps().faces]),
        faces_left_out=len(found[caps().faces :]),
        working_size=(height, width) if turns % 2 else (width, height),
        quarter_turns=turns,
        notes=photo.notes + ((_TURNED[turns],) if turns else ()) + _left_out(found),
        preview_jpeg=preview,
    )


def estimate_upload(
    estimator: FaceEstimator, upload: Upload, *, aligned: bool = False
) -> PhotoResult:
    """Estimate a photo that waits to be read; see `estimate_photo`."""
    try:
        content = upload.read()
    except ImageError as error:
        return PhotoResult(upload.name, error=str(error))
    result = estimate_photo(estimator, content, upload.name, aligned=aligned)
    return replace(result, notes=result.notes + upload.notes)


def estimate_turned_photo(
    estimator: FaceEstimator, result: PhotoResult, quarter_turns: int
) -> PhotoResult:
    """Turn a result's picture counter-clockwise and look for faces again.

    Raises:
        ImageError: the result kept no preview.
    """
    turned = np.ascontiguousarray(np.rot90(_preview(result), quarter_turns))
    total = (result.quarter_turns + quarter_turns) % 4
    by_hand = tuple(_TURNED_BY_HAND.values())
    notes = tuple(note for note in result.notes if note not in by_hand)
    found = estimator.estimate(turned)
    return replace(
        result,
        estimates=_in_order(found[: caps().faces]),
        faces_left_out=len(found[caps().faces :]),
        working_size=(turned.shape[1], turned.shape[0]),
        quarter_turns=total,
        notes=notes + ((_TURNED_BY_HAND[total],) if total else ()) + _left_out(found),
        preview_jpeg=encode_jpeg(turned, _PREVIEW_QUALITY),
        known_ages={},
    )


def estimate_whole_photo(estimator: FaceEstimator, result: PhotoResult) -> PhotoResult:
    """Estimate a result's whole picture as one face.

    Raises:
        ImageError: the result kept no preview.
    """
    rgb = _preview(result)
    return replace(
        result,
        estimates=(estimator.estimate_aligned(rgb),),
        working_size=(rgb.shape[1], rgb.shape[0]),
        notes=(*result.notes, _WHOLE),
    )


def _preview(result: PhotoResult) -> np.ndarray:
    rgb = result.preview_rgb
    if rgb is None:
        raise ImageError(
            f"{result.name} is no longer in memory: expected its preview, got none. "
            "Bring the photo once more."
        )
    return rgb


def _in_order(estimates: list[Estimate]) -> tuple[Estimate, ...]:
    order = reading_order([estimate.box_xyxy for estimate in estimates])
    return tuple(estimates[number] for number in order)


def _left_out(estimates: list[Estimate]) -> tuple[str, ...]:
    """A note on the faces beyond the cap, if there are any; the largest come first."""
    most = caps().faces
    over = len(estimates) - most
    if over <= 0:
        return ()
    note = (
        f"It shows {len(estimates):,} faces: of one photo at most the {most:,} largest "
        f"are kept, so {over:,} {'was' if over == 1 else 'were'} left out."
    )
    return (note,)
