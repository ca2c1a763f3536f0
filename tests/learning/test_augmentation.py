from __future__ import annotations

import numpy as np
import pytest

from agemodel.faces import CropSquare, crop_square
from agemodel.learning.augmentation import augmented_crop, degrade, erase
from agemodel.runs.config import TrainConfig
from tests.harness.made_faces import noise

SQUARE = CropSquare((128, 128), 80)


def recipe(input_px: int = 32, **changes: float | bool) -> TrainConfig:
    """Nothing varies but what is asked for."""
    return TrainConfig("x", "mobile", input_px, **({"flip": False} | changes))


EVERYTHING = recipe(
    flip=True,
    jitter_scale=0.12,
    jitter_shift=0.06,
    jitter_turn_deg=12.0,
    jitter_light=0.35,
    jitter_colour=0.12,
    degrade=0.5,
    greyscale=0.3,
    erase=0.3,
)


def crops_of(
    rgb: np.ndarray, config: TrainConfig, count: int, square: CropSquare = SQUARE
) -> np.ndarray:
    """The same face `count` times, by the seeds 0, 1, ..."""
    return np.stack(
        [
            augmented_crop(rgb, square, config, np.random.default_rng(seed))
            for seed in range(count)
        ]
    )


def places() -> np.ndarray:
    """A picture of 256 px whose red is x and whose green is y."""
    rgb = np.zeros((256, 256, 3), np.uint8)
    rgb[..., 0] = np.arange(256)[None]
    rgb[..., 1] = np.arange(256)[:, None]
    return rgb


def square_seen(crop: np.ndarray) -> tuple[float, float, float, float]:
    """Scale, shift to the right and down in sides, and turn in degrees, of a crop.

    Read off a crop of `places`: its colours are positions in the photo, so a plane
    through them tells where the crop's axes lie.
    """
    size = crop.shape[0]
    rows, columns = np.mgrid[:size, :size] + 0.5
    design = np.stack([columns.ravel() - size / 2, rows.ravel() - size / 2], 1)
    design = np.column_stack([design, np.ones(size * size)])
    (right, _, centre), *_ = np.linalg.lstsq(
        design, crop[..., :2].reshape(-1, 2) + 0.5, rcond=None
    )[:1]
    scale = np.hypot(*right) * size / SQUARE.side_px
    shift = (centre - SQUARE.centre_xy) / SQUARE.side_px
    return scale, *shift, np.degrees(np.arctan2(right[1], right[0]))


def test_nothing_varies_where_everything_is_zero() -> None:
    rgb = noise(256, 256)
    crops = crops_of(rgb, recipe(), 5)
    assert (crops == crop_square(rgb, SQUARE, 32)).all()


def test_chance_is_the_generators_alone() -> None:
    rgb = noise(256, 256)
    one, again = (crops_of(rgb, EVERYTHING, 8) for _ in range(2))
    assert np.array_equal(one, again)
    # and another seed is another crop
    assert len({crop.tobytes() for crop in one}) == 8


def test_half_of_the_faces_are_mirrored() -> None:
    rgb = noise(256, 256)
    plain = crop_square(rgb, SQUARE, 32)
    crops = crops_of(rgb, recipe(flip=True), 400)
    mirrored = (crops == plain[:, ::-1]).all((1, 2, 3))
    assert ((crops == plain).all((1, 2, 3)) | mirrored).all()
    # four standard deviations of 400 throws of a coin: 4 * 0.5 / 20
    assert mirrored.mean() == pytest.approx(0.5, abs=0.1)


def test_grey_is_the_pictures_luminance() -> None:
    green = np.zeros((256, 256, 3), np.uint8)
    green[..., 1] = 200
    crop = crops_of(green, recipe(greyscale=1.0), 1)
    # ITU-R BT.601: 0.587 * 200 = 117.4; red and blue taken for one another would not
    # show here, so red as well: 0.299 * 200 = 59.8
    assert set(np.unique(crop)) == {117}
    red = np.roll(green, -1, axis=2)
    assert set(np.unique(crops_of(red, recipe(greyscale=1.0), 1))) == {60}


@pytest.mark.parametrize("setting", ["degrade", "erase", "greyscale"])
def test_the_asked_share_of_faces_is_changed(setting: str) -> None:
    rgb = noise(256, 256)
    rgb.setflags(write=False)  # the photo itself is not
    crops = crops_of(rgb, recipe(**{setting: 0.25}), 400)
    changed = (crops != crop_square(rgb, SQUARE, 32)).any((1, 2, 3))
    # four standard deviations: 4 * sqrt(0.25 * 0.75 / 400) = 0.087
    assert changed.mean() == pytest.approx(0.25, abs=0.087)


def patch(crop: np.ndarray, erased: np.ndarray) -> tuple[slice, slice]:
    """The smallest rectangle that holds every pixel that differs."""
    rows, columns = np.nonzero((crop != erased).any(2))
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


def test_patch_is_a_rectangle_of_one_colour_of_2_to_15_per_cent() -> None:
    # Every pixel is of another colour than its neighbours, so a patch shows whole.
    crop = noise(128, 128)
    shares = []
    for seed in range(300):
        erased = erase(crop, np.random.default_rng(seed))
        found = patch(crop, erased)
        assert (np.ptp(erased[found], axis=(0, 1)) == 0).all()
        shares.append(erased[found][..., 0].size / 128**2)
    # Sides are whole pixels: of the smallest patch, 11 x 30, rounding by half a pixel
    # each takes off up to 0.12 % of the crop; of the largest, 30 x 82, adds 0.35 %.
    assert min(shares) >= 0.0187
    assert max(shares) <= 0.1535
    # Of 300 even draws, none in the outer twentieth on a side: 0.95^300 = 2e-7.
    assert min(shares) < 0.0265 + 0.0013
    assert max(shares) > 0.1435 - 0.0035


