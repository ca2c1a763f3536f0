"""How long a training may take, from earlier runs of the same network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from agemodel.core.errors import RunError
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.jobs.records import is_local
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, list_runs
from agemodel.runs.run_splits import count_parts, read_split

VAL_COST = 1 / 3
"""Cost of a validation face, which only goes forward; a training face goes forward and
back, and back costs twice as much."""

_MOST_APART = 10.0
"""Times the faces an epoch: an epoch of a few hundred is mostly what each one costs."""


@dataclass(frozen=True)
class Forecast:
    """How long a training may take.

    Attributes:
        seconds: the time for all epochs.
        run_id: the earlier run whose pace was taken.
        same_blocks: whether as many blocks of its trunk are frozen, which cost far
            less.
        same_size: whether its input size is the same; else its pace was scaled by the
            number of pixels.
        made_here: whether it is a local run, thus likely of this machine.
        same_amount: whether an epoch has about as many faces, within a factor of ten.
    """

    seconds: float
    run_id: str
    same_blocks: bool
    same_size: bool
    made_here: bool
    same_amount: bool = True


def count_faces(config: TrainConfig, data_dir: Path) -> dict[str, int]:
    """The number of faces of each part (train, val, test) that the recipe takes.

    Raises:
        DatasetError: the dataset is missing, or has no face to train on.
    """
    # Finding the faces' boxes would take long and does not change their number.
    faces = recipe_faces(replace(config, framing="chip"), data_dir)
    return {str(part): int(n) for part, n in faces["part"].value_counts().items()}


def forecast(config: TrainConfig, faces: Mapping[str, int]) -> Forecast | None:
    """How long a training may take; None where there is no run of its network.

    The most similar run is taken: with as many frozen blocks; then with about as many
    faces; then a local one; then one of the same input size; then the last that
    `list_runs` gives.

    Args:
        config: the recipe.
        faces: as returned by `count_faces`.
    """
    found = [made for run in list_runs() if (made := _by_run(run, config, faces))]
    alike = attrgetter("same_blocks", "same_amount", "made_here", "same_size")
    return max(reversed(found), key=alike, default=None)  # the last of those alike


def _by_run(run: Run, config: TrainConfig, faces: Mapping[str, int]) -> Forecast | None:
    try:
        other = run.read_config()
        history = run.read_history()
        seen = count_parts(read_split(run))
    except RunError:
        return None
    work = _work(seen)
    if other.network != config.network or "seconds" not in history or not work:
        return None
    pixels = (config.input_px / other.input_px) ** 2
    pace = float(history["seconds"].median()) / work
    asked = _work(faces)
    return Forecast(
        seconds=config.epochs * asked * pace * pixels,
        run_id=run.id,
        same_blocks=config.frozen_blocks == other.frozen_blocks,
        same_size=config.input_px == other.input_px,
        made_here=is_local(run),
        same_amount=1 / _MOST_APART <= asked / work <= _MOST_APART,
    )


def _work(faces: Mapping[str, int]) -> float:
    """The cost of an epoch, in training faces."""
    return faces.get("train", 0) + VAL_COST * faces.get("val", 0)


def duration_in_words(seconds: float) -> str:
    """A duration in words, rounded as a forecast should be: 'about 5 min'."""
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {10 * (minutes % 60 // 10)} min"
