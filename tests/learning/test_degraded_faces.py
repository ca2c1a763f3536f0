from __future__ import annotations

import cv2
import numpy as np
import pytest

from agemodel.faces.quality import grey_of, sharpness
from agemodel.learning.degraded_faces import (
    make_blurred,
    make_bright,
    make_cut,
    make_dark,
    make_small,
    make_tilted,
)
from tests.harness.made_faces import noise

SIDE = 128


def flat(level: int, side: int = SIDE) -> np.ndarray:
    return np.full((side, side, 3), level, np.uint8)


def stripes() -> np.ndarray:
    """Columns of black and of white, a pixel wide, in turn."""
    row = np.tile(np.array([0, 255], np.uint8), SIDE // 2)
    return np.repeat(np.tile(row, (SIDE, 1))[..., None], 3, axis=2)


@pytest.mark.parametrize(
    ("make", "value"),
    [
        *((make_small, 40), (make_blurred, 0.02), (make_dark, 50)),
        *((make_bright, 215), (make_cut, 0.2)),
    ],
)
def test_a_made_face_is_another_picture_of_the_same_form(make, value) -> None:
    crop = noise(SIDE, SIDE)
    before = crop.copy()
    made = make(crop, value)
    assert (made.shape, made.dtype) == (crop.shape, np.uint8)
    assert (made != crop).any()
    assert (crop == before).all()  # the caller's picture stays


def test_small_keeps_the_means_of_cells_and_loses_what_is_finer() -> None:
    # 128 px fall into 40: a cell is 3.2 px wide, more than a stripe of black and of
    # white together (2 px). Of its 3.2 px 1.0 to 2.2 are white, so its level is
    # between 255 * 1 / 3.2 = 79.7 and 255 * 2.2 / 3.2 = 175.3.
    made = make_small(stripes(), 40)
    assert made.min() >= 79 and made.max() <= 176
    assert made.mean() == pytest.approx(127.5, abs=1)


def test_small_keeps_as_many_cells_as_it_says() -> None:
    # One white column among 128: of 16 cells, 8 px wide each, one is 255 / 8 = 31.9;
    # interpolated half a px beside its centre it is 31.9 * 7.5 / 8 = 29.9.
    line = flat(0)
    line[:, 60] = 255
    assert make_small(line, 16).max() == pytest.approx(29.9, abs=1)
    assert make_small(line, 64).max() == pytest.approx(95.6, abs=1)  # 127.5 * 1.5 / 2


@pytest.mark.parametrize("wanted", [0.035, 0.012, 0.004])
def test_blurred_is_about_as_sharp_as_is_wanted(wanted: float) -> None:
    disc = cv2.circle(flat(0), (64, 64), 40, (200, 180, 160), -1)
    assert sharpness(grey_of(disc)) > 0.1
    found = sharpness(grey_of(make_blurred(disc, wanted)))
    assert found == pytest.approx(wanted, rel=0.15)


def test_dark_brings_the_mean_to_the_value() -> None:
    # 200 * 50 / 200 = 50, and a half of it 100 to a half of 50
    assert (make_dark(flat(200), 50) == 50).all()
    halves = np.concatenate([flat(100)[:, :64], flat(0)[:, :64]], axis=1)
    assert sorted(set(make_dark(halves, 25).ravel().tolist())) == [0, 50]
    assert (make_dark(flat(20), 50) == 20).all()  # it is not made lighter
    assert (make_dark(flat(0), 50) == 0).all()


def test_bright_brings_the_mean_to_the_value_and_loses_the_highlights() -> None:
    assert (make_bright(flat(100), 215) == 215).all()
    halves = np.concatenate([flat(60)[:, :64], flat(180)[:, :64]], axis=1)
    # The mean is 215 when the darker half is 175 and the lighter one clipped at 255.
    low, high = sorted(set(make_bright(halves, 215).ravel().tolist()))
    assert (low, high) == (pytest.approx(175, abs=1), 255)


def test_cut_repeats_the_last_column_over_the_right_fifth() -> None:
    crop = noise(SIDE, SIDE)
    made = make_cut(crop, 0.2)
    # 0.8 * 128 = 102.4: the columns 0 to 101 stay
    assert (made[:, :102] == crop[:, :102]).all()
    assert (made[:, 102:] == crop[:, 101:102]).all()


def test_tilted_is_turned_clockwise_in_the_middle_of_a_picture_twice_as_wide() -> None:
    left_is_white = np.concatenate([flat(255)[:, :64], flat(0)[:, :64]], axis=1)
    made = make_tilted(left_is_white, 90)
    assert made.shape == (2 * SIDE, 2 * SIDE, 3)
    # Turned clockwise by a quarter the left side is on top.
    assert made[SIDE - 40, SIDE].min() == 255
    assert made[SIDE + 40, SIDE].max() == 0
    assert made[5, 5].min() == 255  # the edge goes on
