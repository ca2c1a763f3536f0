from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

from agemodel.core import paths, staging
from agemodel.core.errors import DatasetError, RunError
from agemodel.core.labels import AGES
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.learning import training_loop
from agemodel.learning.compression import round_bits
from agemodel.learning.networks import AGE_OUTPUT, build_network, group_shares
from agemodel.learning.objectives import AgeDistributionLoss
from agemodel.learning.trained_network import plain_copy, save_plain
from agemodel.learning.training_batches import FaceBatches
from agemodel.learning.training_loop import train
from agemodel.runs import checkpoints
from agemodel.runs.checkpoints import BEST, LAST
from agemodel.runs.run_folder import Run
from tests.harness.coloured_faces import SMALL
from tests.harness.uncompiled import uncompiled


@pytest.fixture(scope="module")
def learned(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run of the small recipe."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGEMODEL_RUNS", str(tmp_path_factory.mktemp("runs")))
        return train(SMALL, data, "learned")


@pytest.mark.slow
def test_a_network_learns_ages_and_genders_that_are_plain_to_see(learned: Run) -> None:
    run, history = learned, learned.read_history()
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


def test_the_best_model_is_that_of_the_best_epoch(learned: Run, data: Path) -> None:
    model = keras.saving.load_model(learned.folder / BEST, compile=False)
    faces = recipe_faces(SMALL, data)
    val = faces[faces["part"] == "val"]
    batches = FaceBatches(val, SMALL, augmented=False)
    errors = [
        np.abs(model.predict(x, verbose=0)["age"] - y["age"][:, :1])
        for x, y, _ in (batches[index] for index in range(len(batches)))
    ]
    expected = learned.read_history()["val_age_mae_years"].min()
    assert np.concatenate(errors).mean() == pytest.approx(expected, rel=1e-4)


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
def frozen(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list, Run]:
    """Weights of two runs, and a run that goes on from three quarters of the first and
    one of the second, with frozen blocks, stopped between."""
    folder, starts = tmp_path_factory.mktemp("frozen"), []
    for name in ("one", "two"):
        (folder / name).mkdir()
        start = build_network("mobile", 32, 0.0)
        start.save(folder / name / BEST)
        starts.append(weights_of_trunk(start))
    config = replace(SMALL, network="mobile", epochs=2, share=0.2, frozen_blocks=5)
    config = replace(config, start_run="one, two,one,one")

    def stop(row: dict) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, uncompiled():
        patch.setenv("AGEMODEL_RUNS", str(folder))
        with pytest.raises(KeyboardInterrupt):
            train(config, data, "frozen", on_epoch=stop)
        return starts, train(config, data, "frozen")


def weights_of_trunk(model: keras.Model) -> dict[str, list[np.ndarray]]:
    layers = model.get_layer("trunk").layers
    return {layer.name: layer.get_weights() for layer in layers if layer.weights}


def test_training_starts_from_the_average_of_runs_and_frozen_blocks_stay_so(
    frozen: tuple[list, Run],
) -> None:
    (one, two), run = frozen
    trained = weights_of_trunk(keras.saving.load_model(run.folder / LAST))
    changed = {
        name
        for name, weights in trained.items()
        for a, b, now in zip(one[name], two[name], weights, strict=True)
        if not np.allclose(now, 0.75 * a + 0.25 * b, atol=1e-6)
    }
    # A norm's statistics are among its weights. Each of the blocks 6 to 13 is a
    # depthwise and a pointwise convolution and their norms.
    assert changed == {
        f"conv_{kind}_{block}{part}"
        for block in range(6, 14)
        for kind in ("dw", "pw")
        for part in ("", "_bn")
    }


@uncompiled()
def test_a_part_of_the_starting_weights_stays_in_the_model_that_is_kept(
    data: Path, runs: Path
) -> None:
    start = build_network("seed_cnn", 32, 0.0)
    (runs / "start").mkdir(parents=True)
    start.save(runs / "start" / BEST)
    config = replace(SMALL, epochs=1, share=0.2, start_run="start", start_share=0.25)
    run = train(config, data, "mixed")
    last, best = (
        keras.saving.load_model(run.folder / name, compile=False).get_weights()
        for name in (LAST, BEST)
    )
    for old, new, kept in zip(start.get_weights(), last, best, strict=True):
        np.testing.assert_allclose(kept, 0.25 * old + 0.75 * new, atol=1e-6)
    assert not np.allclose(last[0], best[0])


def test_plain_copy_of_a_frozen_model_answers_as_it_does(
    frozen: tuple[list, Run], data: Path
) -> None:
    _, run = frozen
    config = run.read_config()
    model = keras.saving.load_model(run.folder / LAST)
    rgb = FaceBatches(recipe_faces(config, data), config, False)[0][0]
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
    rgb = FaceBatches(recipe_faces(config, data), config, False)[0][0]
    copy = plain_copy(model, config)
    assert {layer.compute_dtype for layer in copy.layers} == {"float32"}
    # bfloat16 has 8 significant bits: what passes some ten layers keeps two digits.
    answer, expected = (net.predict(rgb, verbose=0)["age"] for net in (copy, model))
    np.testing.assert_allclose(answer @ AGES, expected @ AGES, atol=1.5)


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


