"""Drawing: numbered boxes on a photo, and the age heatmap on a face."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from agemodel.core.errors import ImageError
from agemodel.serving.photo_estimates import PhotoResult

if TYPE_CHECKING:
    from agemodel.serving.estimator import Estimate

OLDER_RGB, YOUNGER_RGB = (213, 94, 0), (0, 114, 178)
"""Orange and blue that differ for colour-blind people, too: M. Okabe and K. Ito, 'Color
Universal Design', 2008."""

FAINT_YEARS = 0.2
"""A heatmap below this is drawn faint, not scaled up to full colour."""

_DARK, _LIGHT = (13, 58, 55), (255, 255, 255)
_LINE_SHARE = 1 / 320
_TEXT_SHARE = 1 / 36
_MIN_TEXT_PX = 14
_MOST_COLOUR = 0.85  # so that a face's own light and dark show through
_SHADES = (0.25, 0.75)  # so that the colours show on the darkest and lightest face


def annotate(result: PhotoResult) -> np.ndarray:
    """Draw a result's faces on its preview: a box each, its number and its age, if any.

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
    numbered = enumerate(result.estimates, start=1)
    for number, estimate in sorted(numbered, key=lambda one: one[1].quality.size_px):
        x0, y0, x1, y1 = (side * result.preview_scale for side in estimate.box_xyxy)
        draw_box(draw, (x0, y0, x1, y1), _labels(number, estimate))
    return np.array(picture)


def heatmap_range_years(heatmap: np.ndarray) -> float:
    """The years, up or down, that `heatmap_overlay` draws in its deepest colour."""
    return max(float(np.abs(heatmap).max()), FAINT_YEARS)


def heatmap_overlay(crop_rgb: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Colour a face by what moved its age: orange made it older, blue younger.

    The face's own brightness is kept, so that it can be recognised. Its own colours are
    removed where the map is strong, because skin is near to orange.

    Args:
        crop_rgb: shape (s, s, 3), uint8.
        heatmap: shape (h, w), float, years, of cells that cover the crop.

    Returns:
        Shape (s, s, 3), uint8.
    """
    cells = np.asarray(heatmap, dtype=np.float32) / heatmap_range_years(heatmap)
    smooth = _spread(cells, crop_rgb.shape[:2])[..., None]  # (s, s, 1), -1..1
    strength = np.abs(smooth)
    crop = crop_rgb.astype(np.float32) / 255
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[..., None]
    tint = np.where(smooth > 0, _tinted(grey, OLDER_RGB), _tinted(grey, YOUNGER_RGB))
    paler = crop + np.sqrt(strength) * (grey - crop)
    mixed = paler + _MOST_COLOUR * strength * (tint - paler)
    return np.rint(mixed * 255).astype(np.uint8)


def _spread(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Interpolate cells, shape (h, w), to a smooth surface, exact at their centres.

    Cubic interpolation would overshoot: beside a cell that makes older it would show
    one that makes younger.
    """
    down, across = (
        _eased(np.clip((np.arange(n) + 0.5) * count / n - 0.5, 0, count - 1))
        for n, count in zip(size, cells.shape, strict=True)
    )
    x, y = np.meshgrid(across, down)
    return cv2.remap(cells, x, y, cv2.INTER_LINEAR)


def _eased(position: np.ndarray) -> np.ndarray:
    """Positions between whole numbers, float32, eased in and out."""
    whole = np.floor(position)
    part = position - whole
    return (whole + part**2 * (3 - 2 * part)).astype(np.float32)


def _tinted(grey: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Shape (s, s, 3): grey values 0..1 in shades of a colour, none black or white."""
    darkest, lightest = _SHADES
    shade = darkest + (lightest - darkest) * grey
    pure = np.array(colour, np.float32) / 255
    towards_white = pure + (1 - pure) * (2 * shade - 1)
    return np.where(shade < 0.5, pure * 2 * shade, towards_white)


def _labels(number: int, estimate: Estimate) -> tuple[str, str]:
    age = "no age" if estimate.reason else f"{estimate.age_years:.0f} years"
    age = "no face?" if estimate.doubtful else age
    return f"{number}: {age}", str(number)


def draw_box(
    draw: ImageDraw.ImageDraw,
    box_xyxy: tuple[float, float, float, float],
    labels: Sequence[str] = (),
) -> None:
    """Draw a box with a label on it, if there is one.

    Args:
        draw: of the picture.
        box_xyxy: px of the picture; it may reach out of it.
        labels: the first that is not too wide for the box is written, else the last.
    """
    size = draw.im.size
    line = max(2, round(max(size) * _LINE_SHARE))
    right, bottom = size[0] - 1, size[1] - 1
    x0, y0, x1, y1 = box_xyxy
    x0, x1 = (min(max(x, 0.0), right) for x in (x0, x1))
    y0, y1 = (min(max(y, 0.0), bottom) for y in (y0, y1))
    rim = max(1, line // 2)  # dark on both sides of the light line
    outer = (x0 - rim, y0 - rim, x1 + rim, y1 + rim)
    draw.rectangle(outer, None, _DARK, line + 2 * rim)
    draw.rectangle((x0, y0, x1, y1), None, _LIGHT, line)
    if labels:
        _draw_label(draw, outer, labels)


def _draw_label(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    labels: Sequence[str],
) -> None:
    """Write on a plate above the box, or below where there is no room above."""
    x0, y0, x1, y1 = box
    size = draw.im.size
    text_px = max(_MIN_TEXT_PX, round(min(max(size) * _TEXT_SHARE, (x1 - x0) / 6)))
    font = _font(text_px)
    padding = text_px * 0.4
    widths = [draw.textlength(text, font) + 2 * padding for text in labels]
    fitting = (n for n, width in enumerate(widths) if width <= (x1 - x0) * 1.2)
    chosen = next(fitting, len(labels) - 1)
    text, width = labels[chosen], widths[chosen]
    height = text_px * 1.4
    left = min(max(x0, 0.0), max(size[0] - width, 0.0))
    top = y0 - height if y0 >= height else min(y1, size[1] - height)
    draw.rectangle((left, top, left + width, top + height), _DARK)
    draw.text((left + width / 2, top + height / 2), text, _LIGHT, font, anchor="mm")


@lru_cache(maxsize=64)
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)
