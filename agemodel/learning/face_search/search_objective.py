"""What the search network is trained to answer."""

from __future__ import annotations

import keras
from keras import ops

_FOCUS = 2.0
_POSITIVE_WEIGHT = 0.4


def search_loss(target: keras.KerasTensor, answer: keras.KerasTensor) -> object:
    """Focal loss of the score, and L1 of place, size and direction where a face is.

    The focal loss is that of Lin et al., 'Focal Loss for Dense Object Detection', 2017.

    Args:
        target: shape (b, n, 6), as returned by `scenes.targets`.
        answer: shape (b, n, 6), as the network returns it.

    Returns:
        A scalar: the sum of both, per face.
    """
    label = target[..., 0]
    positive = ops.cast(label == 1.0, "float32")
    counted = ops.cast(label >= 0.0, "float32")
    logit = answer[..., 0]
    p = ops.sigmoid(logit)
    hard = ops.where(
        positive > 0,
        _POSITIVE_WEIGHT * (1 - p) ** _FOCUS,
        (1 - _POSITIVE_WEIGHT) * p**_FOCUS,
    )
    cross = ops.softplus(logit) - positive * logit
    faces = ops.sum(positive) + 1.0
    score = ops.sum(hard * cross * counted) / faces
    apart = ops.abs(target[..., 1:] - answer[..., 1:])  # (b, n, 5)
    place = ops.sum(ops.sum(apart, -1) * positive) / faces
    return 4.0 * score + place
