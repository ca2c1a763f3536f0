"""What the detector's search network and face check learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.faces import search_network
from agemodel.images import read_image
from agemodel.learning.face_search import check_samples, search_sources
from agemodel.learning.face_search.search_scenes import (
    IGNORED,
    FacelessPictures,
    FacePicture,
    Scenes,
    targets,
)
from tests.harness.fakes import FakeEstimator, photo_with_faces
from tests.harness.uncompiled import uncompiled

RED, BLUE = (230, 20, 20), (20, 20, 230)
NONE = np.zeros((0, 4), np.float32)
GREEN_GROUND = FacelessPictures([np.full((300, 300, 3), (20, 160, 20), np.uint8)], [])


def red_above_blue() -> FacePicture:
    """A 'face' of 60 px with a red forehead and a blue chin."""
    rgb = np.full((100, 100, 3), BLUE, np.uint8)
    rgb[:50] = RED
    return FacePicture(rgb, np.array([[50, 50, 60, 0]], np.float32), NONE, True)


def test_faces_lie_in_a_scene_where_and_as_it_says() -> None:
    scenes = Scenes([red_above_blue()], GREEN_GROUND, 256, seed=3)
    seen = 0
    for _ in range(60):
        rgb, faces, _ = scenes.scene()
        for x, y, side, roll in faces:
            up = np.array([np.sin(np.radians(roll)), -np.cos(np.radians(roll))])
            places = [np.array([x, y]) + sign * up * side / 4 for sign in (1, -1)]
            inside = all((place >= 0).all() and (place < 256).all() for place in places)
            if side < 24 or not inside:
                continue
            above, below = (
                rgb[int(place[1]), int(place[0])].astype(int) for place in places
            )
            # red minus blue is larger on the forehead, unless the middle was covered
            seen += 1
            assert above[0] - above[2] >= below[0] - below[2]
    assert seen > 50


def test_scenes_of_a_seed_are_the_same() -> None:
    one, other = (Scenes([red_above_blue()], GREEN_GROUND, 128, 5) for _ in range(2))
    for first, second in zip(one.scene(), other.scene(), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("side_px", [12.0, 30.0, 50.0, 130.0])
def test_the_app_reads_a_face_from_the_cells_that_the_network_should_answer(
    side_px: float,
) -> None:
    face = np.array([[101.0, 77.0, side_px, 130.0]], np.float32)
    cells = targets(face, NONE, 256)
    cells[:, 0] = np.where(cells[:, 0] == 1, 9.0, -9.0)
    found = search_network._decode(cells, 256, 256, 0.5)
    assert len(found.scores) >= 1
    np.testing.assert_allclose(found.centres_xy, [[101, 77]] * len(found.scores), 1e-4)
    np.testing.assert_allclose(found.sides_px, side_px, rtol=1e-4)
    np.testing.assert_allclose(found.rolls_deg, 130, rtol=1e-4)


def test_what_is_perhaps_a_face_counts_for_neither() -> None:
    unclear = np.array([[128, 128, 40, 0]], np.float32)
    labels = targets(NONE, unclear, 256)[:, 0]
    assert set(labels) == {0.0, IGNORED}
    # the cell of 32 px whose middle is at (112, 112), 23 px off, within 0.6 * 40 + 32
    assert labels[32**2 + 16**2 + 3 * 8 + 3] == IGNORED
    assert labels[0] == 0


def test_a_mirrored_target_is_that_of_the_mirrored_face() -> None:
    from agemodel.learning.face_search.search_training import mirrored

    face = np.array([[60.0, 90.0, 40.0, 25.0]], np.float32)
    other = np.array([[256 - 60.0, 90.0, 40.0, -25.0]], np.float32)
    np.testing.assert_allclose(
        mirrored(targets(face, NONE, 256), 256), targets(other, NONE, 256), atol=1e-5
    )


@pytest.mark.slow
def test_training_lowers_the_loss_and_the_app_runs_what_it_made(tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    from agemodel.learning.face_search.search_training import (
        SearchRecipe,
        search_network_for_app,
        train_search_network,
    )

    recipe = SearchRecipe(steps=12, batch=4, size_px=64, warmup_steps=2)
    scenes = Scenes([red_above_blue()], GREEN_GROUND, 64, seed=0)
    with uncompiled():
        model = train_search_network(scenes, recipe, tmp_path / "checkpoints")
    (loss,) = model.history.history["loss"]
    assert np.isfinite(loss)
    rgb = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype(np.float32)
    interpreter = Interpreter(model_content=search_network_for_app(model))
    interpreter.resize_tensor_input(0, (1, 64, 64, 3))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], rgb)
    interpreter.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(answer, model(rgb, training=False), atol=1e-3)


def test_portraits_are_read_with_the_circle_that_the_detector_sees(
    tmp_path: Path,
) -> None:
    rgb = read_image(paths.SAMPLES / "eileen-collins.jpg").rgb
    Image.fromarray(rgb).save(tmp_path / "a.png")
    table = pd.DataFrame(
        # her face from hairline to chin, and one where there is none
        [("a.png", 172, 65, 280, 180, 0.9), ("a.png", 20, 400, 90, 470, 0.9)],
        columns=["file", "x0", "y0", "x1", "y1", "score"],
    )
    table.to_csv(tmp_path / "faces.csv", index=False)
    held_out = search_sources.is_held_out("a.png")
    (portrait,) = search_sources.read_portraits(tmp_path, held_out=held_out)
    assert list(search_sources.read_portraits(tmp_path, held_out=not held_out)) == []
    scale = 256 / max(rgb.shape[:2])
    (face,) = portrait.faces
    assert face[:3] / scale == pytest.approx((226, 122, 112), abs=15)
    assert abs(face[3]) < 10
    assert portrait.ignored[:, :2] / scale == pytest.approx(np.array([[55, 435]]))


def test_faceless_pictures_with_alpha_are_things_to_paste(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(40)]
    for number, name in enumerate(names):
        shape = (40, 60, 4 if number % 2 else 3)
        Image.fromarray(np.full(shape, 90, np.uint8)).save(tmp_path / name)
    kept = search_sources.read_faceless(tmp_path, held_out=False)
    others = search_sources.read_faceless(tmp_path, held_out=True)
    counts = [len(found.things) + len(found.backgrounds) for found in (kept, others)]
    assert sum(counts) == 40
    assert counts[1] == sum(search_sources.is_held_out(name) for name in names)
    assert all(thing.shape == (40, 60, 4) for thing in kept.things)


def test_a_folder_without_pictures_is_refused_with_what_was_expected(
    tmp_path: Path,
) -> None:
    with pytest.raises(DatasetError, match="holds no picture to learn from"):
        search_sources.read_faceless(tmp_path, held_out=False)
    with pytest.raises(DatasetError, match=r"no table faces\.csv"):
        list(search_sources.read_portraits(tmp_path, held_out=False))


class Permissive(FakeEstimator):
    """Takes every white block for a candidate."""

    def __init__(self) -> None:
        super().__init__(explains=True)

    estimate_candidates = FakeEstimator.estimate


def test_candidates_at_a_face_are_faces_and_those_away_from_any_are_none() -> None:
    # blocks of 60, 40 and 50 px, of which the first is labelled and the last unclear
    rgb = photo_with_faces(60, 40, 50)
    known = np.array([[10 + 30, 80, 60, 0]], np.float32)
    unclear = np.array([[10 + 80 + 60 + 25, 80, 50, 0]], np.float32)
    portrait = FacePicture(rgb, known, unclear, True)
    faceless = FacelessPictures([photo_with_faces(30)], [])
    found = check_samples.collect_samples(Permissive(), [portrait], faceless, seed=4)
    assert found.is_face[:1].tolist() == [True]
    assert not found.is_face[-1]
    assert found.embeddings.shape == (len(found.scores), 64)
