from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from coloured_faces import import_coloured_faces

from agemodel import paths
from agemodel.checkpoints import BEST
from agemodel.config import TrainConfig, read_config
from agemodel.dataset.faces import faces_of
from agemodel.errors import DatasetError, RunError
from agemodel.networks import NETWORKS, build_network
from agemodel.runs import Run
from agemodel.training import (
    AgeDistributionLoss,
    FaceBatches,
    WarmupCosine,
    mae_years,
    train,
)

SMALL = TrainConfig(
    name="small",
    network="seed_cnn",
    input_px=32,
    framing="chip",
    epochs=8,
    batch_size=16,
    learning_rate=2e-3,
    optimizer="adam",
    dropout=0.0,
    gender_weight=100.0,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return import_coloured_faces(tmp_path_factory.mktemp("coloured"))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_a_network_learns_ages_and_genders_that_are_plain_to_see(
    data: Path, runs: Path
) -> None:
    run = train(SMALL, data, "learns")
    history = run.read_history()
    assert list(history["epoch"]) == list(range(1, 9))
    # Ages are uniform over 1..99: always saying 50 errs by 25 years on average.
    assert history["val_age_mae_years"].min() < 12
    assert history["val_gender_accuracy"].iloc[-1] > 0.9
    assert (history["seconds"] > 0).all()
    assert (run.folder / "log.txt").read_text().count("epoch done") == 8
    status = run.read_json("status.json")
    best = history.loc[history["val_age_mae_years"].idxmin()]
    assert status["finished"]
    assert status["best_epoch"] == best["epoch"]
    assert not (run.folder / "checkpoints").exists()


def test_the_best_model_is_that_of_the_best_epoch(data: Path, runs: Path) -> None:
    run = train(replace(SMALL, epochs=3), data, "best")
    model = keras.saving.load_model(run.folder / BEST, compile=False)
    faces = faces_of(SMALL, data)
    val = faces[faces["part"] == "val"]
    batches = FaceBatches(_images(data), val, SMALL, augmented=False)
    errors = [
        np.abs(model.predict(x, verbose=0)["age"] - y["age"])
        for x, y in (batches[index] for index in range(len(batches)))
    ]
    expected = run.read_history()["val_age_mae_years"].min()
    assert np.concatenate(errors).mean() == pytest.approx(expected, rel=1e-4)


def test_a_distribution_head_learns_too(data: Path, runs: Path) -> None:
    config = replace(
        SMALL, network="mobile", learning_rate=3e-3, epochs=2, gender_weight=1.0
    )
    history = train(config, data, "distribution").read_history()
    assert history["age_loss"].iloc[-1] < history["age_loss"].iloc[0]
    assert history["age_mae_years"].iloc[-1] < history["age_mae_years"].iloc[0]


def test_a_finished_run_is_not_trained_again(data: Path, runs: Path) -> None:
    config = replace(SMALL, epochs=1)
    first = train(config, data, "twice")
    before = (first.folder / BEST).read_bytes(), first.read_history()
    again = train(config, data, "twice")
    assert (again.folder / BEST).read_bytes() == before[0]
    pd.testing.assert_frame_equal(again.read_history(), before[1])


def test_a_run_of_another_recipe_is_left_alone(data: Path, runs: Path) -> None:
    train(replace(SMALL, epochs=1), data, "other")
    with pytest.raises(RunError, match="another recipe"):
        train(replace(SMALL, epochs=2), data, "other")


def test_without_a_dataset_the_error_says_how_to_get_one(
    tmp_path: Path, runs: Path
) -> None:
    with pytest.raises(DatasetError, match="data import"):
        train(SMALL, tmp_path / "nothing", "none")


CHILD = """
import sys
from pathlib import Path
from test_training import SMALL
from agemodel.training import train
print("started", flush=True)
on_epoch = lambda row: print(row["epoch"], flush=True)
train(SMALL, Path(sys.argv[1]), "killed", on_epoch=on_epoch)
"""


def test_a_training_killed_at_any_moment_goes_on_where_it_was(
    data: Path, runs: Path
) -> None:
    """Each life is killed at a moment of its own; at most the epoch at work is lost."""
    chance = random.Random(4)
    seen: list[int] = []
    for _ in range(4):
        child = _start(data)
        assert child.stdout is not None
        assert child.stdout.readline() == "started\n"
        first = child.stdout.readline()  # sets out only once an epoch is done
        seen.append(int(first))
        time.sleep(chance.uniform(0, 0.6))
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
        seen += [int(epoch) for epoch in rest]
    # Killed after an epoch was reported, that epoch is never trained again.
    assert seen == sorted(set(seen))
    done = train(SMALL, data, "killed").read_history()
    assert list(done["epoch"]) == list(range(1, SMALL.epochs + 1))
    assert not list((runs / "killed").glob("checkpoints*"))


def _start(data: Path) -> subprocess.Popen[str]:
    folders = [str(paths.ROOT), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def _images(data: Path) -> Path:
    from agemodel.dataset.index import images_dir

    return images_dir(data)


def test_the_seed_split_chooses_on_a_tenth_of_its_training_faces(data: Path) -> None:
    faces = faces_of(replace(SMALL, split="seed"), data)
    # 160 train + 40 val files are 'train' in the seed column: 200, of which 20 choose.
    assert (faces["part"].value_counts()).to_dict() == {
        "train": 180,
        "val": 20,
        "test": 20,
    }


def test_a_share_of_the_faces_leaves_val_and_test_whole(data: Path) -> None:
    faces = faces_of(replace(SMALL, share=0.25), data)
    assert (faces["part"].value_counts()).to_dict() == {
        "train": 40,
        "val": 40,
        "test": 20,
    }


def test_pictures_in_which_no_face_is_found_keep_their_own_framing(data: Path) -> None:
    faces = faces_of(replace(SMALL, framing="detector"), data)
    square = faces["square"].iloc[0]
    assert (square.centre_xy, square.side_px) == ((20.0, 20.0), 40.0)


def test_an_epoch_varies_faces_in_a_way_that_only_its_seed_decides(data: Path) -> None:
    config = replace(SMALL, jitter_light=0.3, jitter_shift=0.1)
    faces = faces_of(config, data).query("part == 'train'")

    def first(epoch: int) -> np.ndarray:
        return FaceBatches(_images(data), faces, config, True, epoch)[0][0]

    np.testing.assert_array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


def test_every_face_is_in_an_epoch_once(data: Path) -> None:
    faces = faces_of(SMALL, data).query("part == 'train'")
    batches = FaceBatches(_images(data), faces, SMALL, augmented=True, epoch=3)
    ages = np.concatenate([batches[i][1]["age"][:, 0] for i in range(len(batches))])
    assert sorted(ages) == sorted(faces["age"])


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_each_network_takes_rgb_and_gives_age_and_gender(name: str) -> None:
    model = build_network(name, 64, 0.1)
    outputs = model.predict(np.zeros((2, 64, 64, 3), np.float32), verbose=0)
    width = {"mobile": 116, "seed_cnn": 1}[name]
    assert outputs["age"].shape == (2, width)
    assert outputs["gender"].shape == (2, 1)


def test_the_two_branch_network_is_the_one_written_up() -> None:
    model = build_network("seed_cnn", 128, 0.25)
    assert model.get_layer("age_flatten").output.shape == (None, 12_544)
    assert model.get_layer("gender_flatten").output.shape == (None, 12_544)
    # conv1 3*3*3*32+32 = 896, conv2 3*3*32*32+32 = 9,248; a branch: conv 18,496,
    # dense 12,544*512+512 = 6,423,040, out 513. 10,144 + 2 * 6,442,049 = 12,894,242.
    assert model.count_params() == 12_894_242


@pytest.mark.parametrize("name", ["mobile", "seed_cnn"])
def test_shipped_recipes_build_their_networks(name: str) -> None:
    config = read_config(name)
    assert config.network in NETWORKS


def test_the_distribution_loss_is_least_at_its_target() -> None:
    loss = AgeDistributionLoss(sd_years=2.0)
    ages = np.arange(1, 117)
    target = np.exp(-0.5 * ((ages - 30) / 2) ** 2)
    target = (target / target.sum()).astype(np.float32)[None]
    off = np.roll(target, 5)
    truth = np.array([[30.0]], np.float32)
    at_target = float(loss(truth, target))
    # The cross-entropy of a distribution with itself is its entropy:
    # 0.5 * ln(2 pi e 2^2) = 2.112 for a Gaussian of 2 years.
    assert at_target == pytest.approx(2.112, abs=0.01)
    assert float(loss(truth, off)) > at_target + 1


def test_the_error_in_years_is_that_of_the_expected_value() -> None:
    distribution = np.zeros((1, 116), np.float32)
    distribution[0, [19, 39]] = 0.5  # ages 20 and 40: expected 30
    assert np.asarray(mae_years(np.array([[33.0]]), distribution)) == pytest.approx(3)
    assert np.asarray(mae_years(np.array([[33.0]]), np.array([[30.0]]))) == 3


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    schedule = WarmupCosine(peak=1.0, warmup_steps=10, total_steps=110)
    rates = [float(schedule(step)) for step in (0, 5, 10, 60, 110, 200)]
    # Half way down the cosine, at step 60, the rate is half its peak.
    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0, 0], abs=1e-6)


def test_a_run_says_what_made_it(data: Path, runs: Path) -> None:
    run = Run(train(replace(SMALL, epochs=1), data, "said").folder)
    environment = run.read_json("environment.json")
    assert environment["packages"]["tensorflow"]
    assert run.read_config() == replace(SMALL, epochs=1)
    split = pd.read_parquet(run.folder / "split.parquet")
    assert split["part"].value_counts().to_dict() == {
        "train": 160,
        "val": 40,
        "test": 20,
    }
