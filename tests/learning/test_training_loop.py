from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

from agemodel.core import paths, staging
from agemodel.core.errors import ConfigError, DatasetError, RunError
from agemodel.core.labels import AGES
from agemodel.dataset.index import images_dir
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.learning import training_loop
from agemodel.learning.compression import round_bits
from agemodel.learning.networks import AGE_OUTPUT, NETWORKS, build_network, group_shares
from agemodel.learning.objectives import (
    AgeDistributionLoss,
    AgeGroupLoss,
    WarmupCosine,
    label_accuracy,
    mae_years,
)
from agemodel.learning.training_batches import (
    FaceBatches,
    age_shares,
    mixed,
    target_distributions,
    teacher_distributions,
)
from agemodel.learning.training_loop import plain_copy, save_plain, train
from agemodel.runs import checkpoints
from agemodel.runs.checkpoints import BEST, LAST
from agemodel.runs.config import TrainConfig, read_config
from agemodel.runs.run_folder import Run, open_run
from tests.harness.coloured_faces import import_coloured_faces
from tests.harness.made_predictions import made_predictions

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
    faces = recipe_faces(SMALL, data)
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


def test_an_age_group_head_learns_too_and_may_be_compact(
    data: Path, runs: Path
) -> None:
    config = replace(
        SMALL, network="group_cnn", epochs=3, gender_weight=1.0, compact=True
    )
    run = train(config, data, "groups")
    history = run.read_history()
    assert history["age_loss"].iloc[-1] < history["age_loss"].iloc[0]
    faces = recipe_faces(config, data).query("part == 'train'")
    best = keras.saving.load_model(run.folder / BEST, compile=False)
    # Neither learning nor rounding moves the spread of each group over its ages.
    np.testing.assert_allclose(
        best.get_layer(AGE_OUTPUT).get_weights()[0],
        group_shares(faces["age"].to_numpy()),
        atol=1e-7,
    )
    kernel = best.get_layer("dense").get_weights()[0]
    np.testing.assert_array_equal(kernel, round_bits(kernel))


@pytest.fixture(scope="module")
def frozen(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[keras.Model, Run]:
    """A model, and a run that goes on from it with frozen blocks, stopped between."""
    folder = tmp_path_factory.mktemp("frozen")
    (folder / "start").mkdir()
    start = build_network("mobile", 32, 0.0)
    start.save(folder / "start" / BEST)
    config = replace(
        SMALL, network="mobile", epochs=2, start_run="start", frozen_blocks=5
    )

    def stop(row: dict) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGEMODEL_RUNS", str(folder))
        with pytest.raises(KeyboardInterrupt):
            train(config, data, "frozen", on_epoch=stop)
        return start, train(config, data, "frozen")


def test_training_starts_from_the_averaged_weights_of_the_runs_that_are_named(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        starts.append(build_network("mobile", 32, 0.0))
        starts[-1].save(tmp_path / name / BEST)
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path))
    config = replace(
        SMALL,
        network="mobile",
        epochs=1,
        start_run="one, two,one,one",
        learning_rate=1e-9,
    )
    run = train(config, data, "averaged")
    trained = keras.saving.load_model(run.folder / LAST)
    kernels = [m.get_layer("age_logits").get_weights()[0] for m in (*starts, trained)]
    np.testing.assert_allclose(
        kernels[2], 0.75 * kernels[0] + 0.25 * kernels[1], atol=1e-6
    )


def test_frozen_blocks_stay_as_they_are_and_the_others_learn(
    frozen: tuple[keras.Model, Run],
) -> None:
    start, run = frozen
    trained = keras.saving.load_model(run.folder / LAST)
    pairs = zip(*(m.get_layer("trunk").layers for m in (start, trained)), strict=True)
    changed = {
        before.name
        for before, after in pairs
        for old, new in zip(before.get_weights(), after.get_weights(), strict=True)
        if not np.array_equal(old, new)
    }
    # A norm's statistics are among its weights. Each of the blocks 6 to 13 is a
    # depthwise and a pointwise convolution and their norms.
    assert changed == {
        f"conv_{kind}_{block}{part}"
        for block in range(6, 14)
        for kind in ("dw", "pw")
        for part in ("", "_bn")
    }


