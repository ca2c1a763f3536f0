"""Files of the app's own, damaged one at a time and read again.

`python -m tests.drills.damage_files` is run in a copy of the project
(`project_copy`), whose files it damages and puts back.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from tests.harness.bit_flips import flipped

if TYPE_CHECKING:
    from agemodel.runs.run_folder import Run

DATA, LOCAL, MODEL, KERAS = "data", "local", "model", "keras"
"""Data that ships or was imported; of a run made here; a model; one for Keras."""

TOLD, SAME, SILENT, RAISED = "told", "same", "silent", "raised"
"""An `AgeModelError`; the same was read; something else was read; another error."""

RUN = json.loads((paths.ASSETS / "models" / "mobile" / "card.json").read_text())["run"]
HERE = "made-here"
IMPORTED = 30
_BLOCK = 4096


@dataclass(frozen=True)
class Target:
    """A file that is damaged.

    Attributes:
        kind: see `DATA` and its neighbours.
        path: of the file.
        read: what reads it, as the app does.
    """

    kind: str
    path: Path
    read: Callable[[], Any]


def damages(content: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Without end: a bit flipped, an end cut off, a block of the disk lost."""
    yield b""
    while True:
        yield flipped(content, int(rng.integers(8 * len(content))))
        yield content[: int(rng.integers(len(content)))]
        start = int(rng.integers(len(content)))
        lost = content[start : start + _BLOCK]
        if any(lost):
            yield content[:start] + bytes(len(lost)) + content[start + _BLOCK :]


