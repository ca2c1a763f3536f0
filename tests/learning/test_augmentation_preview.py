from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agemodel.core.errors import ImageError
from agemodel.faces import CropSquare, crop_square, square_of_picture
from agemodel.images import read_image
from agemodel.learning.augmentation_preview import (
    DRAWS,
    preview_of,
    square_in_chip,
    square_in_photo,
)
from agemodel.runs.config import TrainConfig
from agemodel.serving import read_sample, read_samples

SQUARE = CropSquare((40.0, 40.0), 50.0)
PLAIN = TrainConfig(name="plain", network="seed_cnn", input_px=32, flip=False)
VARIED = replace(PLAIN, flip=True, jitter_scale=0.2, jitter_light=0.3)


def picture() -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (80, 80, 3), dtype=np.uint8)


def test_first_is_the_plain_crop_and_all_have_the_size_of_the_recipe() -> None:
    preview = preview_of(picture(), SQUARE, VARIED, draw=1)
    assert np.array_equal(preview.plain, crop_square(picture(), SQUARE, 32))
    assert len(preview.varied) == DRAWS
    assert all(crop.shape == (32, 32, 3) for crop in preview.varied)


def test_recipe_that_varies_nothing_gives_the_same_face_again() -> None:
    preview = preview_of(picture(), SQUARE, PLAIN, draw=1)
    assert all(np.array_equal(crop, preview.plain) for crop in preview.varied)


def test_an_equal_draw_gives_equal_faces_and_another_one_others() -> None:
    first, again, other = (
        preview_of(picture(), SQUARE, VARIED, draw).varied for draw in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    assert not np.array_equal(first[0], first[1])


def test_face_of_a_sample_is_found() -> None:
    sample = read_samples()[0]
    rgb = read_image(read_sample(sample), name=sample.file).rgb
    square = square_in_photo(rgb)
    assert 0 < square.centre_xy[0] < rgb.shape[1]
    assert 35 < square.side_px < rgb.shape[1]


def test_photo_without_a_face_is_refused() -> None:
    with pytest.raises(ImageError, match="No face was found"):
        square_in_photo(np.full((200, 200, 3), 128, np.uint8))


def test_chip_is_taken_whole_where_the_recipe_says_so_or_no_face_is_found() -> None:
    grey = np.full((100, 100, 3), 128, np.uint8)
    assert square_in_chip(grey, "chip") == square_of_picture(grey)
    assert square_in_chip(grey, "detector") == square_of_picture(grey)
