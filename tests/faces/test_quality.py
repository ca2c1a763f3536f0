from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from agemodel.faces import crop_square, square_of_detection
from agemodel.faces.quality import (
    CONDITIONS,
    MEASURED_PX,
    FaceQuality,
    grey_of,
    quality_of,
    sharpness,
    warnings,
)
from agemodel.metrics.evaluation_results import ConditionError, Conditions
from tests.harness.made_faces import detection, noise

GOOD = {
    "size_px": 120.0,
    "sharpness": 0.1,
    "brightness": 120.0,
    "yaw_deg": 0.0,
    "roll_deg": 0.0,
    "touches_border": False,
}


def flat(*colour: int) -> np.ndarray:
    rgb = np.empty((MEASURED_PX, MEASURED_PX, 3), np.uint8)
    rgb[:] = colour
    return rgb


def test_sharpness_falls_with_every_step_of_blur(portraits: dict) -> None:
    for rgb, face in portraits.values():
        crop = crop_square(rgb, square_of_detection(face), 128)
        steps = [crop] + [cv2.GaussianBlur(crop, (0, 0), s) for s in (0.7, 1, 2, 4, 8)]
        values = [sharpness(grey_of(step)) for step in steps]
        assert all(a > b for a, b in pairwise(values))


def test_sharpness_of_stripes_is_sixteen() -> None:
    # Columns of 0 and 255 in turn: the Laplacian is left + right + above + below - 4
    # times the middle, -2 * 255 or 2 * 255, so its variance is (2 * 255)^2; that of
    # the grey levels is (255 / 2)^2. The quotient is 4^2.
    stripes = np.tile(np.array([0, 255], np.uint8), (MEASURED_PX, MEASURED_PX // 2))
    assert sharpness(stripes) == pytest.approx(16)


def test_sharpness_does_not_depend_on_contrast() -> None:
    grey = noise(96, 96)[..., 0] // 2
    assert sharpness(grey) == pytest.approx(sharpness(grey * 2), rel=1e-6)


def test_sharpness_of_a_flat_picture_is_zero() -> None:
    assert sharpness(grey_of(flat(90, 90, 90))) == 0


def test_sharpness_is_measured_at_one_size() -> None:
    small = noise(MEASURED_PX, MEASURED_PX)
    large = small.repeat(4, axis=0).repeat(4, axis=1)  # averaged back exactly
    assert np.array_equal(grey_of(small), grey_of(large))


@pytest.mark.parametrize(
    ("colour", "level"),
    [
        ((0, 0, 0), 0),
        ((255, 255, 255), 255),
        ((255, 0, 0), 76),  # ITU-R BT.601: 0.299 * 255 = 76.2
        ((0, 255, 0), 150),  # 0.587 * 255 = 149.7
        ((0, 0, 255), 29),  # 0.114 * 255 = 29.1
    ],
)
def test_brightness_is_the_mean_grey_level(
    colour: tuple[int, int, int], level: int
) -> None:
    crop = flat(*colour)
    assert quality_of(crop, crop, None).brightness == level


@pytest.mark.parametrize("name", ["left", "top", "right", "bottom"])
def test_border_touches_when_over_a_twelfth_of_the_box_is_beyond_it(name: str) -> None:
    rgb = flat(90, 90, 90).repeat(3, axis=0).repeat(4, axis=1)  # 384 wide, 288 high
    # A box of 100 px, 8 px beyond the edge, then 9.
    for beyond, touches in ((-50, False), (0, False), (8, False), (9, True)):
        x, y = {
            "left": (-beyond, 100),
            "top": (100, -beyond),
            "right": (384 - 100 + beyond, 100),
            "bottom": (100, 288 - 100 + beyond),
        }[name]
        face = detection((x, y, x + 100, y + 100))
        assert quality_of(rgb, flat(90, 90, 90), face).touches_border is touches


def test_measures_of_a_found_face_are_the_detections_own() -> None:
    face = detection((10, 20, 40, 70), yaw_deg=25, roll_deg=-15)
    quality = quality_of(noise(200, 200), flat(80, 80, 80), face)
    assert quality.size_px == 40  # 30 wide, 50 high
    assert quality.yaw_deg == pytest.approx(25, abs=0.01)
    assert quality.roll_deg == pytest.approx(-15, abs=0.01)
    assert quality.brightness == 80  # of the crop, not of the photo


def test_whole_picture_taken_for_a_face_has_its_shorter_side_and_no_turn() -> None:
    quality = quality_of(noise(120, 90), flat(80, 80, 80), None)
    expected = FaceQuality(90.0, 0.0, 80.0, 0.0, 0.0, False)
    assert quality == expected


@pytest.mark.parametrize(
    ("name", "changes", "label"),
    [
        ("small", {"size_px": 39.9}, "Small face"),
        ("blurred", {"sharpness": 0.034}, "Blurred"),
        ("dark", {"brightness": 49.9}, "Dark"),
        ("bright", {"brightness": 215.1}, "Very bright"),
        ("turned", {"yaw_deg": 40.1}, "Turned away"),
        ("turned", {"yaw_deg": -40.1}, "Turned away"),
        ("cut", {"touches_border": True}, "Cut off by the photo's edge"),
    ],
)
def test_warning_says_what_the_condition_costs(
    name: str, changes: dict, label: str
) -> None:
    quality = FaceQuality(**GOOD | changes)
    unknown = f"{label}: the estimate is less certain."
    assert warnings(quality) == (unknown,)
    # 7.26 and 5.04 with one decimal
    assert warnings(quality, costing(5.04, {name: 7.26})) == (
        f"{label}: the average error on such faces is 7.3 years instead of 5.0.",
    )
    assert warnings(quality, costing(5.0, {name: 5.0})) == (
        f"{label}: no larger error was measured on such faces.",
    )
    assert warnings(quality, costing(5.0, {})) == (unknown,)


def costing(usual: float, errors: dict[str, float]) -> Conditions:
    found = {name: ConditionError(error, 99) for name, error in errors.items()}
    return Conditions(usual, 99, found)


def test_face_at_the_limits_has_no_warning() -> None:
    limits = {"size_px": 40.0, "sharpness": 0.035, "yaw_deg": -40.0}
    for brightness in (50.0, 215.0):
        assert warnings(FaceQuality(**GOOD | limits | {"brightness": brightness})) == ()


def test_several_conditions_come_in_their_order() -> None:
    worst = FaceQuality(20.0, 0.0, 10.0, 80.0, 0.0, True)
    said = [sentence.partition(":")[0] for sentence in warnings(worst)]
    expected = [c.label for c in CONDITIONS if c.name != "bright"]
    assert said == expected
