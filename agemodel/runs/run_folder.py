"""Run folders: what a training leaves behind. No Keras here.

::

    <id>/
        config.json        the recipe
        environment.json   versions, commit and machine
        split.parquet      which file was trained on and which chose the epoch
        history.csv        a row an epoch; its learning rate is that of the first step
        status.json        how far it is
        best.keras         the epoch with the lowest val MAE; last.keras the last one
        checkpoints/       while it runs
        network.json, predictions.parquet, calibration.json, conditions.json,
        metrics.json, embeddings.parquet, projection.npz   by evaluate
        log.txt            what happened when
        job.json, progress.json, process.log          of the process at work on it
        manifest.json      of a run that ships: the checksum of each file

Damage is never silent: a JSON file holds a digest of itself, a Parquet file one of each
page, and all files of a run that ships are held to its manifest.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import pyarrow as pa

from agemodel.core import paths
from agemodel.core.checksums import (
    MANIFEST,
    read_manifest,
    seal,
    seal_csv,
    sha256_of,
    unseal_csv_if_sealed,
    unseal_if_sealed,
    write_manifest,
)
from agemodel.core.errors import ConfigError, RunError
from agemodel.core.file_names import is_plain_name
from agemodel.core.files import runs_place, write_whole, writing
from agemodel.core.tables import Schema, parquet_of, read_parquet
from agemodel.runs.config import TrainConfig, config_from
from agemodel.runs.environment import describe_environment
from agemodel.runs.licence import licence_of
from agemodel.runs.predictions import (
    PREDICTION_SCHEMA,
    PREDICTIONS,
    SET_PREDICTION_SCHEMA,
    SET_PREDICTIONS,
)

HISTORY = "history.csv"
EMBEDDINGS = "embeddings.parquet"
PROJECTION = "projection.npz"
_FIGURES = (
    *("network.json", "calibration.json", "conditions.json", "metrics.json"),
    PREDICTIONS,
)
SHIPPED_FILES = (
    *("config.json", "environment.json", "split.parquet", HISTORY, "status.json"),
    *("log.txt", "best.keras", *_FIGURES),
)
SHIPPED_WHERE_THERE_IS = (SET_PREDICTIONS,)
"""Files that a run of several data sets has, and ships."""

_MADE_BY_EVALUATE = (EMBEDDINGS, PROJECTION, SET_PREDICTIONS, *_FIGURES)


@dataclass(frozen=True)
class Run:
    """A run folder."""

    folder: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def ships(self) -> bool:
        """Whether it came with the project, to be looked at and not to be changed."""
        return self.folder.parent == paths.SHIPPED_RUNS

    def check_may_change(self) -> None:
        """Refuse a run that ships.

        Raises:
            RunError: the run ships with the project.
        """
        if self.ships:
            raise RunError(
                f"Run {self.id} ships with the project and stays as it is. Copy its "
                f"folder, {self.folder}, to {paths.runs_dir() / 'NAME'} and use that "
                f"copy; or replace its own figures: {self.evaluate_command}"
            )

    @property
    def evaluate_command(self) -> str:
        """The command that writes its figures."""
        replace = " --replace" if self.ships else ""
        return f"python -m agemodel evaluate {self.id}{replace}"

    def read_config(self) -> TrainConfig:
        """The recipe that the run follows.

        Raises:
            RunError: it is missing or damaged.
        """
        try:
            return config_from(self.read_json("config.json"))
        except ConfigError as error:
            raise RunError(
                f"config.json of run {self.id}: {error} "
                f"{self._way_to_repair('config.json')}"
            ) from error

    def read_history(self) -> pd.DataFrame:
        """A row an epoch; no row before the first epoch is done.

        Raises:
            RunError: the file is damaged.
        """
        if not self.expects(HISTORY):
            return pd.DataFrame()
        with self._reading(HISTORY, HISTORY):
            return pd.read_csv(io.BytesIO(unseal_csv_if_sealed(self.read(HISTORY))))

    def read_predictions(self) -> pd.DataFrame:
        """What `evaluate` wrote, a row a face: the columns of `PREDICTION_SCHEMA`.

        Raises:
            RunError: the run was not evaluated, or the file is damaged or has other
                columns.
        """
        return self._read_table(PREDICTIONS, PREDICTION_SCHEMA)

    def read_set_predictions(self) -> pd.DataFrame:
        """Those of the other sets' faces: the columns of `SET_PREDICTION_SCHEMA`.

        Raises:
            RunError: see `read_predictions`; or the run knows no other sets.
        """
        return self._read_table(SET_PREDICTIONS, SET_PREDICTION_SCHEMA)

    def _read_table(self, name: str, schema: Schema) -> pd.DataFrame:
        with self._reading(name, "predictions"):
            table = read_parquet(self.read(name))
        try:
            return schema.of(table).to_pandas()
        except ValueError as error:
            raise RunError(
                f"{name} of run {self.id} has other columns than expected "
                f"({error}). Make it again: {self.evaluate_command}"
            ) from error

    def write_predictions(self, frame: pd.DataFrame) -> None:
        """Write what `read_predictions` gives; see `write_table`."""
        self.write_table(PREDICTIONS, frame, PREDICTION_SCHEMA)

    def read(self, name: str) -> bytes:
        """The content of a file, held to its checksum if the run ships.

        Raises:
            OSError: it cannot be read, or is not there and need not be.
            RunError: it is not what the run's manifest says, or is missing there.
        """
        if not self._is_held(name):
            return (self.folder / name).read_bytes()
        expected = self._manifest().get(name, {}).get("sha256")
        try:
            content = (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise RunError(
                f"{name} of run {self.id} is missing. {self._way_to_repair(name)}"
            ) from error
        if sha256_of(content) != expected:
            raise self._damaged(name, f"it differs from its checksum in {MANIFEST}")
        return content

    def expects(self, name: str) -> bool:
        """Whether a file is there, or should be, as the run ships."""
        return self._is_held(name) or (self.folder / name).exists()

    def _is_held(self, name: str) -> bool:
        if not (self.folder / MANIFEST).exists():
            return False
        of_some = name in SHIPPED_WHERE_THERE_IS and name in self._manifest()
        return of_some or name in SHIPPED_FILES

    def _manifest(self) -> dict[str, dict[str, Any]]:
        try:
            return read_manifest(self.folder)
        except (OSError, ValueError) as error:
            raise self._damaged(MANIFEST, error) from error

    def read_projection(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean, shape (c,), and components, (c, 64), of the embedding.

        Raises:
            RunError: the file is missing or damaged.
        """
        with (
            self._reading(PROJECTION, f"{PROJECTION}; it does not ship with a run"),
            np.load(self.folder / PROJECTION) as arrays,
        ):
            return arrays["mean"], arrays["components"]

    def read_embeddings(self) -> bytes:
        """The Parquet file of all faces' embeddings, as `evaluate` wrote it.

        Raises:
            RunError: it is missing.
        """
        with self._reading(EMBEDDINGS, f"{EMBEDDINGS}; it does not ship with a run"):
            return (self.folder / EMBEDDINGS).read_bytes()

    def write_projection(self, mean: np.ndarray, components: np.ndarray) -> None:
        """Write the embedding's projection, whole or not at all."""
        sink = io.BytesIO()
        np.savez(sink, mean=mean, components=components)
        self.write(PROJECTION, sink.getvalue())

    def read_json(self, name: str) -> dict[str, Any]:
        """Read one of the run's JSON files and hold it to its digest, if it has one.

        Raises:
            RunError: it is missing or damaged.
        """
        with self._reading(name, f"{name}; it is no run, or not far enough"):
            return unseal_if_sealed(self.read(name))

    @contextmanager
    def _reading(self, name: str, missing: str) -> Iterator[None]:
        """Tell of a file that is missing, in the words of `missing`, or damaged."""
        try:
            yield
        except FileNotFoundError as error:
            raise RunError(
                f"Run {self.id} has no {missing}. {self._way_to_repair(name)}"
            ) from error
        except (
            *(OSError, ValueError, KeyError),
            *(pa.ArrowException, BadZipFile, zlib.error),
        ) as error:
            raise self._damaged(name, error) from error

    def _damaged(self, name: str, reason: object) -> RunError:
        return RunError(
            f"{name} of run {self.id} is damaged ({str(reason).strip()}). "
            f"{self._way_to_repair(name)}"
        )

    def _way_to_repair(self, name: str) -> str:
        if self.ships and name in (*SHIPPED_FILES, *SHIPPED_WHERE_THERE_IS, MANIFEST):
            return "It ships with the project; restore it: git checkout -- assets/runs"
        if name in _MADE_BY_EVALUATE:
            return f"Make it with: {self.evaluate_command}"
        return "Restore it from a copy, or train under another id."

    def log(self, text: str) -> None:
        """Add a line, with the time, to the run's log."""
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        with (self.folder / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{stamp} {text}\n")

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all; a manifest that names it follows."""
        write_whole(self.folder / name, content)
        if not self._is_held(name):
            return
        files = self._manifest()
        files[name] = files.get(name, {}) | {"sha256": sha256_of(content)}
        write_manifest(self.folder, files)

    def write_json(self, name: str, values: dict[str, Any]) -> None:
        """Write one of the run's JSON files, with a digest of itself."""
        self.write(name, seal(values))

    def write_history(self, frame: pd.DataFrame) -> None:
        """Write a row an epoch, and below them a comment with their digest."""
        self.write(HISTORY, seal_csv(frame.to_csv(index=False).encode()))

    def write_table(
        self, name: str, frame: pd.DataFrame, schema: Schema | None = None
    ) -> None:
        """Write a Parquet file with page checksums, of a schema's columns if given.

        Raises:
            ValueError: a column is missing or of another type.
        """
        table = pa.Table.from_pandas(frame, preserve_index=False)
        self.write(name, parquet_of(schema.of(table) if schema else table))


def find_run(run_id: str) -> Run:
    """The run of that id, local or shipped.

    Raises:
        RunError: there is none.
    """
    if is_plain_name(run_id):
        for folder in (paths.runs_dir() / run_id, paths.SHIPPED_RUNS / run_id):
            if folder.is_dir():
                return Run(folder)
    names = ", ".join(run.id for run in list_runs()) or "none yet"
    raise RunError(f"There is no run {run_id!r}. The runs are: {names}.")


def list_runs() -> list[Run]:
    """All runs, local ones first, each by id; a local run hides a shipped namesake."""
    found: dict[str, Run] = {}
    for parent in (paths.runs_dir(), paths.SHIPPED_RUNS):
        for folder in sorted(parent.glob("*/")):
            if Run(folder).expects("config.json"):
                found.setdefault(folder.name, Run(folder))
    return list(found.values())


def open_run(config: TrainConfig, run_id: str | None = None) -> Run:
    """A new run folder, or the one of that id if it follows the same recipe.

    Raises:
        RunError: the id cannot be a folder's name, or its run follows another recipe.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    run_id = run_id or f"{config.name}-{stamp}"
    if not is_plain_name(run_id):
        raise RunError(f"{run_id!r} cannot name a run: use letters, digits, . _ and -.")
    run = Run(paths.runs_dir() / run_id)
    if (run.folder / "config.json").exists():
        if run.read_config() != config:
            raise RunError(
                f"Run {run_id} exists and follows another recipe. Choose another id."
            )
        return run
    with writing(f"Run {run_id}", runs_place(), RunError):
        run.folder.mkdir(parents=True, exist_ok=True)
        run.write_json("environment.json", describe_environment())
        run.write_json("config.json", config.as_dict())
    return run


def ship_run(run: Run) -> Run:
    """Copy an evaluated run to `assets/runs/`, with a manifest of checksums.

    The best model goes along, so that anyone can evaluate it again; the last one,
    with its optimizer, does not.

    Raises:
        RunError: a file is missing.
    """
    for name in SHIPPED_FILES:
        if not (run.folder / name).exists():
            raise RunError(
                f"Run {run.id} has no {name} to ship. Train it to its end and evaluate "
                f"it first: python -m agemodel evaluate {run.id}"
            )
    target = paths.SHIPPED_RUNS / run.id
    target.mkdir(parents=True, exist_ok=True)
    files, licence = {}, licence_of(run.read_config())
    for name in (*SHIPPED_FILES, *SHIPPED_WHERE_THERE_IS):
        path = run.folder / name
        if not path.exists():
            continue
        content = path.read_bytes()
        write_whole(target / name, content)
        files[name] = {
            "sha256": sha256_of(content),
            "source": f"run {run.id}",
            "licence": licence,
        }
    write_manifest(target, files)
    return Run(target)
