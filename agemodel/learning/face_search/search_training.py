"""Train the search network on made scenes, and export it for the app."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from agemodel.learning.face_search.search_architecture import (
    OUTPUTS,
    STRIDES,
    build_search_network,
)
from agemodel.learning.face_search.search_objective import search_loss
from agemodel.learning.face_search.search_scenes import Scenes, targets

_EPOCH_STEPS = 500
_POOL_SCENES = 6_000
_NEW_SHARE = 0.4
"""Of a batch's scenes: making one costs as much as learning from it, so others come
again, mirrored and in another light."""


@dataclass(frozen=True)
class SearchRecipe:
    """How the search network is trained.

    Attributes:
        steps: batches.
        batch: scenes a batch.
        size_px: side of a scene.
        learning_rate: the largest, reached after `warmup_steps`; then a cosine.
        seed: of the order.
    """

    steps: int = 7_000
    batch: int = 24
    size_px: int = 256
    learning_rate: float = 2e-3
    warmup_steps: int = 300
    seed: int = 0


class SceneBatches(keras.utils.PyDataset):
    """Batches of scenes and what the network should answer; each epoch holds others."""

    def __init__(self, scenes: Scenes, recipe: SearchRecipe) -> None:
        super().__init__()
        self._scenes = scenes
        self._recipe = recipe
        self._random = np.random.default_rng(recipe.seed)
        self._pool: list[tuple[np.ndarray, np.ndarray]] = []

    def __len__(self) -> int:
        return min(self._recipe.steps, _EPOCH_STEPS)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """RGB, shape (b, s, s, 3), float32, and targets, shape (b, n, 6)."""
        count = self._recipe.batch
        fresh = max(1, round(count * _NEW_SHARE)) if self._pool else count
        for _ in range(fresh):
            rgb, faces, ignored = self._scenes.scene()
            self._pool.append((rgb, targets(faces, ignored, self._recipe.size_px)))
        self._pool = self._pool[-_POOL_SCENES:]
        picked = self._random.integers(0, len(self._pool), count)
        pairs = [self._varied(*self._pool[place]) for place in picked]
        return np.stack([rgb for rgb, _ in pairs]), np.stack([t for _, t in pairs])

    def _varied(
        self, rgb: np.ndarray, target: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if self._random.random() < 0.5:
            rgb, target = rgb[:, ::-1], mirrored(target, self._recipe.size_px)
        light = self._random.uniform(0.8, 1.2, 3)
        return (rgb * light).clip(0, 255).astype(np.float32), target


def mirrored(target: np.ndarray, size_px: int) -> np.ndarray:
    """What the network should answer for the mirror image, shape (n, 6)."""
    grids, first = [], 0
    for cells in (size_px // stride for stride in STRIDES):
        grid = target[first : first + cells**2].reshape(cells, cells, OUTPUTS)
        grids.append(grid[:, ::-1].reshape(-1, OUTPUTS))
        first += cells**2
    return np.concatenate(grids) * np.array([1, -1, 1, 1, -1, 1], np.float32)


def train_search_network(
    scenes: Scenes, recipe: SearchRecipe, checkpoints: Path
) -> keras.Model:
    """Train the network, or go on where a training was interrupted.

    Args:
        scenes: of `recipe.size_px`.
        checkpoints: a folder for the state after each epoch of 500 steps.

    Returns:
        The network with weights averaged over its last steps.
    """
    model = build_search_network(recipe.size_px)
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * 0.02,
        recipe.steps,
        alpha=0.01,
        warmup_target=recipe.learning_rate,
        warmup_steps=recipe.warmup_steps,
    )
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=0.01, clipnorm=5.0, use_ema=True, ema_momentum=0.998
    )
    model.compile(optimizer, loss=search_loss)
    model.fit(
        SceneBatches(scenes, recipe),
        epochs=max(1, recipe.steps // _EPOCH_STEPS),
        callbacks=[keras.callbacks.BackupAndRestore(str(checkpoints))],
        verbose=2,
    )
    optimizer.finalize_variable_values(model.trainable_variables)
    return model


def search_network_for_app(model: keras.Model) -> bytes:
    """The network in LiteRT's form, for pictures of any size, in float32."""
    network = build_search_network(None)
    network.set_weights(model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        network.export(
            folder,
            format="tf_saved_model",
            verbose=False,
            input_signature=[tf.TensorSpec((1, None, None, 3), tf.float32, name="rgb")],
        )
        return tf.lite.TFLiteConverter.from_saved_model(folder).convert()
