"""The estimator: RGB in, a list of estimates out. LiteRT only.

Interpreters are not safe to share between threads: concurrent calls fail or, worse,
answer wrongly. So a fixed number of workers, each with interpreters of its own, wait
in a queue, and every call takes one and puts it back.
"""

from __future__ import annotations

import contextlib
import os
import queue
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.core.labels import AGE_GROUPS, age_group_index, group_probabilities
from agemodel.faces import (
    CropSquare,
    Detection,
    FaceQuality,
    cost_of,
    crop_square,
    quality_of,
    square_of_detection,
    square_of_picture,
)
from agemodel.faces.detector import MIN_SCORE, FaceDetector
from agemodel.metrics.calibration import widened
from agemodel.metrics.distributions import distribution_around, median_age
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.card import Card, SelfTestAnswer
from agemodel.models.face_check import BY_SCORE
from agemodel.models.model_folder import ModelFolder
from agemodel.serving import self_test

FORMAT = 2
"""Format of the model's folder; a folder of another is refused."""

DOUBTFUL = "Perhaps no face: it looks little like those that the model knows."


@dataclass(frozen=True)
class Estimate:
    """The estimate of one face.

    Attributes:
        box_xyxy: of the face, px of the picture that was given.
        detection_score: how sure the detector is, 0..1; 1 when the whole picture was
            taken for a face.
        landmarks_xy: shape (6, 2), see `Detection`; None for a whole picture.
        quality: the picture quality of the face.
        warnings: sentences on poor quality, and what it costs.
        crop_rgb: the model's input, shape (s, s, 3), uint8.
        age_years: the median of the distribution, which has the least expected
            absolute error. It is not to be shown where there is a `reason`.
        age_low: lower bound of the 80 % interval, wider the poorer the picture is.
        age_high: upper bound.
        age_probabilities: shape (116,), float32, over `labels.AGES`.
        p_female: calibrated probability of the label 'female'.
        gender: 'female', 'male' or 'uncertain'.
        heatmap: shape (h, w), float32, years: by how much each cell of the crop moves
            the expected age, see `explanation`; None where the network has no such map.
        embedding: shape (64,), float16, for comparing faces, see `neighbours`; None
            where the network has none.
        reason: why no age is stated, a sentence; None where one is.
        p_face: how likely it is a face, see `FaceCheck`; 1 for a whole picture.
        doubtful: whether it is perhaps none.
        least_sure: the least probability of a label at which `gender` states it.
    """

    box_xyxy: tuple[float, float, float, float]
    detection_score: float
    landmarks_xy: np.ndarray | None
    quality: FaceQuality
    warnings: tuple[str, ...]
    crop_rgb: np.ndarray
    age_years: float
    age_low: float
    age_high: float
    age_probabilities: np.ndarray
    p_female: float
    gender: str
    heatmap: np.ndarray | None = None
    embedding: np.ndarray | None = None
    reason: str | None = None
    p_face: float = 1.0
    doubtful: bool = False
    least_sure: float = 0.5

    @property
    def group_probabilities(self) -> np.ndarray:
        """Shape (9,), in the order of `labels.AGE_GROUPS`."""
        return group_probabilities(self.age_probabilities)

    @property
    def age_group(self) -> str:
        """The age group that holds the age, in whole years as it is shown."""
        return AGE_GROUPS[int(age_group_index(np.rint(self.age_years)))]


