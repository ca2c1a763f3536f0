from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agemodel.faces import CropSquare, Detection
from agemodel.faces.quality import CONDITIONS
from agemodel.learning import conditions
from agemodel.learning.conditions import (
    DEGRADATIONS,
    TILT_RANGES_DEG,
    TILTS_DEG,
    Degradation,
    measure_conditions,
    renew_conditions,
)
from agemodel.metrics.evaluation_results import ConditionBin, ConditionCost, Conditions
from agemodel.metrics.measures import MIN_FACES
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.config import TrainConfig
from tests.harness.made_cards import made_card
from tests.harness.made_faces import detection

N = 2 * MIN_FACES
SIDE = 32


def brightness_as_age(crops: np.ndarray) -> tuple[np.ndarray, ...]:
    """Ages with intervals of 8 years to either side."""
    ages = crops.mean(axis=(1, 2, 3))
    return ages, ages - 8, ages + 8


@pytest.fixture
def faces(tmp_path: Path) -> pd.DataFrame:
    """Flat faces of level 100 that are labelled 90 years, but for two of 50."""
    Image.new("RGB", (SIDE, SIDE), (100, 100, 100)).save(tmp_path / "grey.png")
    square = CropSquare((SIDE / 2, SIDE / 2), SIDE)
    return pd.DataFrame(
        {
            "path": [tmp_path / "grey.png"] * N,
            "age": [50, 50, *[90] * (N - 2)],
            "square": [square] * N,
            "yaw_deg": np.zeros(N),
        }
    )


def measured(
    faces: pd.DataFrame, detect=None, estimate=brightness_as_age
) -> Conditions:
    return measure_conditions(faces, SIDE, estimate, detect)


@pytest.fixture
def dark_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    way = replace(DEGRADATIONS["dark"], values=(50, 80))
    monkeypatch.setattr(conditions, "DEGRADATIONS", {"dark": way})


def test_every_condition_but_two_is_brought_about_in_ascending_order() -> None:
    names = {condition.name for condition in CONDITIONS}
    assert {*DEGRADATIONS, "tilted", "turned"} == names
    for way in DEGRADATIONS.values():
        assert list(way.values) == sorted(set(way.values))


def test_bins_go_beyond_the_limit_of_their_condition() -> None:
    for condition in CONDITIONS:
        if condition.name in DEGRADATIONS:
            values = DEGRADATIONS[condition.name].values
            worst = values[0] if condition.worse_below else values[-1]
            assert (worst < condition.limit) == condition.worse_below


def test_every_range_of_tilts_up_to_a_half_turn_has_pictures_turned_by_as_much() -> (
    None
):
    # A face leans to either side by 180 degrees at most, and 180 itself is in a range.
    ends = pairwise(TILT_RANGES_DEG)
    assert all(any(a <= tilt < b for tilt in TILTS_DEG) for a, b in ends)
    assert TILT_RANGES_DEG[-1] > 180 == max(TILTS_DEG)


def test_errors_are_those_of_the_worsened_faces(
    faces: pd.DataFrame, tmp_path: Path, dark_alone: None
) -> None:
    # As they are, all are estimated 100: 2 are 50 off, 58 are 10 off: 680 / 60 years.
    # One and the same age, 90, would err by 40 for 2: 80 / 60.
    # At 50 2 are right and 58 are 40 off; at 80 2 are 30 off, 58 are 10 off.
    found = measured(faces)
    assert found.usual_mae_years == pytest.approx(680 / 60)
    assert found.same_age_mae_years == pytest.approx(80 / 60)
    assert found.n == 60
    at_50, at_80 = found.curves["dark"]
    assert (at_50.at, at_50.n) == (50, 60)
    assert at_50.mae_years == pytest.approx(58 * 40 / 60)
    assert at_80.mae_years == pytest.approx((2 * 30 + 58 * 10) / 60)


def test_widening_holds_the_share_on_the_half_that_did_not_set_it(
    faces: pd.DataFrame, tmp_path: Path, dark_alone: None
) -> None:
    # At 50 the interval of 42 to 58 holds the 2 of 50 years. To reach 90 it must be
    # 40 / 8 = 5 times as wide; then all are in, by the factor of either half.
    at_50, at_80 = measured(faces).curves["dark"]
    assert at_50.coverage == pytest.approx(2 / 60)
    assert at_50.widening == pytest.approx(5)
    assert at_50.coverage_widened == 1
    # At 80, 72 to 88: 90 asks for 10 / 8, and two of 60 beyond that may stay outside.
    assert at_80.coverage == 0
    assert at_80.widening == pytest.approx(10 / 8)
    assert at_80.coverage_widened == pytest.approx(58 / 60)


