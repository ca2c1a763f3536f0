"""The shipped estimator on the bundled photos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agemodel.core import paths
from agemodel.faces import cost_of
from agemodel.images import downscale, read_image
from agemodel.models.face_check import BY_SCORE
from agemodel.serving.estimator import Estimate, Estimator, quarter_turns

PORTRAIT = "barack-obama.jpg"
GROUP = "three-portraits.jpg"


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return Estimator.load(workers=2)


def photo(name: str) -> np.ndarray:
    return downscale(read_image(paths.SAMPLES / name).rgb, 900)


def test_every_face_of_a_group_is_estimated_largest_first(estimator: Estimator) -> None:
    faces = estimator.estimate(photo(GROUP))
    assert len([face for face in faces if not face.doubtful]) == 3
    sizes = [face.quality.size_px for face in faces]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("name", [PORTRAIT, GROUP])
def test_a_photo_that_lies_on_its_side_is_estimated_upright(
    estimator: Estimator, name: str, turns: int
) -> None:
    upright = photo(name)
    lying = np.ascontiguousarray(np.rot90(upright, turns))
    expected, none = estimator.estimate_upright(upright)
    found, back = estimator.estimate_upright(lying)
    assert none == 0
    assert (turns + back) % 4 == 0
    assert len(found) == len(expected)
    # Turning back by whole quarters gives the very same pixels.
    for face, same in zip(found, expected, strict=True):
        assert face.age_years == pytest.approx(same.age_years, abs=1e-3)


def test_a_lying_face_in_a_large_photo_is_estimated_at_its_full_size(
    estimator: Estimator,
) -> None:
    portrait = photo(PORTRAIT)
    height, width = portrait.shape[:2]
    upright = np.full((3_000, 2_400, 3), 120, np.uint8)
    upright[500 : 500 + height, 900 : 900 + width] = portrait
    (expected,) = estimator.estimate(upright)
    lying = np.ascontiguousarray(np.rot90(upright))
    (face,), back = estimator.estimate_upright(lying)
    assert back == 3
    assert face.box_xyxy == pytest.approx(expected.box_xyxy, abs=0.1)
    assert face.age_years == pytest.approx(expected.age_years, abs=1e-3)


def test_a_lying_face_beside_an_upright_one_is_estimated_upright(
    estimator: Estimator,
) -> None:
    portrait = photo(PORTRAIT)[:, :600]
    lying = np.rot90(portrait)
    both = np.full((900, 1600, 3), 120, np.uint8)
    both[: portrait.shape[0], : portrait.shape[1]] = portrait
    both[: lying.shape[0], 650 : 650 + lying.shape[1]] = lying
    (alone,) = estimator.estimate(portrait)
    faces, turns = estimator.estimate_upright(both)
    assert turns == 0
    assert sorted(round(face.quality.roll_deg, -1) for face in faces) == [-90, 0]
    for face in faces:
        assert face.age_years == pytest.approx(alone.age_years, abs=4)


def test_photo_is_turned_where_most_faces_lie_alike(estimator: Estimator) -> None:
    (upright,) = estimator.estimate(photo(PORTRAIT))

    def lying(*rolls_deg: float) -> list[Estimate]:
        return [
            replace(upright, quality=replace(upright.quality, roll_deg=roll))
            for roll in rolls_deg
        ]

    # a forehead on the right, at 90 degrees, is up after a quarter counter-clockwise
    assert quarter_turns(lying(90, 80, 100)) == 1
    assert quarter_turns(lying(-90, -60)) == 3
    assert quarter_turns(lying(180, -175, 0)) == 2
    assert quarter_turns(lying(90, 0)) == 0  # as many so as so
    assert quarter_turns(lying(40, -40)) == 0
    assert quarter_turns([]) == 0


def test_what_is_hardly_a_face_is_doubtful_and_what_is_none_is_left_out(
    estimator: Estimator, monkeypatch: pytest.MonkeyPatch
) -> None:
    (face,) = estimator.estimate(photo(PORTRAIT))
    assert not face.doubtful
    for none_below, doubtful_below, expected in (
        (0.0, 1.0, [True]),
        (1.0, 1.0, []),
        (0.0, 0.0, [False]),
    ):
        check = replace(BY_SCORE, none_below=none_below, doubtful_below=doubtful_below)
        monkeypatch.setattr(estimator, "_check", check)
        faces = estimator.estimate(photo(PORTRAIT))
        assert [face.doubtful for face in faces] == expected


def test_no_face_is_an_empty_list(estimator: Estimator) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    assert estimator.estimate_upright(noise) == ([], 0)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (5, 2000)])
def test_pictures_of_odd_sizes_are_estimated_without_complaint(
    estimator: Estimator, size: tuple[int, int]
) -> None:
    rgb = np.full((*size, 3), 90, np.uint8)
    assert estimator.estimate_upright(rgb)[0] == []
    assert estimator.estimate_aligned(rgb).age_years > 0


def test_the_interval_grows_on_a_face_that_can_hardly_be_seen(
    estimator: Estimator,
) -> None:
    clear = estimator.estimate(photo(PORTRAIT))[0]
    hidden = estimator.estimate_aligned(downscale(clear.crop_rgb, 30))
    assert hidden.age_high - hidden.age_low > clear.age_high - clear.age_low
    assert any(sentence.startswith("Small face") for sentence in hidden.warnings)
    assert hidden.reason is None


def test_the_interval_is_the_calibrated_one_widened_by_what_was_measured(
    estimator: Estimator,
) -> None:
    clear = estimator.estimate(photo(PORTRAIT))[0]
    face = estimator.estimate_aligned(downscale(clear.crop_rgb, 24))
    cost = cost_of(face.quality, estimator.card.conditions)
    assert cost.widening > 1
    (low,), (high,) = estimator.calibration.interval(
        np.array([face.age_years]), face.age_probabilities[None]
    )
    # float32 distributions give bounds to some thousandths of a year
    for bound, narrow in ((face.age_low, low), (face.age_high, high)):
        wide = face.age_years + cost.widening * (narrow - face.age_years)
        assert bound == pytest.approx(wide, abs=0.01)


def test_the_age_lies_in_its_group(estimator: Estimator) -> None:
    for face in estimator.estimate(photo(GROUP)):
        first, _, last = face.age_group.replace("+", "-116").partition("-")
        assert int(first) <= round(face.age_years) <= int(last)


def test_the_mirror_image_has_the_mirrored_heatmap(estimator: Estimator) -> None:
    (face, *_) = estimator.estimate(photo(PORTRAIT))
    plain = estimator.estimate_aligned(face.crop_rgb)
    mirrored = estimator.estimate_aligned(np.ascontiguousarray(face.crop_rgb[:, ::-1]))
    assert plain.heatmap is not None
    assert mirrored.heatmap is not None
    side = estimator.card.input_px // 32
    assert plain.heatmap.shape == (side, side)
    np.testing.assert_allclose(mirrored.heatmap, plain.heatmap[:, ::-1], atol=1e-4)
    # It is no mirror image of itself, or the check above would show nothing.
    assert np.abs(plain.heatmap - plain.heatmap[:, ::-1]).max() > 0.05


def test_a_face_is_more_like_itself_than_like_another(estimator: Estimator) -> None:
    found = {}
    for name in (PORTRAIT, "eileen-collins.jpg"):
        rgb = photo(name)
        darker = (rgb * 0.8).astype(np.uint8)
        found[name] = [estimator.estimate(view)[0].embedding for view in (rgb, darker)]
    (first, again), (other, _) = (
        [vector.astype(np.float64) / np.linalg.norm(vector) for vector in pair]
        for pair in found.values()
    )
    assert first @ again > 0.8
    assert first @ again > first @ other + 0.2
