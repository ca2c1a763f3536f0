"""Augmentation of training faces: geometry, light, colour and quality.

Geometry is varied while the face is cropped, so that nothing is resampled twice.
"""

from __future__ import annotations

import cv2
import numpy as np

from agemodel.faces import CropSquare, crop_square
from agemodel.runs.config import TrainConfig


def augmented_crop(
    rgb: np.ndarray, square: CropSquare, config: TrainConfig, rng: np.random.Generator
) -> np.ndarray:
    """Crop a face with random augmentation.

    Args:
        rgb: the picture, shape (h, w, 3), uint8.
        square: where its face is.
        config: how far each variation may go.
        rng: random generator.

    Returns:
        Shape (input_px, input_px, 3), uint8.
    """
    scale, turn, *shift = rng.uniform(-1, 1, 4)
    square = square.jittered(
        1 + scale * config.jitter_scale,
        (shift[0] * config.jitter_shift, shift[1] * config.jitter_shift),
        turn * config.jitter_turn_deg,
    )
    crop = crop_square(rgb, square, config.input_px)
    if config.flip and rng.random() < 0.5:
        crop = crop[:, ::-1]
    if rng.random() < config.degrade:
        crop = degrade(crop, rng)
    if config.jitter_light or config.jitter_colour:
        crop = vary_light(crop, config, rng)
    if rng.random() < config.greyscale:
        grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
        crop = np.repeat(grey[..., None], 3, axis=2)
    if rng.random() < config.erase:
        crop = erase(crop, rng)
    return crop


def vary_light(
    crop: np.ndarray, config: TrainConfig, rng: np.random.Generator
) -> np.ndarray:
    """Vary brightness, contrast, gamma and the channels' gains."""
    light, colour = config.jitter_light, config.jitter_colour
    gains = 1 + rng.uniform(-light, light) + rng.uniform(-colour, colour, 3)
    contrast = 1 + rng.uniform(-light, light)
    gamma = np.exp(rng.uniform(-light, light))
    levels = np.linspace(0, 1, 256)[:, None] ** gamma
    levels = (levels * gains - 0.5) * contrast + 0.5  # (256, 3)
    table = np.clip(levels * 255 + 0.5, 0, 255).astype(np.uint8)
    return cv2.LUT(np.ascontiguousarray(crop), table[None])


def erase(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cover a rectangle, of 2 to 15 % of the crop, with one colour.

    As in Z. Zhong et al., 'Random Erasing Data Augmentation', AAAI 2020: no
    single part of a face may decide the answer, and hands, glasses and hair hide parts.
    """
    size = crop.shape[0]
    area = rng.uniform(0.02, 0.15) * size**2
    ratio = np.exp(rng.uniform(-1, 1))
    width, height = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
    x, y = rng.integers(0, size - width + 1), rng.integers(0, size - height + 1)
    crop = crop.copy()
    crop[y : y + height, x : x + width] = rng.integers(0, 256, 3)
    return crop


def degrade(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reduce the quality in one or two ways, as in small, old or edited photos."""
    crop = np.ascontiguousarray(crop)
    ways = (_lower_resolution, _blur, _sharpen, _add_noise, _compress)
    chosen = rng.choice(len(ways), size=rng.integers(1, 3), replace=False)
    for way in sorted(chosen):
        crop = ways[way](crop, rng)
    return crop


def _lower_resolution(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    size = crop.shape[0]
    small = max(8, int(size * rng.uniform(0.2, 0.7)))
    less = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(less, (size, size), interpolation=cv2.INTER_LINEAR)


def _blur(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    sigma = crop.shape[0] / 128 * rng.uniform(0.5, 2.2)
    return cv2.GaussianBlur(crop, (0, 0), sigma)


def _sharpen(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    sigma = crop.shape[0] / 128 * rng.uniform(0.7, 2.0)
    amount = rng.uniform(0.3, 1.5)
    smooth = cv2.GaussianBlur(crop, (0, 0), sigma)
    return cv2.addWeighted(crop, 1 + amount, smooth, -amount, 0)


def _add_noise(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(0, rng.uniform(2, 14), crop.shape)
    return np.clip(crop + noise, 0, 255).astype(np.uint8)


def _compress(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return as_jpeg(crop, int(rng.integers(15, 60)))


def as_jpeg(rgb: np.ndarray, quality: int) -> np.ndarray:
    """A picture as it comes back from a JPEG of a quality, 0..100."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
