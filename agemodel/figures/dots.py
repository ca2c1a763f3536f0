"""Scatter plots of many points as one picture, which any browser draws at once."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image

SIDE_PX = 720
MARGIN = 0.02
"""Margin around the unit square, so that no dot is cut."""
FEW = 1500
"""Up to this many dots are drawn larger."""

_OPACITY = 0.75
"""Opacity of one dot; overlapping dots add up."""
_RADIUS_PX, _LARGE_RADIUS_PX = 2.3, 4.2


def draw_values(
    x: np.ndarray, y: np.ndarray, values: np.ndarray, colours: Sequence[str], top: float
) -> np.ndarray:
    """Draw a dot a point, coloured by a number; where dots overlap, by their mean.

    Args:
        x: shape (n,), 0..1, to the right.
        y: shape (n,), 0..1, upwards.
        values: shape (n,), no nan; those beyond 0..top get the colours of the ends.
        colours: of the values from 0 to `top` in even steps, as `#3f6fd0`.
        top: the value of the last colour.

    Returns:
        Shape (SIDE_PX, SIDE_PX, 4), uint8, RGB and opacity; the unit square with
        `MARGIN` around it.
    """
    radius_px = _radius_px(len(x))
    count = _stamped(x, y, None, radius_px)
    total = _stamped(x, y, values.clip(0, top).astype(np.float64), radius_px)
    shown = count > 0
    scale = np.linspace(0, top, len(colours))
    mean = total[shown] / count[shown]
    rgb = [np.interp(mean, scale, channel) for channel in _rgb(colours).T]
    return _picture(count, shown, np.stack(rgb, axis=-1))


def draw_labels(
    x: np.ndarray, y: np.ndarray, labels: np.ndarray, colours: Sequence[str]
) -> np.ndarray:
    """Draw a dot a point, coloured by a label; where dots overlap, colours mix.

    Args:
        x: shape (n,), 0..1, to the right.
        y: shape (n,), 0..1, upwards.
        labels: shape (n,), the numbers of the colours; -1 is not drawn.
        colours: as `#3f6fd0`.

    Returns:
        As `draw_values`.
    """
    radius_px = _radius_px(len(x))
    counts = np.stack(
        [
            _stamped(x[labels == number], y[labels == number], None, radius_px)
            for number in range(len(colours))
        ],
        axis=-1,
    )  # (side, side, colours)
    count = counts.sum(axis=-1)
    shown = count > 0
    shares = counts[shown] / count[shown, None]
    return _picture(count, shown, shares @ _rgb(colours))


def as_url(picture: np.ndarray) -> str:
    """A picture, shape (h, w, 4), uint8, as a data URL."""
    content = BytesIO()
    Image.fromarray(picture).save(content, "WEBP", quality=80, method=1)
    return f"data:image/webp;base64,{base64.b64encode(content.getvalue()).decode()}"


def _radius_px(n: int) -> float:
    return _LARGE_RADIUS_PX if n <= FEW else _RADIUS_PX


def _stamped(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, radius_px: float
) -> np.ndarray:
    """Sum the weights of the points within a radius of every pixel.

    Returns:
        Shape (SIDE_PX, SIDE_PX), the first row on top; 1 a point without weights.
    """
    scale = SIDE_PX / (1 + 2 * MARGIN)
    columns = ((x + MARGIN) * scale).astype(np.int64).clip(0, SIDE_PX - 1)
    rows = ((1 + MARGIN - y) * scale).astype(np.int64).clip(0, SIDE_PX - 1)
    cells = np.bincount(rows * SIDE_PX + columns, weights, SIDE_PX**2)
    points = cells.reshape(SIDE_PX, SIDE_PX).astype(np.float32)
    reach = int(radius_px)
    padded = np.pad(points, reach)
    found = np.zeros_like(points)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if down**2 + right**2 <= radius_px**2:
                top, left = reach + down, reach + right
                found += padded[top : top + SIDE_PX, left : left + SIDE_PX]
    return found


def _picture(count: np.ndarray, shown: np.ndarray, rgb: np.ndarray) -> np.ndarray:
    picture = np.zeros((SIDE_PX, SIDE_PX, 4), np.uint8)
    picture[shown, :3] = rgb.round()
    picture[shown, 3] = (255 * (1 - (1 - _OPACITY) ** count[shown])).round()
    return picture


def _rgb(colours: Sequence[str]) -> np.ndarray:
    """Shape (n, 3), float64, 0..255."""
    digits = [[colour[start : start + 2] for start in (1, 3, 5)] for colour in colours]
    return np.array([[int(two, 16) for two in one] for one in digits], np.float64)
