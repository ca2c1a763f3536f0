from __future__ import annotations

import shutil
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.faces import CropSquare, blazeface, crop_square
from agemodel.faces.blazeface import (
    BACK,
    FULL_RANGE,
    BlazeFace,
    BlazeFaceSpec,
    anchor_centres,
)
from tests.harness.bit_flips import flipped
from tests.harness.made_faces import noise

SPECS = (BACK, FULL_RANGE)
TINY = BlazeFaceSpec("tiny.tflite", 8, ((4, 2), (8, 1)))
"""Anchors: 2 x 2 cells with two each, then one cell with one; 9 in all."""


@pytest.fixture
def interpreter(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """Stands in for LiteRT: answers with its `boxes` and `logits`, of no face."""
    made = MagicMock()
    made.boxes = np.zeros((1, 9, 16), np.float32)
    made.logits = np.full((1, 9, 1), -1000, np.float32)
    made.get_output_details.return_value = [
        # scores first, so that an output is known by its width alone
        {"index": name, "shape": getattr(made, name).shape}
        for name in ("logits", "boxes")
    ]
    made.get_tensor.side_effect = lambda name: getattr(made, name)
    monkeypatch.setattr(blazeface, "Interpreter", lambda **_: made)
    monkeypatch.setattr(blazeface, "read_verified", lambda folder, file: b"")
    return made


def test_anchors_go_row_by_row_and_grid_by_grid() -> None:
    # 8 px in strides of 4 are 2 cells a side, centred at 1/4 and 3/4, twice each; one
    # stride of 8 is one cell, centred at 1/2.
    expected = [(0.25, 0.25)] * 2 + [(0.75, 0.25)] * 2
    expected += [(0.25, 0.75)] * 2 + [(0.75, 0.75)] * 2 + [(0.5, 0.5)]
    assert anchor_centres(TINY).tolist() == [list(xy) for xy in expected]


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        (BACK, 16 * 16 * 2 + 8 * 8 * 6),  # 256 px / 16 and / 32
        (FULL_RANGE, 48 * 48),  # 192 px / 4
    ],
    ids=lambda value: getattr(value, "file", None),
)
def test_every_output_of_a_shipped_network_has_an_anchor(
    spec: BlazeFaceSpec, count: int
) -> None:
    assert anchor_centres(spec).shape == (count, 2)
    picture = noise(spec.input_px, spec.input_px)
    assert len(BlazeFace(spec)(picture, min_score=0.0).scores) == count


def test_boxes_and_landmarks_are_offsets_from_the_anchor_in_input_pixels(
    interpreter: MagicMock,
) -> None:
    # Anchor 3 is at (0.75, 0.25). A centre 1 px right and 2 px down of it, in 8 px, is
    # at (0.875, 0.5); a box of 4 x 2 px has halves of 0.25 and 0.125. Landmark k is
    # k px right and k px up: (0.75 + k / 8, 0.25 - k / 8).
    interpreter.logits[0, 3] = 0
    interpreter.boxes[0, 3, :4] = 1, 2, 4, 2
    interpreter.boxes[0, 3, 4:] = [v for k in range(6) for v in (k, -k)]
    found = BlazeFace(TINY)(np.zeros((8, 8, 3), np.uint8), min_score=0.5)
    assert found.scores.tolist() == [0.5]  # the sigmoid of 0
    assert found.boxes_xyxy.tolist() == [[0.625, 0.375, 1.125, 0.625]]
    landmarks = [[0.75 + k / 8, 0.25 - k / 8] for k in range(6)]
    assert found.landmarks_xy.tolist() == [landmarks]
    assert {found.boxes_xyxy.dtype, found.scores.dtype} == {np.dtype(np.float32)}


def test_candidates_below_the_score_are_dropped(interpreter: MagicMock) -> None:
    # the sigmoid of 1 is 0.731, that of -1 is 0.269
    interpreter.logits[0, [2, 7]] = [[1], [-1]]
    tiny, picture = BlazeFace(TINY), np.zeros((8, 8, 3), np.uint8)
    assert tiny(picture, min_score=0.3).scores == pytest.approx([0.731], abs=5e-4)
    assert tiny(picture, min_score=0.2).scores == pytest.approx(
        [0.731, 0.269], abs=5e-4
    )
    empty = tiny(picture, min_score=0.8)
    assert empty.boxes_xyxy.shape == (0, 4)
    assert empty.landmarks_xy.shape == (0, 6, 2)


def test_extreme_logits_do_not_overflow(interpreter: MagicMock) -> None:
    interpreter.logits[0, :2] = [[1e30], [-1e30]]
    scores = BlazeFace(TINY)(np.zeros((8, 8, 3), np.uint8), min_score=0.0).scores
    assert scores[:2] == pytest.approx([1.0, 0.0])


def test_network_sees_values_from_minus_one_to_one(interpreter: MagicMock) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[0, 0] = 0, 51, 255  # 51 is a fifth of the way: -1 + 2 / 5
    BlazeFace(TINY)(picture, min_score=0.5)
    seen = interpreter.set_tensor.call_args.args[1]
    assert seen.shape == (1, 8, 8, 3)
    assert seen.dtype == np.float32
    assert seen[0, 0, 0] == pytest.approx([-1, -0.6, 1])


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.file)
def test_each_network_finds_the_same_face_at_the_same_place(
    spec: BlazeFaceSpec, portraits: dict
) -> None:
    rgb, face = portraits["eileen-collins"]
    window = CropSquare(face.centre_xy, face.size_px * 2)
    found = BlazeFace(spec)(crop_square(rgb, window, spec.input_px), min_score=0.5)
    best = found.scores.argmax()
    # The window is twice the face's box, about its centre: the face is its middle half.
    # The networks differ by a twentieth of the window at most.
    assert found.boxes_xyxy[best] == pytest.approx([0.25, 0.25, 0.75, 0.75], abs=0.08)
    corner = np.array(window.centre_xy) - window.side_px / 2
    expected = (face.landmarks_xy - corner) / window.side_px
    assert np.abs(found.landmarks_xy[best] - expected).max() < 0.08


def test_altered_network_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(paths.DETECTORS, tmp_path, dirs_exist_ok=True)
    path = tmp_path / BACK.file
    path.write_bytes(flipped(path.read_bytes(), 100_000))
    monkeypatch.setattr(paths, "DETECTORS", tmp_path)
    with pytest.raises(ModelError, match="checksum"):
        BlazeFace(BACK)
