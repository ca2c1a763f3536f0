"""One pass of a BlazeFace network over one square picture.

BlazeFace (Bazarevsky et al., 'BlazeFace: Sub-millisecond Neural Face Detection on
Mobile GPUs', 2019, arXiv:1907.05047) predicts, for every anchor of a fixed grid, a
score and 16 numbers: the box's centre and size, then six landmarks, as offsets from
the anchor in pixels of the network's input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from agemodel.core import paths
from agemodel.core.checksums import read_verified

_LOGIT_LIMIT = 80.0
"""Beyond it the sigmoid is 0 or 1 and its exponential leaves float32."""


@dataclass(frozen=True)
class BlazeFaceSpec:
    """What a BlazeFace file holds.

    Attributes:
        file: its name in `assets/detectors/`.
        input_px: side of its square input.
        anchor_grids: (stride in px, anchors a cell), in the order of its outputs.
    """

    file: str
    input_px: int
    anchor_grids: tuple[tuple[int, int], ...]


BACK = BlazeFaceSpec("face_detection_back.tflite", 256, ((16, 2), (32, 6)))
FULL_RANGE = BlazeFaceSpec("face_detection_full_range.tflite", 192, ((4, 1),))


@dataclass(frozen=True)
class Candidates:
    """Raw detections, before suppression.

    Attributes:
        boxes_xyxy: shape (n, 4), float32, as fractions of the input's side.
        landmarks_xy: shape (n, 6, 2), float32, likewise.
        scores: shape (n,), float32, 0..1.
    """

    boxes_xyxy: np.ndarray
    landmarks_xy: np.ndarray
    scores: np.ndarray


class BlazeFace:
    """A BlazeFace network in a LiteRT interpreter; one thread at a time may use it."""

    def __init__(self, spec: BlazeFaceSpec) -> None:
        """Load and check the network.

        Raises:
            ModelError: the file is missing or differs from its manifest.
        """
        self.spec = spec
        content = read_verified(paths.DETECTORS, spec.file)
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        outputs = self._interpreter.get_output_details()
        by_width = {detail["shape"][-1]: detail["index"] for detail in outputs}
        self._boxes, self._scores = by_width[16], by_width[1]
        self._anchors = anchor_centres(spec)

    def __call__(self, rgb: np.ndarray, min_score: float) -> Candidates:
        """Find faces in a square picture.

        Args:
            rgb: shape (input_px, input_px, 3), uint8.
            min_score: candidates below it are dropped.
        """
        tensor = rgb.astype(np.float32)[None] / 127.5 - 1.0
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        logits = self._interpreter.get_tensor(self._scores)[0, :, 0]
        scores = 1 / (1 + np.exp(-np.clip(logits, -_LOGIT_LIMIT, _LOGIT_LIMIT)))
        keep = scores >= min_score
        raw = self._interpreter.get_tensor(self._boxes)[0][keep]  # (n, 16)
        return _decode(raw, self._anchors[keep], scores[keep], self.spec.input_px)


def anchor_centres(spec: BlazeFaceSpec) -> np.ndarray:
    """Anchor centres as fractions of the input's side, shape (n, 2), float32."""
    grids = []
    for stride, per_cell in spec.anchor_grids:
        cells = spec.input_px // stride
        centre = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(centre, centre)
        grids.append(np.repeat(np.stack([x, y], -1).reshape(-1, 2), per_cell, axis=0))
    return np.concatenate(grids)


def _decode(
    raw: np.ndarray, anchors: np.ndarray, scores: np.ndarray, input_px: int
) -> Candidates:
    points = raw.reshape(-1, 8, 2) / input_px  # centre, size, six landmarks
    centres = points[:, 0] + anchors
    half_sizes = points[:, 1] / 2
    boxes = np.concatenate([centres - half_sizes, centres + half_sizes], axis=1)
    landmarks = points[:, 2:] + anchors[:, None]
    return Candidates(
        boxes.astype(np.float32),
        landmarks.astype(np.float32),
        scores.astype(np.float32),
    )
