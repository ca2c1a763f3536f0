"""The faces that a run estimated, as one table, and slices of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
from agemodel.explorer.flags import FLAGS
from agemodel.explorer.queries import Ages
from agemodel.explorer.selection import FACETS
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


@dataclass(frozen=True)
class Slice:
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

    @classmethod
    def from_query(cls, query: Mapping[str, str | Sequence[str]]) -> Slice:
        """Read a slice from a URL's query; what cannot be read is ignored."""
        texts = {key: _texts(query.get(key, ())) for key in SLICE_KEYS}
        splits = _chosen(texts["split"], SPLITS)
        whole = cls()
        return cls(
            split=splits[0] if splits else whole.split,
            genders=_read("gender", texts) or (),
            races=_read("race", texts) or (),
            ages=_read("age", texts) or whole.ages,
            quality=_chosen(texts["quality"], tuple(QUALITIES)),
        )

    def to_query(self) -> dict[str, str]:
        """What differs from the default."""
        whole = Slice()
        query = {
            "split": self.split if self.split != whole.split else "",
            "gender": FACETS["gender"].write(self.genders),
            "race": FACETS["race"].write(self.races),
            "age": FACETS["age"].write(self.ages) if self.ages != whole.ages else "",
            "quality": ",".join(self.quality),
        }
        return {key: text for key, text in query.items() if text}

    def describe(self) -> str:
        """The slice in words, such as `test, female, 20 to 40 years`."""
        words = [SPLIT_WORDS[self.split]]
        words += [FACETS["gender"].say(self.genders)] if self.genders else []
        words += [FACETS["race"].say(self.races)] if self.races else []
        words += [FACETS["age"].say(self.ages)] if self.ages != Slice().ages else []
        words += [" or ".join(QUALITIES[name] for name in self.quality)]
        return ", ".join(word for word in words if word)


SLICE_KEYS = ("split", "gender", "race", "age", "quality")
"""The keys of a slice in a URL."""


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
    mask = np.array(_in_split(predicted, wanted.split))
    if wanted.genders:
        mask &= predicted["gender"].isin(wanted.genders).to_numpy()
    if wanted.races:
        mask &= predicted["race"].isin(wanted.races).to_numpy()
    if wanted.ages != Slice().ages:
        mask &= predicted["age"].between(*wanted.ages).to_numpy()
    if wanted.quality:
        mask &= np.any([_has(predicted, name) for name in wanted.quality], axis=0)
    return mask


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
    columns = [name for name in (*_MEASURES, *QUALITIES) if name in described]
    rows = pd.Index(described["file"]).get_indexer(files)
    known = rows >= 0
    found = described[columns].iloc[rows if columns else []].reset_index(drop=True)
    for name in columns:
        unknown = np.float32(np.nan) if name in _MEASURES else False
        found[name] = found[name].where(known, unknown)
    return found


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


def _read(key: str, texts: Mapping[str, Sequence[str]]) -> tuple | None:
    return FACETS[key].read(texts[key]) if texts[key] else None


def _texts(given: str | Sequence[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _chosen(texts: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    asked = {part.strip().lower() for text in texts for part in text.split(",")}
    return tuple(name for name in known if name in asked)