def flips(content: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Without end: one bit flipped."""
    while True:
        yield flipped(content, int(rng.integers(8 * len(content))))


def prepare() -> None:
    """Import some faces, all grey, and make a run as a training here would."""
    from agemodel.dataset.archive import import_dataset
    from agemodel.dataset.splits import read_splits

    source = paths.ROOT / "grey"
    source.mkdir()
    buffer = io.BytesIO()
    Image.new("RGB", (200, 200), (128, 128, 128)).save(buffer, "JPEG")
    for name in sorted(read_splits()["file"])[:IMPORTED]:
        (source / name).write_bytes(buffer.getvalue())
    (source / "1_2.jpg").write_bytes(buffer.getvalue())  # refused, for its name
    import_dataset(source, paths.data_dir())
    _make_run()


def _make_run() -> None:
    from agemodel.runs.run_folder import SHIPPED_FILES, Run

    shipped = Run(paths.SHIPPED_RUNS / RUN)
    made = Run(paths.runs_dir() / HERE)
    made.folder.mkdir(parents=True)
    for name in SHIPPED_FILES:
        if name.endswith(".json"):
            made.write_json(name, shipped.read_json(name))
        elif name.endswith(".parquet"):
            made.write_table(name, pd.read_parquet(shipped.folder / name))
        elif name != "history.csv":
            shutil.copy(shipped.folder / name, made.folder / name)
    made.write_history(shipped.read_history())


def targets() -> list[Target]:
    """Every file that is damaged, with what reads it."""
    from agemodel.analysis.baselines import PUBLISHED, read_published
    from agemodel.dataset import index, record
    from agemodel.dataset.splits import read_splits
    from agemodel.explorer import averages, face_measures
    from agemodel.runs.run_folder import Run
    from agemodel.serving import read_sample, read_samples

    described, data = paths.SPLITS.parent, paths.data_dir()
    imported = data / record.read_record(data).folder
    found: list[tuple[Path, Callable[[], Any]]] = [
        (paths.SPLITS, read_splits),
        (described / face_measures.FILE, _faces),
        (described / averages.FILE, averages.read_averages),
        (PUBLISHED, read_published),
        (paths.SAMPLES / "manifest.json", read_samples),
        (data / record.RECORD_NAME, partial(record.read_record, data)),
        (imported / index.INDEX_NAME, partial(index.read_index, data)),
        (imported / index.REJECTS_NAME, partial(index.read_rejects, data)),
    ]
    found += [
        (paths.SAMPLES / sample.file, partial(read_sample, sample))
        for sample in read_samples()
    ]
    data_targets = [Target(DATA, path, read) for path, read in found]
    data_targets += _of_run(DATA, Run(paths.SHIPPED_RUNS / RUN))
    return [*data_targets, *_of_run(LOCAL, Run(paths.runs_dir() / HERE)), *_models()]


def _faces() -> pd.DataFrame:
    """The table of all faces, where a part that is left out is an error."""
    from agemodel.explorer.face_table import read_faces

    faces = read_faces()
    if faces.attrs["left_out"]:
        raise AgeModelError(" ".join(faces.attrs["left_out"]))
    return faces


def _of_run(kind: str, run: Run) -> list[Target]:
    from agemodel.runs.architecture import read_network
    from agemodel.runs.run_splits import read_split

    reads: dict[str, Callable[[], Any]] = {
        "config.json": run.read_config,
        "history.csv": run.read_history,
        "network.json": partial(read_network, run),
        "predictions.parquet": run.read_predictions,
        "split.parquet": partial(read_split, run),
    }
    for name in ("environment", "status", "calibration", "conditions", "metrics"):
        reads[f"{name}.json"] = partial(run.read_json, f"{name}.json")
    return [Target(kind, run.folder / name, read) for name, read in reads.items()]


def _models() -> list[Target]:
    from agemodel.faces.blazeface import BACK, FULL_RANGE
    from agemodel.faces.detector import FaceDetector
    from agemodel.models.model_folder import CARD, ModelFolder
    from agemodel.models.neighbours import Neighbours
    from agemodel.serving import Estimator

    folder = paths.models_dir() / "mobile"
    found: list[tuple[Path, Callable[[], Any]]] = [
        (folder / "model.tflite", partial(Estimator, folder, workers=1)),
        (folder / CARD, lambda: ModelFolder(folder).card),
        (folder / "faces.parquet", partial(Neighbours, folder)),
        *((paths.DETECTORS / spec.file, FaceDetector) for spec in (BACK, FULL_RANGE)),
    ]
    from agemodel.learning.evaluate import load_best
    from agemodel.learning.pretrained import read_tensors
    from agemodel.runs.run_folder import Run

    shipped = Run(paths.SHIPPED_RUNS / RUN)
    weights: list[tuple[Path, Callable[[], Any]]] = [
        (paths.ASSETS / "pretrained" / "faceres-deep.bin", read_tensors),
        (paths.ASSETS / "pretrained" / "faceres-deep.json", read_tensors),
        (shipped.folder / "best.keras", partial(load_best, shipped)),
    ]
    return [
        *(Target(MODEL, path, read) for path, read in found),
        *(Target(KERAS, path, read) for path, read in weights),
    ]


def outcome(target: Target, content: bytes, wanted: Any) -> str:
    """What reading a damaged file came to.

    Args:
        target: the file.
        content: what is in it now.
        wanted: what reading it gave before; None where that cannot be compared.
    """
    target.path.write_bytes(content)
    try:
        found = target.read()
    except AgeModelError:
        return TOLD
    except Exception as error:  # whatever it is, the drill reports it
        return f"{RAISED} {type(error).__name__}"
    return SAME if wanted is not None and _equal(found, wanted) else SILENT


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, pd.DataFrame):
        try:
            pd.testing.assert_frame_equal(found, wanted)
        except AssertionError:
            return False
        return True
    return bool(found == wanted)


def drill(kinds: list[str], count: int) -> dict[str, Counter[str]]:
    """Damage files of each kind in turn, so often in all; outcomes by kind and file."""
    rng, found = np.random.default_rng(0), dict[str, Counter[str]]()
    every = targets()
    for group in (kinds,) if kinds == [MODEL, KERAS] else ([kind] for kind in kinds):
        chosen = [target for target in every if target.kind in group]
        for number, target in enumerate(chosen):
            share = count // len(chosen) + (number < count % len(chosen))
            name = f"{group[0]} {target.path.parent.name}/{target.path.name}"
            found[name] = _drill_one(target, share, rng)
    return found


def _drill_one(target: Target, count: int, rng: np.random.Generator) -> Counter[str]:
    good, found = target.path.read_bytes(), Counter[str]()
    comparable = target.kind in (DATA, LOCAL)
    wanted = target.read() if comparable else None
    make = flips if comparable else damages
    for content, _ in zip(make(good, rng), range(count), strict=False):
        found[outcome(target, content, wanted)] += 1
    target.path.write_bytes(good)
    target.read()
    return found


def main() -> None:
    """Damage files of some kinds and print what came of it, by file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("kinds", nargs="+", choices=(DATA, LOCAL, MODEL, KERAS))
    args = parser.parse_args()
    if not paths.data_dir().exists():
        prepare()
    print(json.dumps(drill(args.kinds, args.count)))


if __name__ == "__main__":
    main()
