from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agemodel.core.labels import AGES
from agemodel.dataset.index import UNKNOWN
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.learning.training_batches import (
    FaceBatches,
    age_shares,
)
from tests.harness.coloured_faces import SMALL, import_coloured_faces


def test_an_epoch_varies_faces_in_a_way_that_only_its_seed_decides(data: Path) -> None:
    config = replace(SMALL, jitter_light=0.3, jitter_shift=0.1)
    faces = recipe_faces(config, data).query("part == 'train'")

    def first(epoch: int) -> np.ndarray:
        return FaceBatches(faces, config, True, epoch)[0][0]

    np.testing.assert_array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


def test_age_balance_draws_rare_ages_as_often_as_common_ones(data: Path) -> None:
    faces = recipe_faces(SMALL, data).query("part == 'train'").copy()
    faces["age"] = np.where(np.arange(len(faces)) < 150, 20, 70)  # and 10 of 70
    config = replace(SMALL, age_balance=1.0)

    def order(epoch: int) -> np.ndarray:
        return FaceBatches(faces, config, True, epoch).order

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
    crops = FaceBatches(faces, config, True, 1)[0][0]
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
    batches = FaceBatches(faces, SMALL, augmented=True, epoch=3)
    ages = np.concatenate([batches[i][1]["age"][:, 0] for i in range(len(batches))])
    assert sorted(ages) == sorted(faces["age"])


def test_an_epoch_draws_as_many_faces_as_the_recipe_says_by_their_weights(
    data: Path,
) -> None:
    faces = recipe_faces(SMALL, data).query("part == 'train'").copy()
    faces["weight"] = np.where(np.arange(len(faces)) < 40, 3.0, 1.0)
    order = FaceBatches(faces, replace(SMALL, epoch_faces=400), True, 1).order
    assert len(order) == 400
    # 40 faces of weight 3 beside 120 of weight 1: half of the draws, give or take four
    # standard deviations of 10.
    assert (order < 40).sum() == pytest.approx(200, abs=40)


def test_a_gender_that_is_not_known_does_not_count(data: Path) -> None:
    faces = recipe_faces(SMALL, data).query("part == 'train'").head(3).copy()
    faces["gender"] = [1, UNKNOWN, 0]
    faces["age_low"], faces["age_high"] = [20, 20, 0], [20, 36, 2]
    _, labels, weights = FaceBatches(faces, SMALL, augmented=False)[0]
    assert labels["gender"].ravel().tolist() == [1, 0, 0]
    assert weights["gender"].tolist() == [1, 0, 1]
    assert weights["age"].tolist() == [1, 1, 1]
    # The network knows ages from 1 on.
    assert labels["age"].tolist() == [[20, 20], [20, 36], [1, 2]]


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
