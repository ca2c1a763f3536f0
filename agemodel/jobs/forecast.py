"""How long a training may take, by what earlier runs of the same network took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from agemodel.core.errors import RunError
from agemodel.core.tables import read_parquet
from agemodel.dataset.labelled_faces import faces_of
from agemodel.jobs.records import is_local
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, list_runs

VAL_COST = 1 / 3
"""Of a face that is only looked at: training one goes forward and, twice as dear,
back."""


@dataclass(frozen=True)
class Forecast:
    """How long a training may take.

    Attributes:
        seconds: for all epochs.
        run_id: the run by whose pace that is.
        same_blocks: whether as many of its trunk's blocks learned; those that do not
            cost far less.
        same_size: whether that run's input is as large; else its pace was scaled by
            the number of pixels.
        made_here: whether it was trained in this folder of runs, thus likely on this
            machine.
    """

    seconds: float
    run_id: str
    same_blocks: bool
    same_size: bool
    made_here: bool


def count_faces(config: TrainConfig, data_dir: Path) -> dict[str, int]:
    """How many faces the recipe has to train, to choose and to report on.

    Raises:
        DatasetError: the dataset is missing, or has no face to train on.
    """
    # Where the faces are in the pictures does not matter, and may take long to find.
    faces = faces_of(replace(config, framing="chip"), data_dir)
    return {str(part): int(n) for part, n in faces["part"].value_counts().items()}


def forecast(
    config: TrainConfig, faces: Mapping[str, int], runs: Sequence[Run] | None = None
) -> Forecast | None:
    """How long a training may take; None where no run tells.

    The nearest run is taken: one in which as much of the trunk learned, made here
    before one that ships, of the same input size, and of the names that follow the
    alphabet the last.

    Args:
        config: what is to be trained.
        faces: as `count_faces` gives them.
        runs: those to learn from; all unless given.
    """
    found = [
        made
        for run in (list_runs() if runs is None else runs)
        if (made := _by_run(run, config, faces))
    ]
    nearest = sorted(
        found, key=lambda made: (made.same_blocks, made.made_here, made.same_size)
    )
    return nearest[-1] if nearest else None


def _by_run(run: Run, config: TrainConfig, faces: Mapping[str, int]) -> Forecast | None:
    try:
        other = run.read_config()
        history = run.read_history()
        seen = _faces_of_run(run)
    except RunError:
        return None
    work = _work(seen)
    if other.network != config.network or "seconds" not in history or not work:
        return None
    pixels = (config.input_px / other.input_px) ** 2
    pace = float(history["seconds"].median()) / work
    return Forecast(
        seconds=config.epochs * _work(faces) * pace * pixels,
        run_id=run.id,
        same_blocks=config.frozen_blocks == other.frozen_blocks,
        same_size=config.input_px == other.input_px,
        made_here=is_local(run),
    )


def _work(faces: Mapping[str, int]) -> float:
    """What an epoch costs, in faces trained."""
    return faces.get("train", 0) + VAL_COST * faces.get("val", 0)


def _faces_of_run(run: Run) -> dict[str, int]:
    try:
        parts = read_parquet(run.read("split.parquet"), ["part"])
        counts = pc.value_counts(parts["part"]).to_pylist()
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise RunError(f"split.parquet of run {run.id}: {error}") from error
    return {str(count["values"]): int(count["counts"]) for count in counts}


def duration_in_words(seconds: float) -> str:
    """About how long that is, as precisely as a forecast can be."""
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {10 * (minutes % 60 // 10)} min"
