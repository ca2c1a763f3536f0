"""One training on several devices of a machine, by Keras' JAX backend.

Every device holds all weights and computes a part of each batch; the gradients are
those of the whole batch, and so are the statistics of batch norms and what dropout
draws. The run is that of one device, but for the order in which numbers are added up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras
from keras.distribution import TensorLayout

from agemodel.core.errors import ConfigError
from agemodel.learning.networks import NETWORKS


def devices_for_training(count: int | None = None) -> list[str]:
    """The devices to train on, such as ["gpu:0", "gpu:1"]; none named by TensorFlow.

    Args:
        count: how many; unless given, all that JAX sees: the GPUs, if there are any.

    Raises:
        ConfigError: there are fewer, or TensorFlow trains, which takes one.
    """
    if keras.backend.backend() != "jax":
        if count not in (None, 1):
            raise ConfigError(
                f"TensorFlow trains on one device here, not on {count}; JAX can: "
                "AGEMODEL_KERAS_BACKEND=jax (docs/scaling.md)."
            )
        return []
    seen = keras.distribution.list_devices()
    if count is not None and count > len(seen):
        raise ConfigError(
            f"Expected {count} devices, but JAX sees {len(seen)}: {', '.join(seen)}."
        )
    return seen[:count]


@contextmanager
def split_over(devices: Sequence[str]) -> Iterator[None]:
    """Split every batch of a model that is made and trained within over the devices.

    Over fewer than two devices nothing is split.
    """
    before = keras.distribution.distribution()
    split = _BatchSplit(devices=list(devices)) if len(devices) > 1 else None
    keras.distribution.set_distribution(split)
    try:
        yield
    finally:
        keras.distribution.set_distribution(before)


def where_split() -> str:
    """Words for the log: over which devices batches are split here, if over any."""
    split = keras.distribution.distribution()
    return f", split over {', '.join(split.device_mesh.devices)}" if split else ""


class _BatchSplit(keras.distribution.DataParallel):
    """Splits batches of any size, within the compiled step.

    Keras would split them on their way to the devices, evenly, by the size of an
    epoch's first batch; the last batch is smaller. So each device gets the whole batch,
    and what the layers make of it is split, where JAX takes parts of different sizes.
    """

    def get_data_layout(self, data_shape: tuple[int, ...]) -> TensorLayout:
        return TensorLayout((), self.device_mesh)

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        if path.removesuffix("/output") in NETWORKS:
            return None  # no single tensor: the age and the gender, of layers of theirs
        return TensorLayout((self.batch_dim_name,), self.device_mesh)
