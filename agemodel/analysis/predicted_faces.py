"""The faces that a run estimated, as one table, and slices of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from agemodel.core.columns import category
from agemodel.core.errors import DatasetError
from agemodel.core.labels import (
    AGE_GROUPS,
    GENDERS,
    MAX_AGE,
    MIN_AGE,
    RACES,
    age_group_index,
)
from agemodel.explorer.face_table import read_faces
from agemodel.explorer.filters import mask
from agemodel.explorer.flags import FLAGS
from agemodel.explorer.queries import Ages
from agemodel.explorer.selection import FACETS, Filters, Selection, choice, single
from agemodel.runs.run_folder import Run

SPLITS = ("test", "coral_test", "val")
"""Faces that a run did not learn from; `coral_test` are those of `test` that CORAL's
authors tested on, 21 to 60 years. The epoch and the calibration were chosen on val."""

SPLIT_WORDS = {"test": "test", "coral_test": "CORAL test", "val": "validation"}

SHARP = "sharp"
QUALITIES = {SHARP: "sharp"} | {
    name: FLAGS[name]
    for name in ("blurred", "dark", "bright", "small", "turned", "greyscale", "no_face")
}
"""What a slice can ask of a picture, in words; `sharp` is what is not blurred."""

_MEASURES = ("sharpness", "brightness", "face_px", "yaw_deg")
_ESTIMATES = ("age_years", "age_low", "age_high", "p_female")


SLICE_FACETS = {
    "split": single(
        "split",
        lambda text: text if text in SPLITS else "",
        str,
        SPLIT_WORDS.__getitem__,
    ),
    **{key: FACETS[key] for key in ("gender", "race", "age")},
    "quality": choice("quality", tuple(QUALITIES), words=QUALITIES),
}
"""The filters of a slice by their keys in a URL."""


@dataclass(frozen=True)
class Slice(Filters):
    """Which faces count; all of it must hold, several values of one are alternatives.

    Attributes:
        split: of `SPLITS`.
        genders: of `labels.GENDERS`, as labelled; empty for all.
        races: of `labels.RACES`, as labelled; empty for all.
        ages: lowest and highest labelled age, years, both included.
        quality: of `QUALITIES`; empty for all.
    """

    split: str = SPLITS[0]
    genders: tuple[str, ...] = ()
    races: tuple[str, ...] = ()
    ages: Ages = (MIN_AGE, MAX_AGE)
    quality: tuple[str, ...] = ()

    facets = SLICE_FACETS

    def describe(self) -> str:
        """The slice in words, such as `test, female, 20 to 40 years`."""
        whole = replace(self, split=SPLITS[0])
        words = [SPLIT_WORDS[self.split], Filters.describe(whole)]
        return ", ".join(filter(None, words))


def read_predicted(run: Run, described: pd.DataFrame | None = None) -> pd.DataFrame:
    """Read what a run estimated of every face, beside the labels and the quality.

    Args:
        run: an evaluated run.
        described: the table of `explorer.read_faces`, which is read where it is not
            given.

    Returns:
        A row a face, in the order of the run's predictions. `file` (str), `split`,
        `coral` ("" or train or test), `gender`, `race`, `age_group`,
        `estimated_group` (categories), `age` (int16, years), `age_years`, `age_low`,
        `age_high`, `p_female`, `error_years` (estimate less label), `abs_error`,
        `width_years` (of the interval; all float32), `decided` (bool: the gender is
        not left open), `gender_wrong` (bool: estimated otherwise than labelled).

        Where the faces are described also `sharpness`, `brightness` (0..255),
        `face_px`, `yaw_deg` (float32, nan where unknown) and a bool column for each of
        `QUALITIES` but `sharp`.

    Raises:
        RunError: the run was not evaluated, or its predictions are damaged or other.
    """
    predicted = _predicted(run.read_predictions())
    return pd.concat([predicted, _quality(predicted["file"], described)], axis=1)


def splits_in(predicted: pd.DataFrame) -> tuple[str, ...]:
    """The splits of `SPLITS` that a run has faces of."""
    return tuple(split for split in SPLITS if _in_split(predicted, split).any())


def qualities_in(predicted: pd.DataFrame) -> tuple[str, ...]:
    """The qualities of `QUALITIES` that are known; none where no face is described."""
    known = [name for name in QUALITIES if name in predicted]
    return (SHARP, *known) if "blurred" in known else tuple(known)


def in_slice(predicted: pd.DataFrame, wanted: Slice) -> np.ndarray:
    """Which faces are in a slice, a mask of shape (n,).

    A quality that is not known holds for no face.
    """
    labels = Selection(ages=wanted.ages, genders=wanted.genders, races=wanted.races)
    chosen = mask(predicted, labels) & _in_split(predicted, wanted.split)
    if wanted.quality:
        chosen &= np.any([_has(predicted, name) for name in wanted.quality], axis=0)
    return chosen


def _predicted(table: pd.DataFrame) -> pd.DataFrame:
    """The columns that predictions alone give."""
    age = table["age"].to_numpy()
    years, low, high, p_female = (table[name].to_numpy() for name in _ESTIMATES)
    error = years - age
    gender = table["gender"].to_numpy()
    return pd.DataFrame(
        {
            "file": table["file"],
            "split": table["split"].astype("category"),
            "coral": table["coral"].astype("category"),
            "age": age,
            "gender": category(gender, GENDERS),
            "race": category(table["race"].to_numpy(), RACES),
            "age_group": category(age_group_index(age), AGE_GROUPS),
            "age_years": years,
            "age_low": low,
            "age_high": high,
            "estimated_group": category(table["age_group"].to_numpy(), AGE_GROUPS),
            "p_female": p_female,
            "decided": table["decided"].to_numpy(np.bool_),
            "error_years": error,
            "abs_error": np.abs(error),
            "width_years": high - low,
            "gender_wrong": (p_female >= 0.5) != (gender == GENDERS.index("female")),
        }
    )


def _quality(files: pd.Series, described: pd.DataFrame | None) -> pd.DataFrame:
    """The quality of the pictures in these files; no column where none is described."""
    if described is None:
        try:
            described = read_faces()
        except DatasetError:
            described = pd.DataFrame({"file": []})
    by_file = described.set_index("file")
    measures = by_file.filter(items=_MEASURES).reindex(files)
    flags = by_file.filter(items=tuple(QUALITIES)).reindex(files, fill_value=False)
    return pd.concat([measures, flags], axis=1).reset_index(drop=True)


def _in_split(predicted: pd.DataFrame, split: str) -> np.ndarray:
    if split == "coral_test":
        of_coral = predicted["coral"].to_numpy() == "test"
        return _in_split(predicted, "test") & of_coral
    return np.asarray(predicted["split"] == split)


def _has(predicted: pd.DataFrame, quality: str) -> np.ndarray:
    name = "blurred" if quality == SHARP else quality
    if name not in predicted:
        return np.zeros(len(predicted), bool)
    holds = predicted[name].to_numpy(bool)
    return ~holds if quality == SHARP else holds
