"""The card of an exported model: what it is, as its export wrote it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agemodel.core.json_records import record_from, values_of
from agemodel.metrics.calibration import Calibration
from agemodel.metrics.evaluation_results import (
    Conditions,
    FaceCounts,
    GroupMetrics,
    Metrics,
    Stability,
)
from agemodel.metrics.set_measures import SetMetrics
from agemodel.metrics.shares import ShareCalibration
from agemodel.models.face_check import FaceCheck

_SELF_TEST = "golden"
"""What the entry of the self test is called in the file."""


@dataclass(frozen=True)
class FileEntry:
    """A file beside the card, with the SHA-256 of its bytes."""

    file: str
    sha256: str


@dataclass(frozen=True)
class KerasDifference:
    """How far LiteRT's answers are from Keras', on some val faces.

    Attributes:
        faces: how many.
        age_years: the largest difference of an age.
        mean_age_years: the mean difference.
        p_female: the largest difference of p(female).
        mae_years: the error in LiteRT, each face once, not mirrored.
        gender_accuracy: likewise.
        keras_mae_years: the error in Keras.
        keras_gender_accuracy: likewise.
        embedding: the largest difference, as a part of the largest value.
        heatmap: likewise.
    """

    faces: int
    age_years: float
    mean_age_years: float
    p_female: float
    mae_years: float
    gender_accuracy: float
    keras_mae_years: float
    keras_gender_accuracy: float
    embedding: float | None = None
    heatmap: float | None = None


@dataclass(frozen=True)
class SelfTestAnswer:
    """The answer to the picture of the self test at the export."""

    age_years: float
    p_female: float


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a model is; see also the classes of its parts.

    Attributes:
        format: of the folder, `serving.estimator.FORMAT`.
        network: of `learning.networks`.
        run: the id of the run that it was made of.
        input_px: side of its crop.
        framing: how the faces were cropped that it learned from.
        flip_average: whether the mirrored crop is asked, too.
        file: the model's, in LiteRT's form; `bytes` and `sha256` are its.
        weights: `int8` or `float32`.
        created: when, in ISO 8601.
        agemodel: the version that exported it.
        metrics: by split.
        groups: by split, label and value.
        sets: measures of the data sets beside the first; None where there was none.
        recipe: the run's configuration, as its `config.json` holds it.
        training: the run's `status.json`.
        licence: of model and faces.
        faces_file: the faces with embeddings; None where the network has none.
        self_test: None where it was exported without.
        face_check: tells faces from what looks like one; None where it was not fitted.
        shares: how shares of age bands among many people are corrected, and how far
            they err; None where that was not measured.
    """

    format: int
    name: str
    network: str
    run: str
    input_px: int
    framing: str | None = None
    flip_average: bool
    parameters: int
    file: str
    bytes: int
    sha256: str
    weights: str
    created: str | None = None
    agemodel: str | None = None
    difference_from_keras: KerasDifference
    calibration: Calibration
    conditions: Conditions
    metrics: dict[str, Metrics]
    groups: dict[str, GroupMetrics]
    sets: dict[str, SetMetrics] | None = None
    stability: Stability
    faces: FaceCounts
    recipe: dict[str, Any]
    training: dict[str, Any]
    licence: str
    faces_file: FileEntry | None = None
    self_test: SelfTestAnswer | None = None
    face_check: FaceCheck | None = None
    shares: ShareCalibration | None = None

    @property
    def model_file(self) -> FileEntry:
        """The model's file."""
        return FileEntry(self.file, self.sha256)


def card_from(values: dict[str, Any]) -> Card:
    """Build a card from what `card.json` holds, without its digest.

    Raises:
        ValueError: an entry is missing or of another type; the message names it.
    """
    return record_from(Card, _renamed(values, _SELF_TEST, "self_test"))


def card_values(card: Card) -> dict[str, Any]:
    """What `card.json` holds of a card, without its digest."""
    return _renamed(values_of(card), "self_test", _SELF_TEST)


def _renamed(values: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {(new if name == old else name): value for name, value in values.items()}
