"""What a run's measures are to be seen beside: simpler guesses, networks, papers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from agemodel.analysis.run_names import run_name
from agemodel.core import paths
from agemodel.core.checksums import read_verified
from agemodel.core.columns import category, codes_of
from agemodel.core.errors import AgeModelError, ModelError
from agemodel.core.labels import AGE_GROUPS, GENDERS, age_group_index
from agemodel.metrics.measures import (
    CORAL_RANGE,
    CORAL_RESTRICTED,
    MEASURES,
    YEARS,
    Score,
)
from agemodel.runs.predictions import PREDICTIONS
from agemodel.runs.run_folder import Run, list_runs

PUBLISHED = paths.ASSETS / "published.json"
NETWORKS = ("seed_cnn", "group_cnn")
"""The networks that a run of another is held against."""

KINDS = {
    "run": "this run",
    "restricted": "this run, restricted",
    "constant": "no model",
    "baseline": "another network",
    "published": "published",
    "measured": "others', measured here",
}
"""What a system is, in words."""


@dataclass(frozen=True)
class System:
    """Something that estimates faces, with its measures.

    Attributes:
        name: for a row or an axis.
        kind: of `KINDS`.
        n: how many faces the measures are of; None where it was not stated.
        scores: by the keys of `measures.MEASURES`, as far as they are known.
        note: what to know before comparing.
    """

    name: str
    kind: str
    n: int | None
    scores: dict[str, Score]
    note: str = ""


def guess_always(predicted: pd.DataFrame) -> pd.DataFrame:
    """The same faces, all estimated to have the mean age of train.

    The gender is the one that more of the train faces are labelled with. There is no
    interval.

    Args:
        predicted: as returned by `read_predicted`, with faces of train.

    Raises:
        ModelError: there is no face of train to learn this from.
    """
    train = predicted[predicted["split"] == "train"]
    if train.empty:
        raise ModelError("The run's predictions hold no face of train.")
    n = len(predicted)
    mean = float(train["age"].mean())
    more_female = np.mean(codes_of(train["gender"]) == GENDERS.index("female")) > 0.5
    group = np.full(n, age_group_index(mean), np.int8)
    return predicted.assign(
        age_years=np.full(n, mean),
        age_low=np.full(n, np.nan),
        age_high=np.full(n, np.nan),
        p_female=np.full(n, 1.0 if more_female else 0.0),
        estimated_group=category(group, AGE_GROUPS),
    )


def always_in_words(guesses: pd.DataFrame) -> str:
    """What `guess_always` says of every face."""
    first = guesses.iloc[0]
    return f"Always {first['age_years']:.1f} years, {GENDERS[int(first['p_female'])]}"


def baseline_runs(run: Run, evaluated: Sequence[Run]) -> list[Run]:
    """Of each of `NETWORKS`, other than the run's own, the first evaluated run.

    A run whose configuration cannot be read is passed over.
    """
    found: dict[str, Run] = {}
    for one in evaluated:
        found.setdefault(_setting(one, "network"), one)
    own = _setting(run, "network")
    return [found[name] for name in NETWORKS if name in found and name != own]


def split_note(run: Run, other: Run) -> str:
    """That the faces of a run are others, as it was split otherwise; or nothing."""
    split = _setting(other, "split")
    if split == _setting(run, "split"):
        return ""
    return f"other faces: those of its own split, '{split}'"


def network_of(run: Run) -> str:
    """The name of a run's network; empty where it cannot be read."""
    return _setting(run, "network")


def read_published() -> dict[str, list[dict[str, Any]]]:
    """What others reached on UTKFace: rows by the split `coral_test` or `test`.

    A row has `name`, `kind` (published, or measured by this project), `note` (where
    the figures are from) and `mae_years`; some have `cs5`, `gender_accuracy`.

    Raises:
        ModelError: the file is missing or damaged.
    """
    return json.loads(read_verified(PUBLISHED.parent, PUBLISHED.name))


def published_systems(split: str) -> list[System]:
    """What others reached on the faces of a split, or on faces of that kind.

    Args:
        split: of `SPLITS`; of val nothing is published.

    Raises:
        ModelError: see `read_published`.
    """
    return [
        System(
            row["name"],
            row["kind"],
            row.get("n"),
            {key: Score(row[key]) for key in MEASURES if key in row},
            row["note"],
        )
        for row in read_published().get(split, [])
    ]


def restricted_systems(run: Run, split: str) -> list[System]:
    """The run restricted to the range of CORAL's ages, where those are asked for.

    Args:
        run: an evaluated run.
        split: of `SPLITS`.

    Raises:
        RunError: the run's metrics cannot be read.
    """
    splits = run.read_json("metrics.json").get("splits", {})
    if split != "coral_test" or CORAL_RESTRICTED not in splits:
        return []
    measures = splits[CORAL_RESTRICTED]
    # Without an interval a score is shown in the digits that it has.
    scores = {
        key: Score(
            round(measures[key], 2 if one.unit == YEARS else 3),
            *measures.get(f"{key}_95", ()),
        )
        for key, one in MEASURES.items()
        if key in measures
    }
    low, high = CORAL_RANGE
    name = f"{run_name(run)}, restricted to {low} to {high}"
    note = "as it is of networks that learned from such faces alone"
    return [System(name, "restricted", measures["n"], scores, note)]


def evaluated_runs() -> list[Run]:
    """The runs that have predictions, local ones first."""
    return [run for run in list_runs() if (run.folder / PREDICTIONS).exists()]


def _setting(run: Run, name: str) -> str:
    try:
        return str(run.read_json("config.json").get(name, ""))
    except AgeModelError:
        return ""
