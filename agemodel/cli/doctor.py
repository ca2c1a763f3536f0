"""Checks of the installation, and what to do where one fails.

`examine` checks everything, in a few seconds; `unready` only what estimating a photo
needs, in some milliseconds.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from agemodel.core import paths
from agemodel.core.checksums import MANIFEST, read_manifest, read_verified
from agemodel.core.errors import AgeModelError
from agemodel.models import app_model
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.environment import installed_version
from agemodel.runs.run_folder import Run, list_runs
from agemodel.serving import read_sample, read_samples

if TYPE_CHECKING:
    from packaging.requirements import Requirement

OK, NOTE, BAD = "ok", "note", "bad"
"""Fine; fine for estimating and looking at results; to be repaired."""

ENOUGH_BYTES = 1_000_000_000

_TO_SERVE = (paths.ROOT / "requirements/core.txt", paths.ROOT / "requirements/app.txt")
_TO_TRAIN = paths.ROOT / "requirements/train.txt"
_KERAS = ["tensorflow", "float32", "channels_last"]
_START_KERAS = """
import agemodel.learning
from keras.config import backend, floatx, image_data_format
print(backend(), floatx(), image_data_format())
"""
_REQUIREMENT = re.compile(r"^[A-Za-z0-9][^#\n]*", re.M)


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        subject: what was checked, in a word or two.
        level: `OK`, `NOTE` or `BAD`.
        text: a sentence or two: what was found and, unless all is well, what to do.
    """

    subject: str
    level: str
    text: str


def examine() -> Iterator[Check]:
    """Check everything, first what estimating a photo needs."""
    for subject, look in (
        ("model", _model),
        ("face detector", _detector),
        ("labels", _faces),
        ("average faces", _averages),
        ("shipped files", _shipped),
        ("dataset", _dataset),
    ):
        yield from _looked_at(subject, look)
    for run in list_runs():
        yield from _looked_at(f"run {run.id}", partial(_run, run))
    yield from _folder("data folder", paths.data_dir(), "AGEMODEL_DATA")
    yield from _folder("runs folder", paths.runs_dir(), "AGEMODEL_RUNS")
    yield Check("Python", OK, platform.python_version())
    for requirements in _TO_SERVE:
        yield from _packages(requirements, BAD)
    yield from _packages(_TO_TRAIN, NOTE)
    if find_spec("keras"):
        yield from _looked_at("Keras", _keras, NOTE)


def unready() -> list[str]:
    """Why photos cannot be estimated, a sentence or two each; empty where they can.

    Each call checks every file that is needed against its checksum.
    """
    return [
        check.text
        for subject, look in (("model", _model_files), ("detector", _detector_files))
        for check in _looked_at(subject, look)
        if check.level == BAD
    ]


def _looked_at(
    subject: str, look: Callable[[], str], level: str = BAD
) -> Iterator[Check]:
    try:
        yield Check(subject, OK, look())
    except AgeModelError as error:
        yield Check(subject, level, str(error))


# --------------------------------------------------------------- what estimating needs


def _model_files() -> str:
    app_model.check()
    model = ModelFolder(app_model.model_folder())
    model.read_model()
    return f"{model.name}, from run {model.card.run}"


def _detector_files() -> str:
    for file in read_manifest(paths.DETECTORS):
        read_verified(paths.DETECTORS, file)
    return "its networks are what their checksums say"


def _model() -> str:
    from agemodel.serving import Estimator

    found = _model_files()
    Estimator(app_model.model_folder(), workers=1)  # runs the self test
    return f"{found}: its checksum, its format and its answer to a test are right"


def _detector() -> str:
    from agemodel.faces.detector import FaceDetector
    from agemodel.images import read_image

    detector = FaceDetector()
    samples = read_samples()
    for sample in samples:
        rgb = read_image(read_sample(sample), name=sample.file).rgb
        if not detector.detect(rgb):
            raise AgeModelError(
                f"No face was found in {sample.file}, where there is one: the "
                "installed LiteRT may not suit the detector. Install what "
                "requirements/app.lock pins."
            )
    return f"found a face in each of {len(samples)} bundled photos"


# -------------------------------------------------------------------- what is shown


def _faces() -> str:
    if paths.IS_INSTALLED:  # the estimates are in a run, which the pages alone show
        return "looked at in a checkout"
    from agemodel.explorer.face_table import read_faces

    faces = read_faces()
    if left_out := faces.attrs["left_out"]:
        raise AgeModelError(" ".join(left_out))
    return f"{len(faces):,} faces with labels, measures and estimates"


