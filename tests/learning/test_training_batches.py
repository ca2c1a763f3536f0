from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agemodel.core.errors import RunError
from agemodel.core.labels import AGES
from agemodel.dataset.index import images_dir
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.learning.training_batches import (
    FaceBatches,
    age_shares,
    mixed,
    target_distributions,
    teacher_distributions,
)
from agemodel.runs.run_folder import open_run
from tests.harness.coloured_faces import SMALL, import_coloured_faces
from tests.harness.made_predictions import made_predictions


def test_an_epoch_varies_faces_in_a_way_that_only_its_seed_decides(data: Path) -> None:
    config = replace(SMALL, jitter_light=0.3, jitter_shift=0.1)
    faces = recipe_faces(config, data).query("part == 'train'")

    def first(epoch: int) -> np.ndarray:
        return FaceBatches(images_dir(data), faces, config, True, epoch)[0][0]

    np.testing.assert_array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


def test_age_balance_draws_rare_ages_as_often_as_common_ones(data: Path) -> None:
    faces = recipe_faces(SMALL, data).query("part == 'train'").copy()
    faces["age"] = np.where(np.arange(len(faces)) < 150, 20, 70)  # and 10 of 70
    config = replace(SMALL, age_balance=1.0)

    def order(epoch: int) -> np.ndarray:
        return FaceBatches(images_dir(data), faces, config, True, epoch).order

    # Of 160 draws half are of each age, give or take four standard deviations:
    # 4 * sqrt(160 / 4) = 25.3.
    assert (order(1) >= 150).sum() == pytest.approx(80, abs=26)
    assert len(order(1)) == 160
    np.testing.assert_array_equal(order(1), order(1))
    assert not np.array_equal(order(1), order(2))


def test_a_face_drawn_twice_is_varied_twice(data: Path) -> None:
    faces = recipe_faces(SMALL, data).query("part == 'train'").head(1)
    faces = faces.loc[faces.index.repeat(8)]
    config = replace(SMALL, jitter_light=0.3)
    crops = FaceBatches(images_dir(data), faces, config, True, 1)[0][0]
    assert len({crop.tobytes() for crop in crops}) == 8


def test_shares_run_from_all_faces_alike_to_all_ages_alike() -> None:
    # Too far apart to be one another's neighbours.
    ages = np.repeat([5, 40, 110], [100, 25, 4])
    np.testing.assert_allclose(age_shares(ages, 0.0), 1 / 129)
    by_age = [age_shares(ages, 1.0)[ages == age].sum() for age in (5, 40, 110)]
    # 5 and 110 lie near the ends, where fewer neighbours share in the mean, so that
    # each face counts for a little more; 40 does not.
    assert by_age == pytest.approx([1 / 3] * 3, abs=0.02)
    # Half way, by the square root: 10 to 5 to 2 of 17.
    by_age = [age_shares(ages, 0.5)[ages == age].sum() for age in (5, 40, 110)]
    assert by_age == pytest.approx([10 / 17, 5 / 17, 2 / 17], abs=0.01)


def test_ages_alike_already_stay_alike_to_both_ends() -> None:
    ages = np.repeat(AGES, 3)
    np.testing.assert_allclose(age_shares(ages, 1.0), 1 / len(ages))


def test_every_face_is_in_an_epoch_once(data: Path) -> None:
    faces = recipe_faces(SMALL, data).query("part == 'train'")
    batches = FaceBatches(images_dir(data), faces, SMALL, augmented=True, epoch=3)
    ages = np.concatenate([batches[i][1]["age"][:, 0] for i in range(len(batches))])
    assert sorted(ages) == sorted(faces["age"])


def test_targets_are_gaussians_around_the_true_ages() -> None:
    targets = target_distributions(np.array([30.0, 1.0], np.float32), sd_years=2.0)
    # From 30 to 32, one standard deviation, the density falls to exp(-1/2).
    assert targets[0, 31] / targets[0, 29] == pytest.approx(np.exp(-0.5), rel=1e-5)
    np.testing.assert_allclose(targets.sum(1), 1, rtol=1e-5)
    assert targets.argmax(1).tolist() == [29, 0]