def test_a_finished_run_says_what_made_it_and_is_never_trained_again(
    learned: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert learned.read_json("environment.json")["packages"]["tensorflow"]
    assert learned.read_config() == SMALL
    split = pd.read_parquet(learned.folder / "split.parquet")
    assert split["part"].value_counts().to_dict() == {
        "train": 160,
        "val": 40,
        "test": 20,
    }
    monkeypatch.setenv("AGEMODEL_RUNS", str(learned.folder.parent))
    before = (learned.folder / BEST).read_bytes(), learned.read_history()
    again = train(SMALL, data, "learned")
    assert (again.folder / BEST).read_bytes() == before[0]
    pd.testing.assert_frame_equal(again.read_history(), before[1])
    with pytest.raises(RunError, match="another recipe"):
        train(replace(SMALL, epochs=9), data, "learned")


def test_without_a_dataset_the_error_says_how_to_get_one(
    tmp_path: Path, runs: Path
) -> None:
    with pytest.raises(DatasetError, match="data import"):
        train(SMALL, tmp_path / "nothing", "none")


@pytest.mark.slow
def test_a_training_that_was_stopped_ends_as_one_that_was_not(
    data: Path, runs: Path
) -> None:
    # Everything that has a state of its own, or draws by chance, at once.
    config = replace(SMALL, epochs=4, dropout=0.3, weight_average=0.9, erase=0.5)
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
from tests.harness.coloured_faces import SMALL
from agemodel.learning.training_loop import train
print("started", flush=True)
train(
    SMALL,
    Path(sys.argv[1]),
    "killed",
    on_epoch=lambda row: print(row["epoch"], flush=True),
    on_step=lambda step, steps: print("step", flush=True),
)
"""


@pytest.mark.slow
def test_a_training_killed_at_any_moment_goes_on_where_it_was(
    data: Path, runs: Path
) -> None:
    """Each process is killed at another step; at most its current epoch is lost."""
    chance = random.Random(4)
    seen: list[int] = []
    for _ in range(2):
        child = _start(data)
        assert child.stdout is not None
        assert child.stdout.readline() == "started\n"
        while (line := child.stdout.readline()) == "step\n":
            pass  # the kill comes only once an epoch is done
        seen.append(int(line))
        # An epoch has 10 steps, so that no more than one more is done.
        told = [child.stdout.readline() for _ in range(chance.randrange(10))]
        child.send_signal(signal.SIGKILL)
        told += child.stdout.readlines()
        child.wait()
        seen += [int(line) for line in told if line.strip().isdigit()]
    # Killed after an epoch was reported, that epoch is never trained again.
    assert seen == sorted(set(seen))
    done = train(SMALL, data, "killed").read_history()
    assert list(done["epoch"]) == list(range(1, SMALL.epochs + 1))
    assert not list((runs / "killed").glob("checkpoints*"))


HANGER = """
import sys, threading
from pathlib import Path
from tests.harness.coloured_faces import SMALL
from agemodel.core.errors import RunError
from agemodel.learning.training_batches import FaceBatches
from agemodel.learning.training_loop import train

get, failed, early = FaceBatches.__getitem__, threading.Event(), iter(range(5))
def slowly(batches, index):
    if next(early, None) is None:
        failed.wait()
    return get(batches, index)
FaceBatches.__getitem__ = slowly
def on_step(done, total):
    failed.set()
    raise OSError(28, "No space left on device")
try:
    train(SMALL, Path(sys.argv[1]), "fails", on_step=on_step)
except RunError as error:
    print(error, flush=True)
"""


@pytest.mark.slow
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


def test_epoch_missing_from_the_status_after_a_kill_is_added_at_the_next_start(
    data: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = replace(SMALL, epochs=3), Run(runs / "resumed")
    publish = checkpoints.publish

    def dies(run: Run, history: list, epochs: int) -> None:
        if len(history) == 2:
            raise KeyboardInterrupt
        publish(run, history, epochs)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "publish", dies)
        with pytest.raises(KeyboardInterrupt):
            train(config, data, "resumed")
    assert run.read_json("status.json")["epochs_done"] == 1
    told: list[int] = []

    def on_step(done: int, total: int) -> None:
        told.append(run.read_json("status.json")["epochs_done"])

    (run.folder / ".checkpoints-removed" / "old").mkdir(parents=True)
    train(config, data, "resumed", on_step=on_step)
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
    environment = {**os.environ, "PYTHONPATH": str(paths.ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


@pytest.mark.slow
@uncompiled()
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
    # As runs from before the weight have it.
    settings = {"sd_years": 3.0}
    assert AgeDistributionLoss.from_config(settings).mae_weight == 0.0
