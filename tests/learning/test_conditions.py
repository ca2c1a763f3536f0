from __future__ import annotations

import cv2
import numpy as np
import pytest

from agemodel.faces.quality import (
    BLURRED_SHARPNESS,
    BRIGHT_BRIGHTNESS,
    CONDITIONS,
    DARK_BRIGHTNESS,
    TURNED_DEG,
    grey_of,
    sharpness,
    warnings,
)
from agemodel.faces.quality import FaceQuality as Quality
from agemodel.learning import conditions
from agemodel.learning.conditions import (
    MAKE,
    make_blurred,
    make_bright,
    make_cut,
    make_dark,
    make_small,
    measure_conditions,
)
from agemodel.metrics.evaluation_results import ConditionError, Conditions
from agemodel.metrics.measures import MIN_FACES
from tests.harness.made_faces import noise

SIDE = 128


def flat(level: int, side: int = SIDE) -> np.ndarray:
    return np.full((side, side, 3), level, np.uint8)


def stripes() -> np.ndarray:
    """Columns of black and of white, a pixel wide, in turn."""
    row = np.tile(np.array([0, 255], np.uint8), SIDE // 2)
    return np.repeat(np.tile(row, (SIDE, 1))[..., None], 3, axis=2)


def test_every_condition_but_turned_is_brought_about() -> None:
    assert {*MAKE, "turned"} == {condition.name for condition in CONDITIONS}


@pytest.mark.parametrize("name", MAKE)
def test_a_made_face_is_another_picture_of_the_same_form(name: str) -> None:
    crop = noise(SIDE, SIDE)
    before = crop.copy()
    made = MAKE[name](crop)
    assert (made.shape, made.dtype) == (crop.shape, np.uint8)
    assert (made != crop).any()
    assert (crop == before).all()  # the caller's picture stays


def test_small_keeps_the_means_of_cells_and_loses_what_is_finer() -> None:
    # 128 px fall into 40: a cell is 3.2 px wide, more than a stripe of black and of
    # white together (2 px). Of its 3.2 px 1.0 to 2.0 are white, so its level is
    # between 255 * 1 / 3.2 = 79.7 and 255 * 2.2 / 3.2 = 175.3.
    made = make_small(stripes())
    assert made.min() >= 79 and made.max() <= 176
    assert made.mean() == pytest.approx(127.5, abs=1)


def test_blurred_goes_to_the_first_step_beyond_the_limit() -> None:
    edge = np.concatenate([flat(0)[:, :64], flat(255)[:, :64]], axis=1)
    steps = [cv2.GaussianBlur(edge, (0, 0), 0.5 + 0.25 * step) for step in range(10)]
    beyond = [sharpness(grey_of(step)) < BLURRED_SHARPNESS for step in steps]
    assert 0 < beyond.index(True) < 9
    assert (make_blurred(edge) == steps[beyond.index(True)]).all()


def test_what_is_blurred_already_stays() -> None:
    ramp = np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1))
    crop = np.repeat(ramp[..., None], 3, axis=2)
    assert sharpness(grey_of(crop)) < BLURRED_SHARPNESS
    assert (make_blurred(crop) == crop).all()


def test_dark_brings_the_mean_to_the_limit() -> None:
    # 200 * 50 / 200 = 50, and a half of it 100 to a half of 50
    assert DARK_BRIGHTNESS == 50
    assert (make_dark(flat(200)) == 50).all()
    halves = np.concatenate([flat(100)[:, :64], flat(0)[:, :64]], axis=1)
    assert sorted(set(make_dark(halves).ravel().tolist())) == [0, 100]  # 50 already
    assert (make_dark(flat(20)) == 20).all()  # it is not made lighter
    assert (make_dark(flat(0)) == 0).all()


