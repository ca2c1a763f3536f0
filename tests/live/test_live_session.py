from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agemodel.live.live_session import (
    DOUBTFUL,
    LOOKING,
    MOST_YEARS_PER_S,
    SHOWN_ON_S,
    LiveFace,
    LiveSession,
)
from agemodel.metrics.calibration import Calibration
from tests.harness.made_footage import Box, look_at

CALIBRATION = Calibration(0.8, None, 8.0, 1.0, 0.0, 0.1, 100)
SIZE = (640, 480)
BOX: Box = (100, 100, 80, 80)
PER_S = 10


@pytest.fixture
def session() -> LiveSession:
    return LiveSession(CALIBRATION)


def see(session: LiveSession, frame: int, *boxes: Box, **look: Any) -> list[LiveFace]:
    """What is shown of a frame, ten a second."""
    looks = [look_at(box, frame / PER_S, **look) for box in boxes]
    return session.see(frame / PER_S, looks, SIZE)


def test_a_face_has_a_number_and_an_age_with_the_third_frame(
    session: LiveSession,
) -> None:
    for frame in (0, 1):
        (face,) = see(session, frame, BOX)
        assert (face.number, face.age_years, face.note) == (None, None, LOOKING)
    (face,) = see(session, 2, BOX)
    assert (face.number, face.gender, face.note) == (1, "female", "")
    assert face.age_years is not None and face.age_years == pytest.approx(30, abs=0.6)
    # half a width of 8 years to either side
    assert face.age_high == pytest.approx(face.age_years + 8, abs=0.02)
    assert face.age_low == pytest.approx(face.age_years - 8, abs=0.02)


def test_a_jump_of_the_estimates_moves_the_shown_age_slowly(
    session: LiveSession,
) -> None:
    for frame in range(3):
        (before,) = see(session, frame, BOX, age=30)
    ages = [before.age_years]
    for frame in range(3, 60):
        (face,) = see(session, frame, BOX, age=60)
        assert face.number == 1
        assert face.age_low <= face.age_years <= face.age_high
        ages.append(face.age_years)
    steps = np.diff(ages)
    assert steps.max() <= MOST_YEARS_PER_S / PER_S + 0.011  # two places are shown
    assert ages[-1] > ages[0] + 8  # 57 frames at 0.2 years: it does move


def test_the_age_of_a_still_face_stays_where_it_is(session: LiveSession) -> None:
    rng = np.random.default_rng(1)
    shown = []
    for frame in range(300):
        # single looks err by 4 years (standard deviation) from one to the next
        (face,) = see(session, frame, BOX, age=round(rng.normal(35, 4)))
        shown.append(face.age_years)
    last = np.array(shown[50:], float)
    assert np.ptp(last) < 2


def test_a_doubtful_face_gets_no_age_and_no_number(session: LiveSession) -> None:
    for frame in range(20):
        (face,) = see(session, frame, BOX, is_sure=False)
    assert face == LiveFace(face.box_xyxy, note=DOUBTFUL)


def test_a_face_too_poor_for_an_age_says_why(session: LiveSession) -> None:
    reason = "Blurred, so no age is stated."
    for frame in range(5):
        (face,) = see(session, frame, BOX, reason=reason)
    assert (face.number, face.age_years, face.gender) == (1, None, "")
    assert "blurred" in face.note


def test_faces_keep_their_numbers_and_a_new_one_gets_the_next(
    session: LiveSession,
) -> None:
    right: Box = (400, 100, 80, 80)
    for frame in range(5):
        see(session, frame, right)
    for frame in range(5, 10):
        faces = see(session, frame, right, (100 + 4 * frame, 100, 80, 80))
    assert [face.number for face in faces] == [2, 1]  # from left to right


def test_a_number_is_not_spent_on_what_is_seen_once(session: LiveSession) -> None:
    see(session, 0, (500, 300, 60, 60))
    for frame in range(1, 5):
        faces = see(session, frame, BOX)
    assert [face.number for face in faces if face.box_xyxy[0] == BOX[0]] == [1]


def test_a_missed_face_stays_for_a_moment_and_comes_back_as_itself(
    session: LiveSession,
) -> None:
    for frame in range(5):
        see(session, frame, BOX)
    missed = round(SHOWN_ON_S * PER_S)
    assert len(see(session, 4 + missed)) == 1
    assert see(session, 5 + missed) == []
    (face,) = see(session, 7 + missed, BOX)
    assert face.number == 1


def test_who_was_away_for_long_comes_anew(session: LiveSession) -> None:
    for frame in range(5):
        see(session, frame, BOX)
    see(session, 40)
    for frame in range(41, 45):
        (face,) = see(session, frame, BOX)
    assert face.number == 2


def test_another_size_of_the_picture_begins_anew(session: LiveSession) -> None:
    for frame in range(5):
        see(session, frame, BOX)
    (face,) = session.see(0.5, [look_at(BOX, 0.5)], (480, 640))
    assert face.number is None


def test_nothing_is_kept_of_who_has_left(session: LiveSession) -> None:
    for visitor in range(50):
        start = visitor * 50
        for frame in range(start, start + 5):
            see(session, frame, BOX)
    see(session, 50 * 50)
    assert session._known == {} and session._tracker.open == []