class Estimator:
    """Estimates age and gender of faces; any number of threads may share one."""

    def __init__(
        self,
        folder: Path,
        workers: int | None = None,
        min_detection_score: float = MIN_SCORE,
    ) -> None:
        """Load an exported model; `load` does it by name.

        Args:
            folder: as `agemodel.learning.export` writes it.
            workers: how many calls run at once; the number of cores, 4 at most,
                unless given.
            min_detection_score: of what is estimated.

        Raises:
            ModelError: the model is missing, damaged or of another version.
        """
        model = ModelFolder(folder)
        self.card = model.card
        if self.card.format != FORMAT:
            raise ModelError(
                f"Model {model.name} has format {self.card.format}, expected "
                f"{FORMAT}. Export it again: python -m agemodel export RUN NAME"
            )
        content = model.read_model()
        self.calibration = self.card.calibration
        self._check = self.card.face_check or BY_SCORE
        count = workers or min(os.cpu_count() or 1, 4)
        try:
            made = [
                _Worker(content, self.card, min_detection_score) for _ in range(count)
            ]
        except ValueError as error:
            raise ModelError(
                f"Model {model.name} is damaged ({error}). Export it again: "
                "python -m agemodel export RUN NAME"
            ) from error
        self._workers: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in made:
            self._workers.put(worker)
        self.check()

    @classmethod
    def load(cls, name: str = DEFAULT_MODEL, workers: int | None = None) -> Estimator:
        """Load an exported model by name.

        Raises:
            ModelError: the model is missing, damaged or of another version.
        """
        return cls(paths.models_dir() / name, workers)

    def estimate(self, rgb: np.ndarray) -> list[Estimate]:
        """Estimate every face of a photo, largest first; none found is an empty list.

        Args:
            rgb: shape (h, w, 3), uint8, upright.
        """
        return [
            face
            for face in self.estimate_candidates(rgb)
            if face.p_face >= self._check.none_below
        ]

    def estimate_candidates(self, rgb: np.ndarray) -> list[Estimate]:
        """As `estimate`, with what the face check takes for no face.

        Args:
            rgb: shape (h, w, 3), uint8.
        """
        with self._worker() as worker:
            return [
                self._estimate(worker, rgb, detection)
                for detection in worker.detector.detect(rgb)
            ]

    def estimate_faces(
        self, rgb: np.ndarray, faces: Sequence[Detection]
    ) -> list[Estimate]:
        """Estimate faces that were found already, in their order.

        Args:
            rgb: shape (h, w, 3), uint8.
            faces: where they are; what the face check takes for none is left out.
        """
        with self._worker() as worker:
            found = [self._estimate(worker, rgb, face) for face in faces]
        return [face for face in found if face.p_face >= self._check.none_below]

    def estimate_upright(self, rgb: np.ndarray) -> tuple[list[Estimate], int]:
        """Estimate a photo that may lie on its side.

        Each face is estimated upright, whichever way it lies in the photo. Where most
        of them lie alike, the photo is turned, if that shows a face beyond doubt.

        Args:
            rgb: shape (h, w, 3), uint8.

        Returns:
            The estimates, in px of `np.rot90(rgb, turns)`, and those counter-clockwise
            quarter turns, 0..3.
        """
        found = self.estimate(rgb)
        turns = quarter_turns([face for face in found if not face.doubtful] or found)
        if turns == 0:
            return found, 0
        turned = self.estimate(np.ascontiguousarray(np.rot90(rgb, turns)))
        if all(face.doubtful for face in turned):
            return found, 0
        return turned, turns

    def estimate_aligned(self, rgb: np.ndarray) -> Estimate:
        """Estimate a picture that is a cropped face already; nothing is searched.

        Args:
            rgb: shape (h, w, 3), uint8; its largest centred square is the face.
        """
        with self._worker() as worker:
            return self._estimate(worker, rgb, None)

    def age_probabilities(self, crop: np.ndarray) -> np.ndarray:
        """The network's distribution for a crop as it sees one, shape (116,)."""
        with self._worker() as worker:
            return worker.run(crop).age_probabilities

    def self_test_answer(self) -> SelfTestAnswer:
        """The estimate of the self test's picture, as a card holds it."""
        picture = self_test.made_picture(self.card.input_px)
        estimate = self.estimate_aligned(picture)
        return SelfTestAnswer(round(estimate.age_years, 3), round(estimate.p_female, 4))

    def check(self) -> None:
        """Run the self test.

        Raises:
            ModelError: the model does not answer as its card says.
        """
        self_test.check(self.card, self.self_test_answer())

    @contextlib.contextmanager
    def _worker(self) -> Iterator[_Worker]:
        worker = self._workers.get()
        try:
            yield worker
        finally:
            self._workers.put(worker)

    def _estimate(
        self, worker: _Worker, rgb: np.ndarray, detection: Detection | None
    ) -> Estimate:
        square = square_of_detection(detection) if detection else square_of_picture(rgb)
        crop = crop_square(rgb, square, worker.input_px)
        found = worker.run(crop)
        calibration = self.calibration
        ages = median_age(found.age_probabilities[None])
        quality = quality_of(rgb, crop, detection)
        cost = cost_of(quality, self.card.conditions)
        low, high = calibration.interval(ages, found.age_probabilities[None])
        low, high = widened(ages, low, high, cost.widening)
        p_female = float(calibration.probability(np.array(found.p_female)))
        score = detection.score if detection else 1.0
        p_face = self._check.probability(score, found.embedding) if detection else 1.0
        doubtful = p_face < self._check.doubtful_below
        return Estimate(
            box_xyxy=detection.box_xyxy if detection else _box(square),
            detection_score=score,
            p_face=p_face,
            doubtful=doubtful,
            landmarks_xy=detection.landmarks_xy if detection else None,
            quality=quality,
            warnings=(DOUBTFUL,) * doubtful + cost.warnings,
            crop_rgb=crop,
            age_years=float(ages[0]),
            age_low=float(low[0]),
            age_high=float(high[0]),
            age_probabilities=found.age_probabilities.astype(np.float32),
            p_female=p_female,
            gender=calibration.gender(p_female),
            heatmap=found.heatmap,
            embedding=found.embedding,
            reason=cost.reason,
            least_sure=1 - calibration.uncertain_above,
        )


