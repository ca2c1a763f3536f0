from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from agemodel.faces import (
    CropSquare,
    crop_square,
    square_of_detection,
    square_of_picture,
)
from agemodel.faces.detector import FaceDetector
from tests.harness.made_faces import detection, noise, turned
from tests.harness.pictures import quadrants


def block_means(rgb: np.ndarray, size_px: int) -> np.ndarray:
    """The mean of each of size_px x size_px equal blocks."""
    step = rgb.shape[0] // size_px
    blocks = rgb.reshape(size_px, step, size_px, step, 3).astype(float)
    return blocks.mean((1, 3))


def rotation(clockwise_deg: float) -> np.ndarray:
    """Turns (x, y), y down, clockwise as seen; shape (2, 2)."""
    angle = math.radians(clockwise_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def place(points: np.ndarray, square: CropSquare) -> np.ndarray:
    """Where points of a photo lie in a square, in its sides from its centre."""
    offsets = (points - square.centre_xy) @ rotation(-square.angle_deg).T
    return offsets / square.side_px


def blurred(rgb: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(rgb, (0, 0), 5).astype(float).ravel()


def test_crop_of_a_square_picture_at_its_own_size_is_the_picture() -> None:
    rgb = noise(48, 48)
    assert np.array_equal(crop_square(rgb, square_of_picture(rgb), 48), rgb)


def test_square_of_a_picture_is_its_middle() -> None:
    rgb = quadrants()  # 48 high, 64 wide: 8 px go at the left and at the right
    crop = crop_square(rgb, square_of_picture(rgb), 48)
    assert np.array_equal(crop, rgb[:, 8:56])
    upright = np.ascontiguousarray(rgb.swapaxes(0, 1))
    crop = crop_square(upright, square_of_picture(upright), 48)
    assert np.array_equal(crop, upright[8:56])


def test_square_inside_a_photo_is_the_slice_there() -> None:
    rgb = noise(60, 80)
    # left 10, top 20, side 32: the centre is at (26, 36)
    crop = crop_square(rgb, CropSquare((26, 36), 32), 32)
    assert np.array_equal(crop, rgb[20:52, 10:42])


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_square_turned_clockwise_gives_the_picture_turned_back(
    quarter_turns: int,
) -> None:
    # The top edge of a square turned clockwise by 90 degrees lies at the photo's right:
    # the photo's right column becomes the top row, as np.rot90 does it once.
    rgb = noise(48, 48)
    square = CropSquare((24, 24), 48, 90.0 * quarter_turns)
    assert np.array_equal(crop_square(rgb, square, 48), np.rot90(rgb, quarter_turns))


@pytest.mark.parametrize("angle_deg", [-135, -30, 0, 17, 60])
@pytest.mark.parametrize("size_px", [64, 200])
def test_a_point_of_the_photo_is_where_turn_and_scale_put_it(
    angle_deg: float, size_px: int
) -> None:
    centre, side, point = np.array([90.0, 70.0]), 100.0, np.array([104.0, 49.0])
    ys, xs = np.mgrid[:160, :200] + 0.5
    distance = np.square(xs - point[0]) + np.square(ys - point[1])
    spot = 255 * np.exp(-distance / (2 * 3**2))
    rgb = np.repeat(spot[..., None], 3, axis=2).astype(np.uint8)
    crop = crop_square(rgb, CropSquare((90, 70), side, angle_deg), size_px)
    weights = crop[..., 0].astype(float)
    rows, columns = np.mgrid[:size_px, :size_px] + 0.5
    seen = [(weights * axis).sum() / weights.sum() for axis in (columns, rows)]
    # From the centre the point lies at an offset; the crop's axes are turned clockwise,
    # so the offset is turned counter-clockwise, and scaled by size / side.
    offset = rotation(-angle_deg) @ (point - centre)
    assert seen == pytest.approx(size_px / 2 + offset * size_px / side, abs=0.3)


@pytest.mark.parametrize("reduction", [2, 4, 8, 20])
def test_shrinking_averages_what_it_leaves_out(reduction: int) -> None:
    size = 16
    rgb = noise(size * reduction, size * reduction)
    crop = crop_square(rgb, square_of_picture(rgb), size)
    # Each value is the mean of a block of noise, up to rounding, twice beyond 2.
    assert np.abs(crop - block_means(rgb, size)).max() <= 1.5


def test_a_line_of_pixels_is_cut_as_a_square_as_long_as_it() -> None:
    # As a square of its own it would take 13 GB.
    rgb = np.repeat(np.arange(65_536, dtype=np.uint16)[None, :, None] >> 8, 3, axis=2)
    crop = crop_square(rgb.astype(np.uint8), CropSquare((32_768, 0.5), 65_536), 64)
    expected = np.arange(64) * 4 + 1.5  # each column is the mean of 1,024 pixels
    assert np.abs(crop[..., 0] - expected).max() <= 1


def test_enlarging_keeps_a_slope_in_place() -> None:
    # Value 4 x at a pixel whose middle is at x + 0.5. Three times as large, the middle
    # of pixel c is at (c + 0.5) / 3 of the picture.
    rgb = np.zeros((32, 32, 3), np.uint8)
    rgb[:] = (np.arange(32) * 4)[None, :, None]
    crop = crop_square(rgb, square_of_picture(rgb), 96)
    expected = 4 * ((np.arange(96) + 0.5) / 3 - 0.5)
    inner = slice(3, -3)
    assert np.abs(crop[50, inner, 0] - expected[inner]).max() <= 1


def test_border_goes_on_beyond_the_edge() -> None:
    rgb = noise(40, 40)
    # The square reaches 20 px beyond the left and the top edge.
    crop = crop_square(rgb, CropSquare((0, 0), 40), 40)
    assert np.array_equal(crop[20:, 20:], rgb[:20, :20])
    assert (crop[20:, :20] == rgb[:20, :1]).all()
    assert (crop[:20, :20] == rgb[0, 0]).all()
    # And 20 px beyond the right and the bottom one.
    crop = crop_square(rgb, CropSquare((40, 40), 40), 40)
    assert (crop[20:, 20:] == rgb[-1, -1]).all()


def test_jittered_scales_shifts_by_parts_of_the_side_and_turns_further() -> None:
    square = CropSquare((100, 60), 50, 5).jittered(1.2, (0.1, -0.2), -8)
    assert square.centre_xy == pytest.approx((105, 50))  # 0.1 and -0.2 times 50
    assert square.side_px == pytest.approx(60)  # the shift does not use the new side
    assert square.angle_deg == pytest.approx(-3)


def test_square_of_a_face_has_the_boxs_centre_and_mean_side() -> None:
    square = square_of_detection(detection((10, 20, 40, 70)))  # 30 wide, 50 high
    assert square.centre_xy == (25, 45)
    assert square.side_px == 40


@pytest.mark.parametrize(
    ("roll_deg", "turn_deg"),
    [(0, 0), (9.9, 0), (-9.9, 0), (12, 2), (-12, -2), (30, 20), (-30, -20), (100, 90)],
)
def test_square_turns_with_the_eyes_less_ten_degrees(
    roll_deg: float, turn_deg: float
) -> None:
    square = square_of_detection(detection(roll_deg=roll_deg))
    assert square.angle_deg == pytest.approx(turn_deg, abs=1e-3)


@pytest.mark.parametrize("angle_deg", [-30, 30])
def test_detection_and_crop_of_a_tilted_photo_give_nearly_the_upright_face(
    angle_deg: float, portraits: dict, detector: FaceDetector
) -> None:
    for rgb, face in portraits.values():
        photo = turned(rgb, angle_deg, face.centre_xy)
        square = square_of_detection(detector.detect(photo)[0])
        upright = square_of_detection(face)
        crops = [crop_square(photo, square, 128), crop_square(rgb, upright, 128)]
        assert np.corrcoef(*map(blurred, crops))[0, 1] > 0.55
        # Where the landmarks of the upright photo come to lie in either crop. Ten
        # degrees of tilt may be left (0.05 of the side at 0.3 from the centre), and
        # the detector frames a tilted face a little differently.
        points = face.landmarks_xy - face.centre_xy
        tilted = points @ rotation(angle_deg).T + face.centre_xy
        not_turned = CropSquare(square.centre_xy, square.side_px)
        expected = place(face.landmarks_xy, upright)
        off, off_not_turned = (
            np.linalg.norm(place(tilted, s) - expected, axis=1).mean()
            for s in (square, not_turned)
        )
        assert off < 0.16
        assert off < off_not_turned