def test_plain_copy_of_a_frozen_model_answers_as_it_does(
    frozen: tuple[keras.Model, Run], data: Path
) -> None:
    _, run = frozen
    config = run.read_config()
    model = keras.saving.load_model(run.folder / LAST)
    rgb = FaceBatches(_images(data), recipe_faces(config, data), config, False)[0][0]
    expected = model.predict(rgb, verbose=0)
    answer = plain_copy(model, config).predict(rgb, verbose=0)
    np.testing.assert_allclose(answer["age"], expected["age"], atol=1e-6)
    np.testing.assert_allclose(answer["gender"], expected["gender"], atol=1e-6)


def test_plain_copy_of_a_bfloat16_model_computes_in_float32(data: Path) -> None:
    config = replace(SMALL, network="group_cnn", mixed_bfloat16=True)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_network("group_cnn", 32, 0.0)
    finally:
        keras.config.set_dtype_policy(before)
    rgb = FaceBatches(_images(data), recipe_faces(config, data), config, False)[0][0]
    copy = plain_copy(model, config)
    assert {layer.compute_dtype for layer in copy.layers} == {"float32"}
    # bfloat16 has 8 significant bits: what passes some ten layers keeps two digits.
    answer, expected = (net.predict(rgb, verbose=0)["age"] for net in (copy, model))
    np.testing.assert_allclose(answer @ AGES, expected @ AGES, atol=1.5)


def test_blocks_of_a_network_without_a_trunk_cannot_be_frozen(
    data: Path, runs: Path
) -> None:
    with pytest.raises(ConfigError, match="'seed_cnn' has no trunk"):
        train(replace(SMALL, frozen_blocks=5), data, "nothing-to-freeze")


def test_compact_model_is_the_plain_one_rounded_and_less_than_half_its_size(
    tmp_path: Path,
) -> None:
    model = build_network("seed_cnn", 64, 0.0)
    before, after = tmp_path / "plain.keras", tmp_path / "compact.keras"
    config = replace(SMALL, input_px=64)
    save_plain(model, config, before)
    save_plain(model, replace(config, compact=True), after)
    assert after.stat().st_size < 0.5 * before.stat().st_size
    weights = keras.saving.load_model(after).get_weights()
    for given, kept in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(kept, round_bits(given))
    # The model itself goes on with all its bits.
    kernel = model.get_layer("age_dense").get_weights()[0]
    assert not np.array_equal(kernel, round_bits(kernel))


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


@pytest.mark.parametrize(
    "change", [{"dropout": 0.3}, {"weight_average": 0.9}, {"erase": 0.5, "mixup": 0.0}]
)
def test_a_training_that_was_stopped_ends_as_one_that_was_not(
    change: dict, data: Path, runs: Path
) -> None:
    config = replace(SMALL, epochs=4, **change)
    whole = train(config, data, "whole")

    def stop(row: dict) -> None:
        if row["epoch"] in (1, 3):
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            train(config, data, "stopped", on_epoch=stop)
    stopped = train(config, data, "stopped")
    histories = [run.read_history().drop(columns="seconds") for run in (whole, stopped)]
    pd.testing.assert_frame_equal(*histories)
    for name in (BEST, LAST):
        models = [keras.saving.load_model(r.folder / name) for r in (whole, stopped)]
        weights = [model.get_weights() for model in models]
        for one, other in zip(*weights, strict=True):
            np.testing.assert_array_equal(one, other)


CHILD = """
import sys
from pathlib import Path
from test_training_loop import SMALL
from agemodel.learning.training_loop import train
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


HANGER = """
import sys, time
from pathlib import Path
from test_training_loop import SMALL
from agemodel.core.errors import RunError
from agemodel.learning.training_batches import FaceBatches
from agemodel.learning.training_loop import train

get = FaceBatches.__getitem__
def slowly(batches, index):
    time.sleep(0.3)
    return get(batches, index)