def test_teachers_take_their_part_of_the_target(data: Path) -> None:
    config = replace(SMALL, network="mobile", teacher_share=0.25)
    faces = recipe_faces(config, data)
    always_90 = np.eye(116, dtype=np.float32)[89]
    faces["teachers"] = [always_90] * len(faces)
    batches = FaceBatches(images_dir(data), faces, config, augmented=True)
    labels = batches[0][1]["age"]
    own = target_distributions(labels[:, 0], config.age_target_sd_years)
    np.testing.assert_allclose(labels[:, 1:], 0.75 * own + 0.25 * always_90, atol=1e-6)


def test_a_blended_face_keeps_the_larger_part_and_takes_its_labels_along() -> None:
    # The number of the face is its picture, its age and its gender's place alike.
    numbers = np.arange(64, dtype=np.float32)
    batch = (np.tile(numbers[:, None, None, None], (1, 2, 2, 3)), numbers[:, None])
    rng = np.random.default_rng(0)
    faces, ages = mixed(batch, 1.0, rng)
    np.testing.assert_allclose(faces[:, 1, 1, 2], ages[:, 0], rtol=1e-6)
    assert (ages[:, 0] != numbers).mean() > 0.9
    one_hot = mixed((np.eye(64, dtype=np.float32),), 1.0, np.random.default_rng(0))[0]
    assert (one_hot.diagonal() >= 0.5).all()
    np.testing.assert_allclose(one_hot.sum(1), 1, rtol=1e-6)


def test_the_share_of_blended_faces_is_the_one_asked_for() -> None:
    batch = (np.arange(4000, dtype=np.float32)[:, None],)
    moved = mixed(batch, 0.25, np.random.default_rng(0))[0] != batch[0]
    # Parts below the last bit of a number near 4,000 do not show: some per cent.
    assert moved.mean() == pytest.approx(0.24, abs=0.03)
    assert not (mixed(batch, 0.0, np.random.default_rng(0))[0] != batch[0]).any()


def test_only_training_faces_are_blended(data: Path) -> None:
    config = replace(SMALL, network="mobile", mixup=1.0)
    faces = recipe_faces(config, data)
    augmented, plain = (
        FaceBatches(images_dir(data), faces, config, augmented=one)[0][1]["age"]
        for one in (True, False)
    )
    assert augmented.shape[1] == 117
    assert plain.shape[1] == 1
    assert (plain == plain.round()).all()


def test_teachers_speak_by_file_and_with_equal_weight(data: Path, runs: Path) -> None:
    files = recipe_faces(SMALL, data)["file"]
    for run_id, ages in (("one", (20, 30)), ("two", (20, 40))):
        rows = np.zeros((len(files), 116), np.float32)
        rows[:, np.array(ages) - 1] = 0.5
        rows[0] = np.eye(116)[59]  # the first file is 60 for both
        table = made_predictions(files, age_probabilities=list(rows))
        open_run(replace(SMALL, name=run_id), run_id).write_predictions(
            table.sample(frac=1, random_state=0)
        )
    first, second, *_ = teacher_distributions("one, two", files)
    assert first[59] == 1
    assert {int(AGES[i]): float(second[i]) for i in np.flatnonzero(second)} == {
        20: 0.5,
        30: 0.25,
        40: 0.25,
    }
    with pytest.raises(RunError, match=r"nothing of 1 of the faces, such as other"):
        teacher_distributions("one", pd.concat([files, pd.Series(["other.jpg"])]))


def test_the_seed_split_chooses_on_a_tenth_of_its_training_faces(data: Path) -> None:
    faces = recipe_faces(replace(SMALL, split="seed"), data)
    # 160 train + 40 val files are 'train' in the seed column: 200, of which 20 choose.
    assert (faces["part"].value_counts()).to_dict() == {
        "train": 180,
        "val": 20,
        "test": 20,
    }


def test_a_share_of_the_faces_leaves_val_and_test_whole(data: Path) -> None:
    faces = recipe_faces(replace(SMALL, share=0.25), data)
    assert (faces["part"].value_counts()).to_dict() == {
        "train": 40,
        "val": 40,
        "test": 20,
    }


def test_pictures_in_which_no_face_is_found_keep_their_own_framing(
    tmp_path: Path,
) -> None:
    data = import_coloured_faces(tmp_path, train=2, val=1, test=1)
    faces = recipe_faces(replace(SMALL, framing="detector"), data)
    square = faces["square"].iloc[0]
    assert (square.centre_xy, square.side_px) == ((20.0, 20.0), 40.0)
