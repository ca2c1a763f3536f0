"""The measure of steadiness sees unsteady estimates, and steady ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agemodel.core.json_records import values_of
from agemodel.faces import square_of_picture
from agemodel.learning.stability import BRIGHTNESS, JITTERS, jittered, measure_stability
from agemodel.metrics.evaluation_results import Stability

PX = 48


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(0)
    for index in range(6):
        coarse = rng.integers(60, 190, (5, 5, 3)).astype(np.uint8)
        picture = Image.fromarray(coarse).resize((200, 200), Image.Resampling.BICUBIC)
        picture.save(folder / f"{index}.png")
    return folder


def faces(folder: Path, count: int) -> pd.DataFrame:
    paths = [folder / f"{index}.png" for index in range(count)]
    return pd.DataFrame({"path": paths, "square": [None] * count})


def test_an_estimate_that_never_moves_has_no_range(folder: Path) -> None:
    found = measure_stability(faces(folder, 6), PX, lambda c: np.full(len(c), 30.0))
    assert found == Stability(6, JITTERS, 0.0, 0.0)


def test_an_estimate_that_follows_the_light_has_its_range(folder: Path) -> None:
    found = measure_stability(
        faces(folder, 6), PX, lambda crops: crops.mean((1, 2, 3)) / 10
    )
    # Ten draws from +- 15 % of a mean near 125 span some 0.82 of 30 %, in tenths 3.1.
    assert found.median_range_years == pytest.approx(3.1, abs=0.8)
    assert found.p90_range_years >= found.median_range_years


def test_no_face_gives_no_figure(folder: Path) -> None:
    found = measure_stability(faces(folder, 0), PX, lambda c: c.mean((1, 2, 3)))
    assert found == Stability(0)
    assert values_of(found) == {"n": 0}


def test_a_jittered_face_is_the_same_face(folder: Path) -> None:
    rgb = np.asarray(Image.open(folder / "0.png"))
    square, rng = square_of_picture(rgb), np.random.default_rng(0)
    plain = np.asarray(Image.open(folder / "0.png").resize((PX, PX)), np.float64)
    for _ in range(20):
        crop = jittered(rgb, square, PX, rng)
        assert crop.shape == (PX, PX, 3)
        assert crop.dtype == np.uint8
        gaps = [
            np.abs(view - plain * crop.mean() / plain.mean()).mean()
            for view in (crop, crop[:, ::-1])
        ]
        assert min(gaps) < 8  # grey levels; the mirror image is some 30 away
        assert abs(crop.mean() / plain.mean() - 1) < BRIGHTNESS + 0.03
