"""Numbered boxes on a photo, readable on light and dark."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from agemodel.errors import ImageError
from agemodel.results.judging import PhotoResult

if TYPE_CHECKING:
    from agemodel.estimator import Estimate

_DARK, _LIGHT = (13, 58, 55), (255, 255, 255)
_LINE_SHARE = 1 / 320
_TEXT_SHARE = 1 / 36
_MIN_TEXT_PX = 14


def annotate(result: PhotoResult) -> np.ndarray:
    """Draw a result's faces on its preview: a box each, its number and its age.

    A face too narrow for both is labelled with the number alone.

    Returns:
        Shape (h, w, 3), uint8; at most `PREVIEW_SIDE_PX` long.

    Raises:
        ImageError: the result kept no preview.
    """
    rgb = result.preview_rgb
    if rgb is None:
        raise ImageError(f"{result.name} has no preview to draw on.")
    picture = Image.fromarray(rgb)
    draw = ImageDraw.Draw(picture)
    # The largest face last, so that its label lies on top.
    for number, estimate in reversed(list(enumerate(result.estimates, start=1))):
        _draw_face(draw, picture.size, result.preview_scale, number, estimate)
    return np.array(picture)


def _draw_face(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    scale: float,
    number: int,
    estimate: Estimate,
) -> None:
    line = max(2, round(max(size) * _LINE_SHARE))
    right, bottom = size[0] - 1, size[1] - 1
    x0, y0, x1, y1 = (side * scale for side in estimate.box_xyxy)
    x0, x1 = (min(max(x, 0.0), right) for x in (x0, x1))
    y0, y1 = (min(max(y, 0.0), bottom) for y in (y0, y1))
    rim = max(1, line // 2)  # dark on both sides of the light line
    outer = (x0 - rim, y0 - rim, x1 + rim, y1 + rim)
    draw.rectangle(outer, None, _DARK, line + 2 * rim)
    draw.rectangle((x0, y0, x1, y1), None, _LIGHT, line)
    _draw_label(draw, size, outer, number, estimate)


def _draw_label(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    box: tuple[float, float, float, float],
    number: int,
    estimate: Estimate,
) -> None:
    """Write on a plate above the box, or below where there is no room above."""
    x0, y0, x1, y1 = box
    text_px = max(_MIN_TEXT_PX, round(min(max(size) * _TEXT_SHARE, (x1 - x0) / 6)))
    font = _font(text_px)
    padding = text_px * 0.4
    text = f"{number}: {estimate.age_years:.0f} years"
    if draw.textlength(text, font) + 2 * padding > (x1 - x0) * 1.2:
        text = str(number)
    width = draw.textlength(text, font) + 2 * padding
    height = text_px * 1.4
    left = min(max(x0, 0.0), max(size[0] - width, 0.0))
    top = y0 - height if y0 >= height else min(y1, size[1] - height)
    draw.rectangle((left, top, left + width, top + height), _DARK)
    draw.text((left + width / 2, top + height / 2), text, _LIGHT, font, anchor="mm")


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)
