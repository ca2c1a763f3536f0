"""Explanation of an estimate: the age heatmap and the embedding of a face.

Both come from the last feature map of networks that end in global pooling and one
dense layer, such as `mobile`.

The heatmap is the class activation map (B. Zhou et al., 'Learning Deep Features for
Discriminative Localization', CVPR 2016) of the expected age. Under the softmax, logit k
moves the expectation E by p_k (k - E), so a cell with features f moves it by
sum_k p_k (k - E) w_k . f, divided by the number of cells: to first order, and exact for
the network as it is, since nothing comes between the cells and the logits but a mean.

The embedding is the pooled feature vector in the directions in which training faces
differ most (principal components).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from agemodel.core.labels import AGES, EMBEDDING_SIZE
from agemodel.learning.networks import AGE_OUTPUT

HEATMAP_OUTPUT = "heatmap"
EMBEDDING_OUTPUT = "embedding"

_POOL, _AGE_LOGITS = "pool", "age_logits"


@dataclass(frozen=True)
class Projection:
    """From pooled features to embeddings.

    Attributes:
        mean: of the training faces' features, shape (c,), float32.
        components: the directions, shape (c, 64), float32, each of length 1.
    """

    mean: np.ndarray
    components: np.ndarray

    def embed(self, features: np.ndarray) -> np.ndarray:
        """Features, shape (n, c), to embeddings, shape (n, 64), float16."""
        return ((features - self.mean) @ self.components).astype(np.float16)


def fit_projection(features: np.ndarray) -> Projection:
    """Find the directions in which faces differ most.

    Args:
        features: of training faces, shape (n, c); c at least 64.
    """
    mean = features.mean(0, dtype=np.float64)
    centred = features - mean
    _, directions = np.linalg.eigh(centred.T @ centred)  # by rising variance
    components = directions[:, : -EMBEDDING_SIZE - 1 : -1]
    return Projection(mean.astype(np.float32), components.astype(np.float32))


def can_explain(model: keras.Model) -> bool:
    """Whether a network ends in global pooling and one dense layer."""
    names = {layer.name for layer in model.layers}
    return {_POOL, _AGE_LOGITS} <= names


def with_features(model: keras.Model) -> keras.Model:
    """The network with a further output `features`, shape (n, c), if it can have it."""
    if not can_explain(model):
        return model
    pooled = model.get_layer(_POOL).output
    return keras.Model(model.input, {**model.output, "features": pooled})


def explained(model: keras.Model, projection: Projection) -> keras.Model:
    """The network with outputs `heatmap`, shape (n, h, w), and `embedding`, (n, 64).

    Args:
        model: a network that `can_explain`.
        projection: from its training faces.
    """
    pool = model.get_layer(_POOL)
    kernel = model.get_layer(_AGE_LOGITS).kernel
    heatmap = _Heatmap(ops.convert_to_numpy(kernel), name=HEATMAP_OUTPUT)(
        [pool.input, model.output[AGE_OUTPUT]]
    )
    embed = keras.layers.Dense(EMBEDDING_SIZE, name=EMBEDDING_OUTPUT)
    embedding = embed(pool.output)
    offset = -projection.mean @ projection.components
    embed.set_weights([projection.components, offset])
    outputs = {HEATMAP_OUTPUT: heatmap, EMBEDDING_OUTPUT: embedding}
    return keras.Model(model.input, {**model.output, **outputs})


class _Heatmap(keras.layers.Layer):
    """Layer from a feature map, (n, h, w, c), and distributions to (n, h, w)."""

    def __init__(self, kernel: np.ndarray, **options: Any) -> None:
        super().__init__(dtype="float32", **options)
        self.towards = ops.transpose(kernel)  # (116, c)

    def call(self, inputs: tuple[Any, Any]) -> Any:
        features, p = inputs
        ages = ops.convert_to_tensor(AGES.astype("float32"))
        expected = ops.sum(p * ages, axis=-1, keepdims=True)
        pull = ops.matmul(p * (ages - expected), self.towards)  # (n, c)
        cells = features.shape[1] * features.shape[2]
        return ops.sum(features * pull[:, None, None, :], axis=-1) / cells
