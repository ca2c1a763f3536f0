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
    QualityCost,
    cost_of,
    grey_of,
    quality_of,
    sharpness,
)
from agemodel.metrics.evaluation_results import ConditionBin, Conditions
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
    np.testing.assert_allclose(grey_of(small), grey_of(large), rtol=1e-6)


def test_grey_levels_are_not_rounded_lest_a_blurred_face_look_sharper() -> None:
    # A slope of a grey level in ten pixels has no edge: Laplacian and sharpness are 0.
    # Rounded it would have a step of one level every tenth pixel.
    slope = np.linspace(60, 60 + MEASURED_PX / 10, MEASURED_PX * 8).astype(np.float32)
    crop = np.repeat(np.tile(slope, (MEASURED_PX * 8, 1))[..., None], 3, axis=2)
    dithered = crop + np.random.default_rng(0).uniform(-0.5, 0.5, crop.shape)
    grey = grey_of(np.rint(dithered).astype(np.uint8))
    assert sharpness(grey) < 0.5 * sharpness(np.rint(grey).astype(np.uint8))


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
    assert quality_of(crop, crop, None).brightness == pytest.approx(level, abs=0.5)


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
    assert quality.brightness == pytest.approx(80)  # of the crop, not of the photo


def test_whole_picture_taken_for_a_face_has_its_shorter_side_and_no_turn() -> None:
    quality = quality_of(noise(120, 90), flat(80, 80, 80), None)
    assert quality == FaceQuality(90.0, 0.0, pytest.approx(80), 0.0, 0.0, False)


@pytest.mark.parametrize(
    ("name", "changes", "label", "such"),
    [
        ("small", {"size_px": 39.9}, "Small face", "of about 40 px"),
        ("small", {"size_px": 14.2}, "Small face", "of about 14 px"),
        ("blurred", {"sharpness": 0.034}, "Blurred", "so blurred"),
        ("dark", {"brightness": 49.9}, "Dark", "so dark"),
        ("bright", {"brightness": 200.1}, "Very bright", "so bright"),
        ("tilted", {"roll_deg": 25.1}, "Tilted", "tilted by about 25 degrees"),
        ("tilted", {"roll_deg": -90.0}, "Tilted", "tilted by about 90 degrees"),
        ("turned", {"yaw_deg": 40.1}, "Turned away", "turned by about 40 degrees"),
        ("turned", {"yaw_deg": -60.0}, "Turned away", "turned by about 60 degrees"),
        (
            *("cut", {"touches_border": True}),
            *("Cut off by the photo's edge", "cut off by a fifth"),
        ),
    ],
)
def test_warning_says_what_was_measured_on_such_faces(
    name: str, changes: dict, label: str, such: str
) -> None:
    quality = FaceQuality(**GOOD | changes)
    unknown = f"{label}: the estimate is less certain."
    assert cost_of(quality) == QualityCost((unknown,), 1.0, None)
    # 7.26 and 5.04 with one decimal
    assert cost_of(quality, costing(5.04, {name: 7.26})).warnings == (
        f"{label}: the average error on faces {such} is 7.3 years instead of 5.0.",
    )
    assert cost_of(quality, costing(5.0, {name: 5.0})).warnings == (
        f"{label}: no larger error was measured on faces {such}.",
    )
    assert cost_of(quality, costing(5.0, {})).warnings == (unknown,)


def costing(usual: float, errors: dict[str, float], same_age: float = 20) -> Conditions:
    """The same error, and a widening of a tenth of it, whatever the value."""
    curves = {
        name: tuple(
            ConditionBin(at, 99, error, 0.7, error / 10, 0.8) for at in (0, 500)
        )
        for name, error in errors.items()
    }
    return Conditions(usual, 99, same_age, curves)


def curve(**bins: tuple[float, float, float]) -> Conditions:
    """Of small faces: (value, error, widening) each."""
    made = tuple(ConditionBin(at, 99, e, 0.7, w, 0.8) for at, e, w in bins.values())
    return Conditions(4.0, 99, 14.0, {"small": made})


