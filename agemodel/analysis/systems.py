"""A run's measures beside those of other systems, on the same faces where it can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from agemodel.analysis.baselines import (
    System,
    always_in_words,
    baseline_runs,
    guess_always,
    network_of,
    published_systems,
    restricted_systems,
    split_note,
)
from agemodel.analysis.headline import headline
from agemodel.analysis.predicted_faces import Slice, in_slice, read_predicted
from agemodel.analysis.run_names import run_name
from agemodel.core.errors import AgeModelError
from agemodel.metrics.measures import Score
from agemodel.runs.run_folder import Run

MODEL, ALWAYS = "model", "always"
"""What estimated the faces of a run: its model, or `guess_always`."""

FacesOf = Callable[[Run], pd.DataFrame]
ScoresOf = Callable[[Run, str, pd.DataFrame, np.ndarray], dict[str, Score]]


def plain_scores(
    run: Run, by: str, predicted: pd.DataFrame, rows: np.ndarray
) -> dict[str, Score]:
    """The measures of some of a run's faces, computed anew."""
    return headline(predicted, rows)


def systems_beside(
    run: Run,
    predicted: pd.DataFrame,
    wanted: Slice,
    evaluated: Sequence[Run],
    faces_of: FacesOf = read_predicted,
    scores_of: ScoresOf = plain_scores,
) -> tuple[list[System], list[str]]:
    """The run itself, a guess, other networks, and what others published.

    Published figures are of a whole split: they are left out where a filter is set,
    and so are those of the run restricted to the range of CORAL's ages.

    Args:
        run: that is looked at.
        predicted: its faces, as returned by `read_predicted`.
        wanted: the faces that count; one of them at least is in `predicted`.
        evaluated: all runs that may stand beside it.
        faces_of: reads the faces of another run.
        scores_of: measures some faces of a run, given who estimated them: `MODEL` or
            `ALWAYS`.

    Returns:
        The systems, the run's own first, and sentences on those that cannot be read.
    """
    rows = in_slice(predicted, wanted)
    n = int(rows.sum())
    scores = scores_of(run, MODEL, predicted, rows)
    found, reasons = [System(run_name(run), "run", n, scores, network_of(run))], []
    if (predicted["split"] == "train").any():
        found.append(_always(run, predicted, rows, scores_of))
    for other in baseline_runs(run, evaluated):
        try:
            found.append(_baseline(run, other, wanted, faces_of, scores_of))
        except AgeModelError as error:
            reasons.append(str(error))
    if wanted == Slice(split=wanted.split):
        try:
            found[1:1] = restricted_systems(run, wanted.split)
            found += published_systems(wanted.split)
        except AgeModelError as error:
            reasons.append(str(error))
    return found, reasons


def _always(
    run: Run, predicted: pd.DataFrame, rows: np.ndarray, scores_of: ScoresOf
) -> System:
    guesses = guess_always(predicted)
    return System(
        always_in_words(guesses),
        "constant",
        int(rows.sum()),
        scores_of(run, ALWAYS, guesses, rows),
        "mean age and more frequent gender of train",
    )


def _baseline(
    run: Run, other: Run, wanted: Slice, faces_of: FacesOf, scores_of: ScoresOf
) -> System:
    faces = faces_of(other)
    rows = in_slice(faces, wanted)
    scores = scores_of(other, MODEL, faces, rows) if rows.any() else {}
    name = run_name(other)
    return System(name, "baseline", int(rows.sum()), scores, split_note(run, other))