def work_in_one_thread() -> None:
    """Let OpenCV work in the calling thread only, in the whole process.

    For servers: photos are handled in parallel anyway, and OpenCV 5.0 leaks a little
    memory for every thread that starts its workers (1 MB for 1,000 threads).
    """
    cv2.setNumThreads(1)


def quarter_turns(faces: Sequence[Estimate]) -> int:
    """Counter-clockwise quarter turns that bring most of the faces upright, 0..3.

    Where no direction has more than half of them, by none.
    """
    turns = [round(face.quality.roll_deg / 90) % 4 for face in faces]
    common = max(set(turns), key=turns.count, default=0)
    return common if turns.count(common) > len(turns) / 2 else 0


@dataclass(frozen=True)
class _NetworkOutput:
    """The network's raw outputs for a crop, averaged over its views."""

    age_probabilities: np.ndarray
    p_female: float
    heatmap: np.ndarray | None
    embedding: np.ndarray | None


class _Worker:
    """A detector and a network's interpreter, for one thread at a time."""

    def __init__(self, content: bytes, card: Card, min_score: float) -> None:
        self.detector = FaceDetector(min_score)
        self.input_px = card.input_px
        self._flip_average = card.flip_average
        self._half_width = card.calibration.half_width_years or 0.0
        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._run = self._interpreter.get_signature_runner()

    def run(self, crop: np.ndarray) -> _NetworkOutput:
        """Run the network on a crop, shape (s, s, 3), uint8."""
        outputs = [self._run(rgb=crop[None].astype(np.float32))]
        if self._flip_average:
            outputs.append(self._run(rgb=crop[None, :, ::-1].astype(np.float32)))
            if "heatmap" in outputs[1]:
                outputs[1]["heatmap"] = outputs[1]["heatmap"][:, :, ::-1]
        mean = {
            name: np.mean([output[name][0] for output in outputs], axis=0)
            for name in outputs[0]
        }
        age = mean["age"].astype(np.float64)
        if len(age) == 1:
            age = distribution_around(float(age[0]), self._half_width)
        embedding = mean.get("embedding")
        return _NetworkOutput(
            age_probabilities=age,
            p_female=float(mean["gender"][0]),
            heatmap=mean.get("heatmap"),
            embedding=None if embedding is None else embedding.astype(np.float16),
        )


def _box(square: CropSquare) -> tuple[float, float, float, float]:
    x, y = square.centre_xy
    half = square.side_px / 2
    return x - half, y - half, x + half, y + half