def _averages() -> str:
    from agemodel.explorer.averages import read_averages

    return f"{len(read_averages()):,} can be shown"


def _shipped() -> str:
    from agemodel.models.shipped import shipped_files

    files = shipped_files()
    wrong = [file.name for file in files if not file.is_intact()]
    wrong += [
        f"runs/{folder.name}/{MANIFEST}"
        for folder in sorted(paths.SHIPPED_RUNS.glob("*/"))
        if not (folder / MANIFEST).exists()
    ]
    if wrong:
        raise AgeModelError(
            f"{len(wrong)} of {len(files)} are missing or damaged: {', '.join(wrong)}. "
            "Restore them: git checkout -- assets"
        )
    return f"all {len(files)} are what their checksums say"


def _run(run: Run) -> str:
    run.read_config()
    epochs = len(run.read_history())
    if not (run.folder / "metrics.json").exists():
        return f"{epochs} epochs, not evaluated"
    run.read_json("metrics.json")
    return f"{epochs} epochs, {len(run.read_predictions()):,} faces estimated"


def _dataset() -> str:
    from agemodel.dataset.index import dataset_in_words, images_dir
    from agemodel.dataset.record import IMPORT_HINT, RECORD_NAME, REPAIR, read_record
    from agemodel.explorer.marks import read_marks

    data_dir = paths.data_dir()
    marks = len(read_marks(data_dir))
    if not (data_dir / RECORD_NAME).exists():
        return f"not imported, which only its pictures need. {IMPORT_HINT}"
    words = dataset_in_words(data_dir)
    here = sum(1 for _ in images_dir(data_dir).glob("*"))
    usable = read_record(data_dir).usable
    if here < usable:
        raise AgeModelError(f"Of {usable:,} pictures {here:,} are here. {REPAIR}")
    return f"{words} {marks:,} marks."


# ------------------------------------------------------------------ where it all runs


def _folder(subject: str, folder: Path, setting: str) -> Iterator[Check]:
    nearest = next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
    if not _is_writable(nearest):
        yield Check(
            subject,
            NOTE,
            f"{nearest} cannot be written. Looking and estimating do not need it; "
            f"importing, marking and training do: make it writable, or set {setting} "
            "to another folder.",
        )
        return
    free = shutil.disk_usage(nearest).free
    text = f"{folder} can be written, with {free / 1e9:,.1f} GB free"
    if free < ENOUGH_BYTES:
        text += ". That is little: importing and training need about 1 GB. Make room."
    yield Check(subject, OK if free >= ENOUGH_BYTES else NOTE, text)


def _is_writable(folder: Path) -> bool:
    """Whether a file can be made there; tried, as permissions alone do not tell."""
    if not os.access(folder, os.W_OK):
        return False
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _keras() -> str:
    """Start Keras as a training does, in a process of its own: TensorFlow is large."""
    done = subprocess.run(
        [sys.executable, "-c", _START_KERAS],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
    )
    if done.stdout.split() != _KERAS:
        got = done.stdout.strip() or "\n".join(done.stderr.splitlines()[-1:])
        raise AgeModelError(
            f"Training needs {', '.join(_KERAS)}, and Keras starts with {got!r}. "
            f"Install it anew: python -m pip install -r requirements.txt"
        )
    return f"starts with {', '.join(_KERAS)}, whatever settings the user has"


def _packages(requirements: Path, level: str) -> Iterator[Check]:
    """Packages that are missing, or installed in a version that was not tested.

    Args:
        requirements: a file; none is no error, for not everything is everywhere.
        level: of the check where one is.
    """
    from packaging.requirements import Requirement

    if not requirements.exists():
        return
    lines = _REQUIREMENT.findall(requirements.read_text("utf-8"))
    asked = [Requirement(line) for line in lines]
    wrong = [amiss for one in asked if (amiss := _amiss(one))]
    what = "packages for training" if level == NOTE else "packages"
    name = os.path.relpath(requirements, paths.ROOT)
    if wrong:
        repair = f"Install them: python -m pip install -r {name}"
        yield Check(what, level, f"{'; '.join(wrong)}. {repair}")
    else:
        yield Check(what, OK, f"all {len(asked)} of {name} fit")


def _amiss(asked: Requirement) -> str:
    """What is wrong with an installed package; empty for nothing."""
    version = installed_version(asked.name)
    if version is None:
        return f"{asked.name} is not installed"
    fits = asked.specifier.contains(version, prereleases=True)
    return "" if fits else f"{asked.name} {version} is here, {asked} was tested"