def test_bright_reaches_the_limit_in_steps_of_a_tenth() -> None:
    # 100 * 1.1^8 = 214.4 is below the limit of 215, 100 * 1.1^9 = 235.8 is not.
    assert BRIGHT_BRIGHTNESS == 215
    assert (make_bright(flat(100)) == 235).all()
    assert (make_bright(flat(230)) == 230).all()


def test_bright_loses_the_highlights_and_stops_at_eight_times() -> None:
    # 1.1^22 = 8.14 is the first power of at least 8; 20 * 8.14 = 162.8 stays too dark.
    assert (make_bright(flat(20)) == 162).all()
    halves = np.concatenate([flat(60)[:, :64], flat(180)[:, :64]], axis=1)
    # The mean is 215 when the darker half is 175 and the lighter one clipped at 255:
    # 60 * 1.1^11 = 171.2 is not enough, 60 * 1.1^12 = 188.3 is.
    assert sorted(set(make_bright(halves).ravel().tolist())) == [188, 255]


def test_cut_repeats_the_last_column_over_the_right_fifth() -> None:
    crop = noise(SIDE, SIDE)
    made = make_cut(crop)
    # 0.8 * 128 = 102.4: the columns 0 to 101 stay
    assert (made[:, :102] == crop[:, :102]).all()
    assert (made[:, 102:] == crop[:, 101:102]).all()


def brightness_as_age(crops: np.ndarray) -> np.ndarray:
    return crops.mean(axis=(1, 2, 3))


def test_errors_are_those_of_the_worsened_faces() -> None:
    # Flat faces of 100 are estimated 100 years old and are 90: 10 off. Small, blurred
    # and cut ones are flat all the same. Dark ones are estimated 50: 40 off; bright
    # ones, 100 * 1.1^9 = 235: 145 off.
    crops = np.stack([flat(100, 32)] * 4)
    found = measure_conditions(crops, np.full(4, 90), np.zeros(4), brightness_as_age)
    wanted = {"small": 10, "blurred": 10, "dark": 40, "bright": 145, "cut": 10}
    assert found.usual_mae_years == 10
    assert found.n == 4
    assert found.by_name == {
        name: ConditionError(pytest.approx(error), 4) for name, error in wanted.items()
    }


@pytest.mark.parametrize("turned", [MIN_FACES - 1, MIN_FACES])
def test_turned_faces_are_picked_where_there_are_enough(
    turned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditions, "MAKE", {})
    n = MIN_FACES + 10
    # To either side; at the limit itself a face is not turned. The turned ones are 20
    # years off, the others 10.
    yaw = np.where(np.arange(n) < turned, TURNED_DEG + 1, TURNED_DEG)
    yaw *= np.where(np.arange(n) % 2, 1, -1)
    ages = np.where(np.arange(n) < turned, 80, 90)
    crops = np.stack([flat(100, 8)] * n)
    found = measure_conditions(crops, ages, yaw, brightness_as_age).by_name
    expected = {"turned": ConditionError(20, MIN_FACES)} if turned == MIN_FACES else {}
    assert found == expected


def test_sentences_state_what_was_measured() -> None:
    # Of the made faces above: 40 years for dark ones instead of 10.
    crops = np.stack([flat(100, 32)] * 4)
    found = measure_conditions(crops, np.full(4, 90), np.zeros(4), brightness_as_age)
    dark = Quality(120.0, 0.1, 10.0, 0.0, 0.0, touches_border=True)
    assert warnings(dark, found) == (
        "Dark: the average error on such faces is 40.0 years instead of 10.0.",
        "Cut off by the photo's edge: no larger error was measured on such faces.",
    )


def test_conditions_come_back_from_their_file() -> None:
    found = Conditions(4.5, 9, {"dark": ConditionError(6.25, 9)})
    values = found.as_values()
    assert values == {
        "usual_mae_years": 4.5,
        "n": 9,
        "dark": {"mae_years": 6.25, "n": 9},
    }
    assert Conditions.from_values(values) == found
