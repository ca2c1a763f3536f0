from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agemodel.core.labels import AGES
from agemodel.faces import FaceQuality
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.tracking import Track
from agemodel.footage.visit import Visit, is_visit, visit_of
from agemodel.metrics.calibration import Calibration
from tests.harness.made_footage import look_at

CALIBRATION = Calibration(0.8, None, 8.0, 1.0, 0.0, 0.1, 100)
BOX = (0, 0, 60, 60)
SMALL = FaceQuality(30.0, 0.1, 128.0, 0.0, 0.0, False)
TURNED = FaceQuality(80.0, 0.1, 128.0, 60.0, 0.0, False)


def visit(*looks: object) -> Visit:
    return visit_of(track(*looks), "a.mp4", CALIBRATION)


def track(*looks: object) -> Track:
    first, *others = [replace(look, time_s=n / 3) for n, look in enumerate(looks)]
    found = Track(1, first, FootageSettings().most_looks)
    for look in others:
        found.take(look)
    return found


def test_the_distribution_is_the_mean_of_the_looks_never_their_product() -> None:
    found = visit(look_at(BOX, 0, age=20, p_female=0.9), look_at(BOX, 0, age=40))
    probabilities = np.array(found.age_probabilities)
    assert probabilities[[19, 39]].tolist() == [0.5, 0.5]
    assert 20 <= found.age_years <= 40
    assert (found.looks, found.looks_used, found.reason) == (2, 2, None)
    # half a width of 8 years to either side
    assert found.age_high - found.age_years == pytest.approx(8, abs=0.01)
    assert found.p_female == pytest.approx(0.9)
    assert found.seconds == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"quality": SMALL},
        {"quality": TURNED},
        {"is_sure": False},
        {"reason": "Blurred, so no age is stated."},
    ],
    ids=["small", "turned", "doubtful", "with a reason"],
)
def test_a_poor_look_counts_for_the_visit_and_not_for_its_age(changes: dict) -> None:
    good, poor = look_at(BOX, 0, age=30), look_at(BOX, 0, age=90, **changes)
    found = visit(good, poor, poor)
    assert (found.looks, found.looks_used) == (3, 1)
    assert found.age_years == pytest.approx(30)
    without = visit(poor, poor)
    assert (without.age_years, without.age_probabilities) == (None, ())
    assert without.reason and without.reason.endswith(".")


def test_the_reason_is_the_one_of_most_looks() -> None:
    dark, blurred = (
        look_at(BOX, 0, reason=f"{word}, so no age is stated.")
        for word in ("Dark", "Blurred")
    )
    assert "blurred." in str(visit(dark, blurred, blurred).reason)


def test_poor_pictures_widen_the_interval() -> None:
    found = visit(*[look_at(BOX, 0, age=50, widening=1.5)] * 3)
    assert found.age_high - 50 == pytest.approx(12, abs=0.1)


def test_a_visit_takes_three_looks_at_a_face_beyond_doubt() -> None:
    sure, doubtful = look_at(BOX, 0), look_at(BOX, 0, is_sure=False)
    assert is_visit(track(sure, doubtful, sure, sure), FootageSettings())
    assert not is_visit(track(sure, doubtful, doubtful, sure), FootageSettings())


def test_a_hundred_equal_looks_are_no_surer_than_one() -> None:
    spread = np.exp(-0.5 * ((AGES - 30) / 6) ** 2)
    look = look_at(BOX, 0, age_probabilities=(spread / spread.sum()).astype("f4"))
    one, many = visit(look), visit(*[look] * 100)
    assert many.age_probabilities == one.age_probabilities
    assert (many.age_low, many.age_high) == (one.age_low, one.age_high)
