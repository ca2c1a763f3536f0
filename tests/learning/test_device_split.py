"""A training over two devices, which JAX makes of one processor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from agemodel.core import paths
from agemodel.core.errors import ConfigError
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.learning.device_split import devices_for_training, split_over
from agemodel.learning.objectives import mae_years
from agemodel.learning.training_batches import FaceBatches
from agemodel.runs.checkpoints import BEST
from agemodel.runs.run_folder import Run, open_run
from tests.harness.coloured_faces import SMALL

TWO = {
    "AGEMODEL_KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    # The second, for XLA's threads for large operations may wait for each other without
    # end on a busy machine of two cores. The third, for compiling takes long.
    "XLA_FLAGS": "--xla_force_host_platform_device_count=2"
    " --xla_cpu_multi_thread_eigen=false --xla_backend_optimization_level=0",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
}
# All that has a state of its own, draws by chance, or depends on the whole of a batch.
# 45 faces in batches of 14: the last one, of 3, cannot be halved.
CONFIG = replace(
    SMALL,
    network="group_cnn",
    epochs=3,
    epoch_faces=45,
    batch_size=14,
    optimizer="adamw",
    weight_decay=0.05,
    weight_average=0.9,
    dropout=0.3,
)
SPLITS = [" over cpu:0, cpu:1", "", " over cpu:0, cpu:1", ""]
"""Of the log's lines: it begins, goes on over one device, then over two, and ends."""
RTOL = 1e-3
"""A sum of float32 is off by 6e-8 of itself: seen were 2e-7, and 7e-5 where the run was
stopped twice. Statistics or gradients of half a batch would differ in the first digits.
"""
REST = """
import sys
from pathlib import Path
from agemodel.learning.training_loop import train  # first: it chooses the backend
from tests.learning.test_device_split import CONFIG

def stop(row):
    raise KeyboardInterrupt

data = Path(sys.argv[1])
train(CONFIG, data, "one", devices=1)
try:
    train(CONFIG, data, "two", devices=1, on_epoch=stop)
except KeyboardInterrupt:
    train(CONFIG, data, "two")
"""
SPLIT = """
import agemodel.learning
import jax, numpy as np
from agemodel.core.errors import ConfigError
from agemodel.learning.device_split import devices_for_training, split_over
from agemodel.learning.networks import build_network

with split_over(devices_for_training()):
    model = build_network("mobile", 32, 0.0)
    ages = jax.jit(lambda rgb: model(rgb)["age"])(np.zeros((6, 32, 32, 3), np.uint8))
print(ages.sharding.shard_shape(ages.shape))
print(devices_for_training(1), devices_for_training(2))
try:
    devices_for_training(3)
except ConfigError as error:
    print(error)
"""

needs_jax = pytest.mark.skipif(not find_spec("jax"), reason="JAX is not installed")


@pytest.fixture(autouse=True, scope="module")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Spare a training what another one has compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.mktemp("jax")))
        yield


def start(code: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *code],
        cwd=paths.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | TWO,
    )


def said(code: str, *arguments: str) -> list[str]:
    with start(["-c", code, *arguments]) as child:
        text, _ = child.communicate()
    assert child.returncode == 0
    return text.splitlines()


@needs_jax
@pytest.mark.slow
def test_each_device_computes_its_part_of_a_batch() -> None:
    shard, devices, error = said(SPLIT)
    assert shard == "(3, 116)"  # of 6 faces
    assert devices == "['cpu:0'] ['cpu:0', 'cpu:1']"
    assert error == "Expected 3 devices, but JAX sees 2: cpu:0, cpu:1."


@needs_jax
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_over_two_devices_killed_and_gone_on_with_is_that_of_one(
    data: Path, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_DATA", str(data))
    two = open_run(CONFIG, "two")
    # By one reader, as below: with several Keras takes the first batch last on JAX.
    with start(["-m", "agemodel", "train", "--run", "two", "--readers", "1"]) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("epoch 1/3")
        child.send_signal(signal.SIGKILL)
    said(REST, str(data))
    log = [line.partition(" ")[2] for line in (two.folder / "log.txt").open()]
    begun = [line.strip() for line in log if not line.startswith("epoch done")]
    assert [line.partition(", split")[2] for line in begun] == SPLITS

    one = Run(runs / "one")
    histories = [run.read_history().drop(columns="seconds") for run in (one, two)]
    pd.testing.assert_frame_equal(*histories, rtol=RTOL)
    best = keras.saving.load_model(two.folder / BEST, compile=False)
    faces = recipe_faces(CONFIG, data).query("part == 'val'")
    batches = FaceBatches(faces, CONFIG, augmented=False)
    errors = [
        mae_years(labels["age"], best(rgb)["age"])
        for rgb, labels, _ in (batches[index] for index in range(len(batches)))
    ]
    expected = histories[1]["val_age_mae_years"].min()
    assert np.concatenate(errors).mean() == pytest.approx(expected, rel=1e-4)


def test_tensorflow_trains_on_one_device_and_says_what_does_on_several() -> None:
    assert devices_for_training() == devices_for_training(1) == []
    with split_over([]):
        assert keras.distribution.distribution() is None
    with pytest.raises(ConfigError, match="AGEMODEL_KERAS_BACKEND=jax"):
        devices_for_training(2)
