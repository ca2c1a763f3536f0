"""The search network's answers, and the shipped one on the bundled portraits."""

from __future__ import annotations

import math
from unittest.mock import ANY, MagicMock

import cv2
import numpy as np
import pytest

from agemodel.faces import search_network
from agemodel.faces.search_network import STRIDES, SearchNetwork

WIDTH, HEIGHT = 96, 64


@pytest.fixture
def interpreter(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """Stands in for LiteRT: answers with cells in none of which is a face."""
    count = sum((WIDTH // stride) * (HEIGHT // stride) for stride in STRIDES)
    made = MagicMock()
    made.get_tensor.return_value = np.zeros((1, count, 6), np.float32)
    made.get_tensor.return_value[..., 0] = -9
    monkeypatch.setattr(search_network, "Interpreter", lambda **_: made)
    monkeypatch.setattr(search_network, "read_verified", lambda folder, file: b"")
    return made


def test_a_cell_of_each_grid_gives_centre_side_direction_and_score(
    interpreter: MagicMock,
) -> None:
    made, (cells,) = SearchNetwork(), interpreter.get_tensor.return_value
    # 12 x 8 cells of 8 px, 6 x 4 of 16, 3 x 2 of 32; the second cell of the second row
    for number, stride in ((12 + 1, 8), (96 + 6 + 1, 16), (120 + 3 + 1, 32)):
        cells[number] = 0, 0.25, -0.5, math.log(2), 1, 0
        found = made(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0.4)
        centre = (1.5 + 0.25) * stride, (1.5 - 0.5) * stride
        assert found.centres_xy[-1] == pytest.approx(centre)
        assert found.sides_px[-1] == pytest.approx(2 * stride)
        assert found.rolls_deg[-1] == pytest.approx(90)  # the forehead is on the right
        assert found.scores[-1] == pytest.approx(0.5)
    assert len(found.scores) == 3


def test_candidates_below_the_score_are_dropped(interpreter: MagicMock) -> None:
    (cells,) = interpreter.get_tensor.return_value
    cells[:2, 0] = math.log(0.3 / 0.7), math.log(0.6 / 0.4)
    found = SearchNetwork()(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0.5)
    assert found.scores == pytest.approx([0.6])


def test_picture_is_padded_to_whole_cells_and_prepared_once_a_size(
    interpreter: MagicMock,
) -> None:
    network = SearchNetwork()
    for _ in range(2):
        network(np.full((HEIGHT - 20, WIDTH - 1, 3), 7, np.uint8), 0.5)
    interpreter.resize_tensor_input.assert_called_once_with(ANY, (1, HEIGHT, WIDTH, 3))
    shown = interpreter.set_tensor.call_args.args[1][0]
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