@pytest.mark.parametrize(
    ("size_px", "error", "widening"),
    # Of 20 px 6 years and 1.4 times; of 40 px 4.8 and 1.1. In the middle 5.4 and 1.25.
    [(20, "6.0", 1.4), (30, "5.4", 1.25), (39.9, "4.8", 1.1), (8, "6.0", 1.4)],
)
def test_cost_is_that_of_the_faces_own_size(
    size_px: float, error: str, widening: float
) -> None:
    measured = curve(a=(20, 6.0, 1.4), b=(40, 4.8, 1.1))
    cost = cost_of(FaceQuality(**GOOD | {"size_px": size_px}), measured)
    assert f"is {error} years instead of 4.0" in cost.warnings[0]
    assert cost.widening == pytest.approx(widening, abs=0.01)
    shown = max(size_px, 20)  # nothing smaller was measured
    assert f"of about {shown:.0f} px" in cost.warnings[0]


def test_no_age_from_half_of_the_error_of_one_age_for_all() -> None:
    measured = curve(a=(10, 9.0, 2.0), b=(20, 6.0, 1.4))
    # half of 14 years is 7, which is the error at 10 + 10 * 2 / 3 = 16.7 px
    assert cost_of(FaceQuality(**GOOD | {"size_px": 16.8}), measured).reason is None
    cost = cost_of(FaceQuality(**GOOD | {"size_px": 16.6}), measured)
    assert cost.warnings == ()
    assert cost.reason == (
        "Small face, so no age is stated: the average error on faces of about 17 px "
        "is 7.0 years; one and the same age for everybody would err by 14.0."
    )


def test_what_was_measured_within_the_limit_says_nothing_beyond_it() -> None:
    mild = Conditions(
        4.0, 99, 14.0, {"turned": (ConditionBin(22, 99, 5, 0.7, 2, 0.8),)}
    )
    cost = cost_of(FaceQuality(**GOOD | {"yaw_deg": 50.0}), mild)
    unknown = "Turned away: the estimate is less certain."
    assert cost == QualityCost((unknown,), 1.0, None)


def test_card_of_an_earlier_version_states_no_cost() -> None:
    cost = cost_of(FaceQuality(**GOOD | {"size_px": 10.0}), Conditions(4.0, 99))
    assert cost == QualityCost(
        ("Small face: the estimate is less certain.",), 1.0, None
    )


def test_of_conditions_of_a_kind_the_largest_factor_counts_and_kinds_multiply() -> None:
    small = {"size_px": 20.0}
    blurred = small | {"sharpness": 0.01}
    dim = blurred | {"brightness": 10.0}
    measured = costing(4.0, {"small": 12, "blurred": 15, "dark": 14, "cut": 6})
    factors = [
        cost_of(FaceQuality(**GOOD | worse), measured).widening
        for worse in (small, blurred, dim, dim | {"touches_border": True})
    ]
    # A tenth of the error each, 1 at least: 1.2; 1.5 of both; 1.5 * 1.4, also cut off.
    assert factors == pytest.approx([1.2, 1.5, 2.1, 2.1])


def test_face_at_the_limits_has_no_warning() -> None:
    limits = {"size_px": 40.0, "sharpness": 0.035, "yaw_deg": -40.0, "roll_deg": 25.0}
    worst = costing(4.0, dict.fromkeys((one.name for one in CONDITIONS), 19.0))
    for brightness in (50.0, 200.0):
        quality = FaceQuality(**GOOD | limits | {"brightness": brightness})
        assert cost_of(quality, worst) == QualityCost((), 1.0, None)


def test_several_conditions_come_in_their_order() -> None:
    worst = FaceQuality(20.0, 0.0, 10.0, 80.0, 60.0, True)
    said = [sentence.partition(":")[0] for sentence in cost_of(worst).warnings]
    expected = [c.label for c in CONDITIONS if c.name != "bright"]
    assert said == expected
