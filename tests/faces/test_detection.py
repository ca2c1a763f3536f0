from __future__ import annotations

import numpy as np
import pytest

from agemodel.faces import Detection
from tests.harness.made_faces import detection, head


def test_size_is_the_mean_of_width_and_height_and_centre_the_middle() -> None:
    face = detection((10, 20, 40, 70))  # 30 wide, 50 high
    assert face.size_px == 40
    assert face.centre_xy == (25, 45)


@pytest.mark.parametrize("roll_deg", [-170, -90, -20, 0, 20, 90, 170])
def test_roll_is_the_clockwise_turn_of_the_line_of_the_eyes(roll_deg: float) -> None:
    assert detection(roll_deg=roll_deg).roll_deg == pytest.approx(roll_deg, abs=1e-3)


def test_a_lower_left_eye_is_a_clockwise_roll() -> None:
    landmarks = head()
    landmarks[0], landmarks[1] = (100, 100), (140, 140)
    # The person's left eye, on the viewer's right, is as far below as beside: 45
    # degrees, clockwise.
    assert Detection((0, 0, 1, 1), 1.0, landmarks).roll_deg == pytest.approx(45)


@pytest.mark.parametrize("roll_deg", [0, 25, -140])
@pytest.mark.parametrize("yaw_deg", [-70, -35, -10, 0, 10, 35, 70])
def test_yaw_is_the_turn_to_the_viewers_right_whatever_the_roll(
    yaw_deg: float, roll_deg: float
) -> None:
    # Turned by an angle, the tip of the nose lies reach * sin beside the axis and the
    # ears cos: the quotient is reach * tan, and the angle comes back exactly.
    face = detection(yaw_deg=yaw_deg, roll_deg=roll_deg, half_width_px=37.0)
    assert face.yaw_deg == pytest.approx(yaw_deg, abs=0.01)


@pytest.mark.parametrize(("yaw_deg", "expected"), [(100, 90), (-100, -90)])
def test_ears_in_the_wrong_order_are_a_turn_out_of_sight(
    yaw_deg: float, expected: float
) -> None:
    # Beyond 90 degrees the ears change sides, while the nose is still on its own. The
    # eyes would change sides too, so they are left as they were.
    landmarks = head(yaw_deg)
    landmarks[:2] = head()[:2]
    assert Detection((0, 0, 1, 1), 1.0, landmarks).yaw_deg == expected


def test_ears_at_one_place_do_not_divide_by_zero() -> None:
    landmarks = np.zeros((6, 2), np.float32)
    landmarks[1, 0] = 1
    assert abs(Detection((0, 0, 1, 1), 1.0, landmarks).yaw_deg) == 90
