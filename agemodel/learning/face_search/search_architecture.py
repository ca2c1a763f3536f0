"""The search network: anchor-free, for faces of any direction, on three grids.

Of the kind of YuNet (Wu, Peng and Yu, 'YuNet: a tiny millisecond-level face detector',
Machine Intelligence Research 20, 2023): depthwise separable convolutions, a feature
pyramid, and no anchors. Each cell of the grids at strides 8, 16 and 32 answers, for the
face whose centre lies in it, a score, the offset of its centre, its size, and which way
is up: the last lets one pass find faces that lie or stand on their head.
"""

from __future__ import annotations

import keras
from keras import layers

STRIDES = (8, 16, 32)
OUTPUTS = 6
"""Logit of the score, centre's x and y offset, log of the side, and x and y of the
vector that points from the centre of the face to its forehead."""

_STEM_WIDTH, _STEM_PX = 32, 7
_LEVEL_WIDTHS, _LEVEL_DEPTH = (48, 64, 96), 3
_HEAD_WIDTH = 48


def build_search_network(size_px: int | None = None) -> keras.Model:
    """The network, untrained.

    Args:
        size_px: side of its square input; any multiple of 32 unless given.

    Returns:
        From RGB, shape (b, h, w, 3), float32, 0..255, to (b, n, 6), float32, see
        `OUTPUTS`: the cells of the three grids, one grid after another, row by row.
    """
    inputs = keras.Input((size_px, size_px, 3), name="rgb")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    x = _normed(layers.Conv2D(_STEM_WIDTH, _STEM_PX, 4, "same", use_bias=False)(x))
    levels = []
    for width in _LEVEL_WIDTHS:
        x = _separable(x, width, stride=2)
        for _ in range(_LEVEL_DEPTH - 1):
            x = _separable(x, width)
        levels.append(x)
    above = None
    heads = []
    for level in reversed(levels):
        side = _normed(layers.Conv2D(_HEAD_WIDTH, 1, use_bias=False)(level), relu=False)
        if above is not None:
            side = layers.Add()([side, layers.UpSampling2D(2)(above)])
        above = layers.ReLU()(side)
        heads.append(_head(_separable(above, _HEAD_WIDTH)))
    outputs = layers.Concatenate(axis=1, name="cells")(heads[::-1])
    return keras.Model(inputs, outputs, name="face_search")


def _head(x: keras.KerasTensor) -> keras.KerasTensor:
    prior = keras.initializers.Constant([-4.0, 0, 0, 0, 0, 0])
    x = layers.Conv2D(OUTPUTS, 1, bias_initializer=prior)(x)
    return layers.Reshape((-1, OUTPUTS))(x)


def _separable(x: keras.KerasTensor, width: int, stride: int = 1) -> keras.KerasTensor:
    x = layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(x)
    return _normed(layers.Conv2D(width, 1, use_bias=False)(x))


def _normed(x: keras.KerasTensor, relu: bool = True) -> keras.KerasTensor:
    x = layers.BatchNormalization(momentum=0.98)(x)
    return layers.ReLU()(x) if relu else x