FaceBatches.__getitem__ = slowly
def on_step(done, total):
    raise OSError(28, "No space left on device")
try:
    train(SMALL, Path(sys.argv[1]), "fails", on_step=on_step)
except RunError as error:
    print(error, flush=True)
"""


def test_process_whose_training_failed_in_an_epoch_comes_to_its_end(
    data: Path, runs: Path
) -> None:
    """Threads that still waited for batches kept it from ending, once."""
    child = _start(data, HANGER)
    try:
        said, _ = child.communicate(timeout=150)
    finally:
        child.kill()
    assert f"the disk of {runs} is full" in said


def test_full_disk_loses_no_epoch_and_training_goes_on_once_there_is_room(
    data: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = replace(SMALL, epochs=3), Run(runs / "full")
    flush, calls = staging.flush, list[Path]()

    def fills(path: Path) -> None:
        calls.append(path)
        if path.name == "history.json" and len(calls) > 3:
            raise OSError(28, "No space left on device")
        flush(path)

    with monkeypatch.context() as patch:
        patch.setattr(staging, "flush", fills)
        with pytest.raises(RunError, match=r"training of full .* full\. Free some"):
            train(config, data, "full")
    parent = run.folder / "checkpoints"
    assert [path.name for path in parent.iterdir()] == ["epoch-0001"]
    assert run.read_json("status.json")["epochs_done"] == 1
    train(config, data, "full")
    assert (run.folder / "log.txt").read_text().count("epoch done") == 3


def test_epoch_that_a_kill_kept_out_of_the_status_is_told_at_the_next_start(
    data: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = replace(SMALL, epochs=3), Run(runs / "mended")
    publish = checkpoints.publish

    def dies(run: Run, history: list, epochs: int) -> None:
        if len(history) == 2:
            raise KeyboardInterrupt
        publish(run, history, epochs)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "publish", dies)
        with pytest.raises(KeyboardInterrupt):
            train(config, data, "mended")
    assert run.read_json("status.json")["epochs_done"] == 1
    told: list[int] = []

    def on_step(done: int, total: int) -> None:
        told.append(run.read_json("status.json")["epochs_done"])

    (run.folder / ".checkpoints-removed" / "old").mkdir(parents=True)
    train(config, data, "mended", on_step=on_step)
    assert told[0] == 2
    assert not list(run.folder.glob(".*"))


def test_training_without_room_for_its_models_is_not_begun(
    data: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 311,330 parameters: four copies at 16 bytes are 19.9 MB.
    usage = SimpleNamespace(free=19_900_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(RunError, match=r"19\.9 MB free.*training of room needs 19\.9"):
        train(replace(SMALL, epochs=1), data, "room")
    usage.free = 20_000_000
    training_loop._check_room(Run(runs / "room"), build_network("seed_cnn", 32, 0), 4)


def _start(data: Path, code: str = CHILD) -> subprocess.Popen[str]:
    folders = [str(paths.ROOT), str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    return subprocess.Popen(
        [sys.executable, "-c", code, str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def _images(data: Path) -> Path:
    return images_dir(data)


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


def test_pictures_in_which_no_face_is_found_keep_their_own_framing(data: Path) -> None:
    faces = recipe_faces(replace(SMALL, framing="detector"), data)
    square = faces["square"].iloc[0]
    assert (square.centre_xy, square.side_px) == ((20.0, 20.0), 40.0)


def test_an_epoch_varies_faces_in_a_way_that_only_its_seed_decides(data: Path) -> None:
    config = replace(SMALL, jitter_light=0.3, jitter_shift=0.1)
    faces = recipe_faces(config, data).query("part == 'train'")

    def first(epoch: int) -> np.ndarray:
        return FaceBatches(_images(data), faces, config, True, epoch)[0][0]

    np.testing.assert_array_equal(first(1), first(1))
    assert not np.array_equal(first(1), first(2))


def test_age_balance_draws_rare_ages_as_often_as_common_ones(data: Path) -> None:
    faces = recipe_faces(SMALL, data).query("part == 'train'").copy()
    faces["age"] = np.where(np.arange(len(faces)) < 150, 20, 70)  # and 10 of 70
    config = replace(SMALL, age_balance=1.0)

    def order(epoch: int) -> np.ndarray:
        return FaceBatches(_images(data), faces, config, True, epoch).order

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
    crops = FaceBatches(_images(data), faces, config, True, 1)[0][0]
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


@pytest.mark.parametrize("balance", [0.0, 0.4, 1.0])
def test_shares_sum_to_one_and_are_larger_where_ages_are_rarer(balance: float) -> None:
    ages = np.random.default_rng(0).geometric(1 / 20, 500).clip(1, 116)
    shares = age_shares(ages, balance)
    assert shares.shape == (500,)
    assert shares.sum() == pytest.approx(1)
    assert (shares[ages == ages.max()] >= shares[ages == 1].max()).all()


def test_every_face_is_in_an_epoch_once(data: Path) -> None:
    faces = recipe_faces(SMALL, data).query("part == 'train'")
    batches = FaceBatches(_images(data), faces, SMALL, augmented=True, epoch=3)
    ages = np.concatenate([batches[i][1]["age"][:, 0] for i in range(len(batches))])
    assert sorted(ages) == sorted(faces["age"])


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_each_network_takes_rgb_and_gives_age_and_gender(name: str) -> None:
    model = build_network(name, 64, 0.1)
    outputs = model.predict(np.zeros((2, 64, 64, 3), np.float32), verbose=0)
    width = {"group_cnn": 116, "mobile": 116, "seed_cnn": 1}[name]
    assert outputs["age"].shape == (2, width)
    assert outputs["gender"].shape == (2, 1)


def test_the_two_branch_network_is_the_one_written_up() -> None:
    model = build_network("seed_cnn", 128, 0.25)
    assert model.get_layer("age_flatten").output.shape == (None, 12_544)
    assert model.get_layer("gender_flatten").output.shape == (None, 12_544)
    # conv1 3*3*3*32+32 = 896, conv2 3*3*32*32+32 = 9,248; a branch: conv 18,496,
    # dense 12,544*512+512 = 6,423,040, out 513. 10,144 + 2 * 6,442,049 = 12,894,242.
    assert model.count_params() == 12_894_242


@pytest.mark.parametrize("name", ["group_cnn", "mobile", "seed_cnn"])
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


def test_the_error_in_years_joins_the_distribution_loss_with_its_weight() -> None:
    distribution = np.zeros((2, 116), np.float32)
    distribution[:, [19, 39]] = 0.5  # ages 20 and 40: expected 30
    truth = np.array([[33.0], [26.0]], np.float32)  # 3 and 4 years off
    plain, more = (
        np.asarray(AgeDistributionLoss(2.0, weight).call(truth, distribution))
        for weight in (0.0, 0.5)
    )
    np.testing.assert_allclose(more - plain, [1.5, 2.0], rtol=1e-5)


def test_a_loss_survives_saving() -> None:
    loss = AgeDistributionLoss(sd_years=3.0, mae_weight=0.2)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (again.sd_years, again.mae_weight) == (3.0, 0.2)


def test_a_distribution_behind_the_age_is_what_is_learned() -> None:
    said = np.full((1, 116), 0.2 / 115, np.float32)
    said[0, 29] = 0.8
    given = np.zeros((1, 116), np.float32)
    given[0, 29] = 1.0  # age 30, where the true age is 60
    truth = np.concatenate([[[60.0]], given], axis=1).astype(np.float32)
    loss = float(AgeDistributionLoss(2.0).call(truth, said)[0])
    assert loss == pytest.approx(-np.log(0.8), rel=1e-3)
    # The years are counted from the true age, whatever else is learned.
    assert float(mae_years(truth, said)[0]) == pytest.approx(abs(60 - said @ AGES)[0])


def test_targets_are_gaussians_around_the_true_ages() -> None:
    targets = target_distributions(np.array([30.0, 1.0], np.float32), sd_years=2.0)
    # From 30 to 32, one standard deviation, the density falls to exp(-1/2).
    assert targets[0, 31] / targets[0, 29] == pytest.approx(np.exp(-0.5), rel=1e-5)
    np.testing.assert_allclose(targets.sum(1), 1, rtol=1e-5)
    assert targets.argmax(1).tolist() == [29, 0]


def test_the_larger_part_of_a_blended_label_counts() -> None:
    labels = np.array([[1.0], [0.8], [0.8], [0.0]], np.float32)
    said = np.array([[0.6], [0.7], [0.4], [0.9]], np.float32)
    assert np.asarray(label_accuracy(labels, said)).ravel().tolist() == [1, 1, 0, 0]


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


@pytest.mark.parametrize("network", ["seed_cnn", "group_cnn"])
def test_networks_without_a_distribution_refuse_to_blend(
    network: str, data: Path, runs: Path
) -> None:
    config = replace(SMALL, name="blend", network=network, mixup=0.5)
    with pytest.raises(ConfigError, match=r"mixup is 0\.5, but the network"):
        train(config, data, "blend")


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'resnet'; expected one of group_cnn"):
        build_network("resnet", 128, 0.0)


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


def test_a_pupil_learns_what_its_teacher_says(data: Path, runs: Path) -> None:
    config = replace(SMALL, name="pupil", network="mobile", epochs=4)
    teacher = open_run(replace(SMALL, name="teacher"), "teacher")
    files = recipe_faces(SMALL, data)["file"]
    always_90 = [np.eye(116, dtype=np.float32)[89]] * len(files)
    teacher.write_predictions(made_predictions(files, age_probabilities=always_90))
    config = replace(config, teachers="teacher", teacher_share=1.0, gender_weight=0.0)
    run = train(config, data, "pupil")
    model = keras.saving.load_model(run.folder / LAST)
    noise = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3))
    said = model.predict(noise.astype(np.float32), verbose=0)["age"]
    assert (said.argmax(1) == 89).all()


def test_averaged_weights_are_taken_over_and_kept(data: Path, runs: Path) -> None:
    # With all the weight on the past, only an epoch's first step is kept, and Adam's
    # first step is no longer than the learning rate.
    config = replace(SMALL, name="still", epochs=1, weight_average=1.0)
    run = train(config, data, "still")
    trained = keras.saving.load_model(run.folder / LAST)
    keras.utils.set_random_seed(config.seed)
    fresh = build_network("seed_cnn", 32, 0.0)
    for new, old in zip(trained.weights, fresh.weights, strict=True):
        np.testing.assert_allclose(new, old, atol=config.learning_rate * 1.001)
    # As usual, it does learn, and a second epoch goes on from what was kept.
    config = replace(SMALL, name="moving", epochs=3, weight_average=0.9)
    history = train(config, data, "moving").read_history()
    assert history["age_loss"].is_monotonic_decreasing
    # and as runs from before the weight have it
    settings = {"sd_years": 3.0}
    assert AgeDistributionLoss.from_config(settings).mae_weight == 0.0


@pytest.mark.parametrize(
    ("age", "first", "last"), [(1, 1, 2), (3, 3, 9), (9, 3, 9), (69, 60, 69)]
)
def test_the_group_loss_asks_for_the_probability_of_the_true_group(
    age: int, first: int, last: int
) -> None:
    distribution = np.random.default_rng(0).dirichlet(np.ones(116), 1)
    expected = -np.log(distribution[0, first - 1 : last].sum())
    truth = np.array([[age]], np.float32)
    loss = AgeGroupLoss().call(truth, distribution.astype(np.float32))
    assert np.asarray(loss) == pytest.approx([expected], rel=1e-5)


def test_the_group_loss_is_one_number_a_face() -> None:
    distribution = np.zeros((3, 116), np.float32)
    distribution[:, 115] = 1.0
    truth = np.array([[70.0], [116.0], [20.0]])
    loss = np.asarray(AgeGroupLoss().call(truth, distribution))
    # right twice; wrong is capped at -ln(1e-7) = 16.1
    assert loss == pytest.approx([0, 0, 16.118], abs=1e-3)


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
