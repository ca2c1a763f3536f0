"""One pass of the search network over a whole picture.

The network is the project's own (`agemodel.learning.face_search`): it takes a picture
of any size, and finds faces of any direction from about `SMALLEST_PX`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from agemodel.core import paths
from agemodel.core.checksums import read_verified

FILE = "face_search.tflite"
"""Its name in `assets/detectors/`."""

STRIDES = (8, 16, 32)
SMALLEST_PX, LARGEST_PX = 15.0, 240.0
"""Sides of the faces that are found nearly always, px of the picture."""

_MULTIPLE_PX = STRIDES[-1]


@dataclass(frozen=True)
class Found:
    """Where faces may be.

    Attributes:
        centres_xy: shape (n, 2), float32, px of the picture.
        sides_px: shape (n,), float32: of the square box around a face.
        rolls_deg: shape (n,), float32: how far its forehead is turned clockwise from
            the top, -180..180.
        scores: shape (n,), float32, 0..1.
    """

    centres_xy: np.ndarray
    sides_px: np.ndarray
    rolls_deg: np.ndarray
    scores: np.ndarray


class SearchNetwork:
    """The search network in a LiteRT interpreter; one thread at a time may use it."""

    def __init__(self) -> None:
        """Load and check the network.

        Raises:
            ModelError: the file is missing or differs from its manifest.
        """
        content = read_verified(paths.DETECTORS, FILE)
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shape: tuple[int, ...] = ()

    def __call__(self, rgb: np.ndarray, min_score: float) -> Found:
        """Find faces in a picture.

        Args:
            rgb: shape (h, w, 3), uint8.
            min_score: candidates below it are dropped.
        """
        height, width = (
            -(-side // _MULTIPLE_PX) * _MULTIPLE_PX for side in rgb.shape[:2]
        )
        padded = np.full((1, height, width, 3), 127, np.float32)
        padded[0, : rgb.shape[0], : rgb.shape[1]] = rgb
        if padded.shape != self._shape:
            self._interpreter.resize_tensor_input(self._input, padded.shape)
            self._interpreter.allocate_tensors()
            self._shape = padded.shape
        self._interpreter.set_tensor(self._input, padded)
        self._interpreter.invoke()
        cells = self._interpreter.get_tensor(self._output)[0]  # (n, 6)
        return _decode(cells, height, width, min_score)


def _decode(cells: np.ndarray, height: int, width: int, min_score: float) -> Found:
    """Found from the network's answer, shape (n, 6), see `OUTPUTS` there."""
    logit = np.log(min_score / (1 - min_score))
    keep = np.flatnonzero(cells[:, 0] >= logit)
    places, strides = _grid(height, width, keep)
    found = cells[keep]
    return Found(
        centres_xy=places + found[:, 1:3] * strides[:, None],
        sides_px=np.exp(found[:, 3].clip(-4, 6)) * strides,
        rolls_deg=np.degrees(np.arctan2(found[:, 4], -found[:, 5])),
        scores=1 / (1 + np.exp(-found[:, 0].clip(-60, 60))),
    )


def _grid(height: int, width: int, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres, shape (n, 2), and strides, shape (n,), of cells by their number."""
    centres = np.empty((len(cells), 2), np.float32)
    strides = np.empty(len(cells), np.float32)
    first = 0
    for stride in STRIDES:
        columns, count = width // stride, (height // stride) * (width // stride)
        own = (cells >= first) & (cells < first + count)
        row, column = np.divmod(cells[own] - first, columns)
        centres[own] = (np.stack([column, row], 1) + 0.5) * stride
        strides[own] = stride
        first += count
    return centres, strides
