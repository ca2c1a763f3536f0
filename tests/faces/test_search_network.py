"""The search network's answers, and the shipped one on the bundled portraits."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from agemodel.faces import search_network
from agemodel.faces.search_network import STRIDES, SearchNetwork

WIDTH, HEIGHT = 96, 64


class MadeInterpreter:
    """Answers with `cells` whatever it is shown, and keeps that."""

    cells = np.zeros((0, 6), np.float32)

    def __init__(self, **_: object) -> None:
        self.shown: list[np.ndarray] = []
        self.shapes: list[tuple[int, ...]] = []

    def get_input_details(self) -> list[dict]:
        return [{"index": 0}]

    def get_output_details(self) -> list[dict]:
        return [{"index": 1}]

    def resize_tensor_input(self, _: int, shape: tuple[int, ...]) -> None:
        self.shapes.append(tuple(shape))

    def allocate_tensors(self) -> None:
        pass

    def set_tensor(self, _: int, value: np.ndarray) -> None:
        self.shown.append(value)

    def invoke(self) -> None:
        pass

    def get_tensor(self, _: int) -> np.ndarray:
        return self.cells[None]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> SearchNetwork:
    monkeypatch.setattr(search_network, "Interpreter", MadeInterpreter)
    monkeypatch.setattr(search_network, "read_verified", lambda folder, file: b"")
    count = sum((WIDTH // stride) * (HEIGHT // stride) for stride in STRIDES)
    cells = np.zeros((count, 6), np.float32)
    cells[:, 0] = -9
    monkeypatch.setattr(MadeInterpreter, "cells", cells)
    return SearchNetwork()


def test_a_cell_of_each_grid_gives_centre_side_direction_and_score(
    made: SearchNetwork,
) -> None:
    # 12 x 8 cells of 8 px, 6 x 4 of 16, 3 x 2 of 32; the second cell of the second row
    for number, stride in ((12 + 1, 8), (96 + 6 + 1, 16), (120 + 3 + 1, 32)):
        MadeInterpreter.cells[number] = 0, 0.25, -0.5, math.log(2), 1, 0
        found = made(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0.4)
        centre = (1.5 + 0.25) * stride, (1.5 - 0.5) * stride
        assert found.centres_xy[-1] == pytest.approx(centre)
        assert found.sides_px[-1] == pytest.approx(2 * stride)
        assert found.rolls_deg[-1] == pytest.approx(90)  # the forehead is on the right
        assert found.scores[-1] == pytest.approx(0.5)
    assert len(found.scores) == 3


def test_candidates_below_the_score_are_dropped(made: SearchNetwork) -> None:
    MadeInterpreter.cells[:2, 0] = math.log(0.3 / 0.7), math.log(0.6 / 0.4)
    found = made(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0.5)
    assert found.scores == pytest.approx([0.6])


def test_picture_is_padded_to_whole_cells_and_prepared_once_a_size(
    made: SearchNetwork,
) -> None:
    for _ in range(2):
        made(np.full((HEIGHT - 20, WIDTH - 1, 3), 7, np.uint8), 0.5)
    interpreter = made._interpreter
    assert interpreter.shapes == [(1, HEIGHT, WIDTH, 3)]
    shown = interpreter.shown[0][0]
    assert (shown[: HEIGHT - 20, : WIDTH - 1] == 7).all()
    assert (shown[HEIGHT - 20 :] == 127).all()


@pytest.mark.parametrize("side_px", [20, 40, 120])
def test_portraits_of_any_size_and_direction_are_found(
    side_px: int, portraits: dict
) -> None:
    network = SearchNetwork()
    for rgb, face in portraits.values():
        scale = side_px / face.size_px
        small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        for turns in range(4):
            found = network(np.ascontiguousarray(np.rot90(small, turns)), 0.25)
            off = np.abs(found.sides_px / side_px - 1)
            assert off.min() < 0.35