def test_patches_reach_every_edge_and_the_crop_itself_stays_whole() -> None:
    crop = noise(64, 64)
    before = crop.copy()
    covered = np.zeros((64, 64), bool)
    for seed in range(300):
        covered |= (erase(crop, np.random.default_rng(seed)) != crop).any(2)
    assert np.array_equal(crop, before)
    assert covered.any(0).all()
    assert covered.any(1).all()


def test_jitter_stays_within_its_bounds_and_reaches_them() -> None:
    config = recipe(
        input_px=128, jitter_scale=0.2, jitter_shift=0.1, jitter_turn_deg=15.0
    )
    seen = np.array([square_seen(crop) for crop in crops_of(places(), config, 300)])
    scale, across, down, turn = seen.T
    for values, middle, bound, error in (
        (scale, 1, 0.2, 0.005),
        (across, 0, 0.1, 0.005),
        (down, 0, 0.1, 0.005),
        (turn, 0, 15, 0.3),
    ):
        assert np.abs(values - middle).max() < bound + error
        # Of 300 even draws, none in the outer twentieth of a side: 0.975^300 = 0.0005
        assert values.max() - middle > 0.9 * bound
        assert values.min() - middle < -0.9 * bound
    # Each is drawn for itself.
    off_diagonal = np.corrcoef(seen.T)[~np.eye(4, dtype=bool)]
    assert np.abs(off_diagonal).max() < 4 / np.sqrt(300)


@pytest.mark.parametrize(
    ("changes", "varies"),
    [
        ({"jitter_scale": 0.2}, (True, False, False, False)),
        ({"jitter_shift": 0.1}, (False, True, True, False)),
        ({"jitter_turn_deg": 15.0}, (False, False, False, True)),
    ],
)
def test_each_jitter_varies_its_own_measure_alone(
    changes: dict, varies: tuple[bool, ...]
) -> None:
    crops = crops_of(places(), recipe(input_px=128, **changes), 20)
    ranges = np.ptp([square_seen(crop) for crop in crops], axis=0)
    small = np.array([0.01, 0.01, 0.01, 0.3])  # rounding to whole levels
    assert tuple(ranges > small) == varies


def test_light_varies_all_channels_alike_within_bounds() -> None:
    grey = np.full((256, 256, 3), 128, np.uint8)
    crops = crops_of(grey, recipe(jitter_light=0.2), 300).astype(int)
    assert (np.ptp(crops, axis=(1, 2, 3)) == 0).all()
    levels = crops[:, 0, 0, 0]
    # 128 / 255 = 0.502, to the power of e^-0.2 .. e^0.2 is 0.569 .. 0.431; times 1.2 or
    # 0.8 is 0.682 .. 0.345; 1.2 times as far from 0.5 is 0.719 .. 0.314.
    assert levels.min() >= 0.314 * 255 - 1
    assert levels.max() <= 0.719 * 255 + 1
    assert levels.min() < 100
    assert levels.max() > 156


def test_colour_varies_each_channel_by_itself_within_bounds() -> None:
    grey = np.full((256, 256, 3), 128, np.uint8)
    crops = crops_of(grey, recipe(jitter_colour=0.1), 300).astype(int)
    levels = crops[:, 0, 0]  # (300, 3)
    # gains of 0.9 to 1.1: 115.2 to 140.8
    assert 115 <= levels.min() < 117
    assert 139 < levels.max() <= 141
    correlations = np.corrcoef(levels.T)[~np.eye(3, dtype=bool)]
    assert np.abs(correlations).max() < 4 / np.sqrt(300)


def test_lost_quality_keeps_the_face_recognisable_and_its_colours_in_place() -> None:
    # red at the left, blue at the right
    crop = np.zeros((64, 64, 3), np.uint8)
    crop[:, :32], crop[:, 32:] = (200, 60, 60), (60, 60, 200)
    for seed in range(60):
        worse = degrade(crop, np.random.default_rng(seed)).astype(int)
        assert worse.shape == crop.shape
        means = worse[:, :24].mean((0, 1)), worse[:, 40:].mean((0, 1))
        assert means[0] == pytest.approx([200, 60, 60], abs=12)
        assert means[1] == pytest.approx([60, 60, 200], abs=12)


def test_each_way_of_losing_quality_happens() -> None:
    # A flat crop stays flat but for noise; fine texture is changed by all four.
    flat = np.full((64, 64, 3), 100, np.uint8)
    noisy = [
        np.ptp(degrade(flat, np.random.default_rng(seed))) > 0 for seed in range(200)
    ]
    # One or two of four ways, with equal chances: noise is among them with 1.5 / 4;
    # four standard deviations are 4 * sqrt(0.375 * 0.625 / 200) = 0.137.
    assert np.mean(noisy) == pytest.approx(0.375, abs=0.137)
    texture = noise(64, 64)
    assert all(
        not np.array_equal(degrade(texture, np.random.default_rng(seed)), texture)
        for seed in range(60)
    )
