"""A made-up user's folders and commands: data, runs and models, and what works on them.

The faces are plain colours under names that UTKFace has, so that a plain import knows
their splits; the network is small, so that an epoch takes a moment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agemodel.core import paths
from agemodel.dataset.names import parse_name
from agemodel.dataset.splits import read_splits
from agemodel.images import encode_jpeg
from agemodel.runs.run_folder import Run
from tests.harness.coloured_faces import coloured_face
from tests.harness.dataset_archives import add_to_tar

PARTS = {"train": 120, "val": 40, "test": 40}
"""How many faces the archive has of each."""
RECIPE = """\
name = "tiny"
network = "seed_cnn"
input_px = 32
framing = "chip"
epochs = {epochs}
batch_size = 16
learning_rate = 2e-3
optimizer = "adam"
dropout = 0.0
gender_weight = 100.0
"""
PATIENCE_S = 180


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int  # its exit status; minus the signal's number where one ended it
    said: str  # what it wrote, to either stream


class Home:
    """The folders of a made-up user: of the dataset and the marks, runs, and models."""

    def __init__(self, folder: Path, models: Path | None = None) -> None:
        """Unless `models` are given, there are none."""
        self.folder = folder
        self.data, self.runs = folder / "data", folder / "runs"
        self.models = models or folder / "models"
        self.archive = folder / "faces.tar.gz"  # see `write_archive`

    def run_of(self, run_id: str) -> Run:
        """A run here, begun or not."""
        return Run(self.runs / run_id)

    def environment(self) -> dict[str, str]:
        """What a command finds in its environment."""
        ours = {
            "AGEMODEL_DATA": str(self.data),
            "AGEMODEL_RUNS": str(self.runs),
            "AGEMODEL_MODELS": str(self.models),
            "TMPDIR": str(self.folder / "tmp"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONUNBUFFERED": "1",
        }
        return os.environ | ours

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Begin `python -m agemodel ARGUMENTS`; what it says goes to said.log."""
        return self.begin([sys.executable, "-m", "agemodel", *arguments])

    def begin(self, command: Sequence[str | Path]) -> subprocess.Popen[str]:
        """Begin any program with these folders."""
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        with (self.folder / "said.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=paths.ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def said(self) -> str:
        """What all commands have said so far."""
        path = self.folder / "said.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def end(self, process: subprocess.Popen[str], heard: int) -> Done:
        """Wait for a process, or kill it; `heard` is how much had been said before."""
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
        return Done(process.wait(), self.said()[heard:])

    def must(self, *arguments: str | Path) -> None:
        """Run a command that the drill cannot do without."""
        heard = len(self.said())
        done = self.end(self.start(*arguments), heard)
        if done.code:
            raise RuntimeError(f"{arguments} failed: {done.said}")

    def write_recipe(self, epochs: int) -> Path:
        """The recipe of the small network."""
        path = self.folder / "tiny.toml"
        path.write_text(RECIPE.format(epochs=epochs), "utf-8")
        return path


def write_archive(path: Path, seed: int = 0) -> Path:
    """An archive of coloured faces; seeds tell them apart."""
    rng = np.random.default_rng(seed)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name in _names():
            label = parse_name(name)
            jpeg = encode_jpeg(coloured_face(label.age, label.gender, rng), 90)
            add_to_tar(archive, f"UTKFace/{name}", jpeg)
    return path


def _names() -> list[str]:
    splits = read_splits()
    return [
        name
        for part, count in PARTS.items()
        for name in splits["file"][splits["split"] == part].head(count)
    ]