def test_a_face_that_is_darker_already_is_left_out(
    faces: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (SIDE, SIDE), (60, 60, 60)).save(tmp_path / "dim.png")
    names = np.where(np.arange(N) < 5, "dim.png", "grey.png")
    faces["path"] = [tmp_path / name for name in names]
    way = replace(DEGRADATIONS["dark"], values=(50, 80))
    monkeypatch.setattr(conditions, "DEGRADATIONS", {"dark": way})
    assert [one.n for one in measured(faces).curves["dark"]] == [60, 55]


def test_too_few_faces_are_no_bin(
    faces: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = Degradation(lambda crop, _: crop, (1,), lambda crop, _: True)
    monkeypatch.setattr(conditions, "DEGRADATIONS", {"small": never})
    assert measured(faces).curves == {}


@pytest.mark.parametrize("turned", [MIN_FACES - 1, MIN_FACES])
def test_turned_faces_are_picked_where_there_are_enough(
    faces: pd.DataFrame, tmp_path: Path, turned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditions, "DEGRADATIONS", {})
    # To either side by 33 degrees, the others by 5; the turned ones are 80 years old,
    # and are estimated 100.
    rows = np.arange(N)
    faces["yaw_deg"] = np.where(rows < turned, 33, 5) * np.where(rows % 2, 1, -1)
    faces["age"] = np.where(rows < turned, 80, 90)
    found = measured(faces).curves
    if turned < MIN_FACES:
        assert found == {}
        return
    ((one,),) = found.values()
    assert (one.at, one.n, one.mae_years) == (33, MIN_FACES, 20)


def test_tilted_faces_are_picked_by_the_roll_that_the_detector_sees(
    faces: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditions, "DEGRADATIONS", {})
    asked: list[tuple[int, ...]] = []

    def detect(rgb: np.ndarray) -> list[Detection]:
        """A face as large as the upright one, too small in every third picture."""
        asked.append(rgb.shape)
        side = SIDE / 4 if len(asked) % 3 == 0 else SIDE
        leans = (15, -35) if len(asked) <= 2 * N else (180, 180)
        corner, roll_deg = SIDE - side / 2, leans[len(asked) > N]
        box = (corner, corner, corner + side, corner + side)
        return [detection(box, roll_deg=roll_deg)]

    slight, strong, over = measured(faces, detect).curves["tilted"]
    # Of 60 faces, 40 are large enough in pictures of each tilt.
    assert asked == [(2 * SIDE, 2 * SIDE, 3)] * (N * len(TILTS_DEG))
    assert (slight.at, slight.n) == (pytest.approx(15, abs=0.01), 40)
    assert (strong.at, strong.n) == (pytest.approx(35, abs=0.01), 40)
    assert (over.at, over.n) == (pytest.approx(180, abs=0.01), 40 * len(TILTS_DEG[2:]))


def test_where_no_tilted_face_is_found_there_is_no_such_curve(
    faces: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditions, "DEGRADATIONS", {})
    assert measured(faces, lambda _: []).curves == {}


def test_cost_between_two_bins_lies_between_and_beyond_them_is_theirs() -> None:
    bins = (
        ConditionBin(10, 99, 10.0, 0.6, 2.0, 0.8),
        ConditionBin(20, 99, 6.0, 0.7, 1.5, 0.8),
    )
    found = Conditions(4.0, 99, 15.0, {"small": bins})
    # A quarter of the way from 10 to 20: 10 - 4 / 4 and 2 - 0.5 / 4.
    assert found.cost_at("small", 12.5) == ConditionCost(12.5, 9.0, 1.875)
    assert found.cost_at("small", 4) == ConditionCost(10, 10.0, 2.0)
    assert found.cost_at("small", 30) == ConditionCost(20, 6.0, 1.5)
    assert found.cost_at("dark", 30) is None


def test_renewed_conditions_leave_the_rest_of_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faces: pd.DataFrame
) -> None:
    class Answering:
        """Takes every face for 30 years old."""

        calibration = made_card().calibration

        def __init__(self, folder: Path) -> None: ...

        def age_probabilities(self, crop: np.ndarray) -> np.ndarray:
            return np.eye(116)[30 - 1]

    config = TrainConfig(name="mobile", network="mobile", framing="chip", input_px=SIDE)
    card = made_card(recipe=config.as_dict())
    folder = tmp_path / "mobile"
    folder.mkdir()
    ModelFolder(folder).write_card(card)
    monkeypatch.setattr(conditions, "Estimator", Answering)
    monkeypatch.setattr(conditions, "val_faces", lambda *_: faces)
    found = renew_conditions(ModelFolder(folder), tmp_path)
    # 58 are 90 years old, 2 are 50
    assert found.usual_mae_years == pytest.approx((58 * 60 + 2 * 20) / 60)
    assert ModelFolder(folder).card == replace(card, conditions=found)
    assert "| dark | 50 | 60 |" in (folder / "card.md").read_text("utf-8")
