"""Files of the app's own, damaged one at a time and read again.

`python -m tests.drills.damage_files` is run in a copy of the project
(`project_copy`), whose files it damages and puts back.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from agemodel.analysis.baselines import PUBLISHED, read_published
from agemodel.core import paths
from agemodel.core.checksums import read_manifest
from agemodel.core.errors import AgeModelError
from agemodel.dataset import index, record
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.splits import read_splits
from agemodel.explorer import averages, face_measures
from agemodel.explorer.face_table import read_faces
from agemodel.faces.detector import FaceDetector
from agemodel.models.model_folder import CARD, ModelFolder
from agemodel.models.neighbours import Neighbours
from agemodel.runs.architecture import read_network
from agemodel.runs.run_folder import SHIPPED_FILES, Run
from agemodel.runs.run_splits import read_split
from agemodel.serving import Estimator, read_sample, read_samples
from tests.harness.bit_flips import flipped
from tests.harness.pictures import file_of, flat

Targets = dict[Path, Callable[[], Any]]
"""Files, each with what reads it as the app does."""

DATA, LOCAL, MODEL, KERAS = "data", "local", "model", "keras"
"""Data that ships or was imported; of a run made here; a model; one for Keras."""

TOLD = "told"
RUN = json.loads((paths.ASSETS / "models" / "mobile" / "card.json").read_text())["run"]
HERE = "made-here"
IMPORTED = 30
_BLOCK = 4096


def prepare() -> None:
    """Import some faces, all grey, and make a run as a training here would."""
    source = paths.ROOT / "grey"
    source.mkdir()
    grey = file_of(flat("RGB", (128, 128, 128), (200, 200)), "JPEG")
    for name in [*sorted(read_splits()["file"])[:IMPORTED], "1_2.jpg"]:
        (source / name).write_bytes(grey)  # the last is refused
    import_dataset(source, paths.data_dir())
    shipped, made = Run(paths.SHIPPED_RUNS / RUN), Run(paths.runs_dir() / HERE)
    made.folder.mkdir(parents=True)
    for name in SHIPPED_FILES:
        if name.endswith(".json"):
            made.write_json(name, shipped.read_json(name))
        elif name.endswith(".parquet"):
            made.write_table(name, pd.read_parquet(shipped.folder / name))
        elif name != "history.csv":
            shutil.copy(shipped.folder / name, made.folder / name)
    made.write_history(shipped.read_history())


def targets(kind: str) -> Targets:
    """Every file of a kind that is damaged."""
    if kind == DATA:
        return _data() | _of_run(Run(paths.SHIPPED_RUNS / RUN))
    if kind == LOCAL:
        return _of_run(Run(paths.runs_dir() / HERE))
    return _models() if kind == MODEL else _weights()


def _data() -> Targets:
    described, data = paths.SPLITS.parent, paths.data_dir()
    imported = data / record.read_record(data).folder
    return {
        paths.SPLITS: read_splits,
        described / face_measures.FILE: _faces,
        described / averages.FILE: averages.read_averages,
        PUBLISHED: read_published,
        paths.SAMPLES / "manifest.json": read_samples,
        data / record.RECORD_NAME: partial(record.read_record, data),
        imported / index.INDEX_NAME: partial(index.read_index, data),
        imported / index.REJECTS_NAME: partial(index.read_rejects, data),
        **{paths.SAMPLES / one.file: partial(read_sample, one)
           for one in read_samples()},
    }  # fmt: skip


def _faces() -> pd.DataFrame:
    """The table of all faces, where a part that is left out is an error."""
    faces = read_faces()
    if faces.attrs["left_out"]:
        raise AgeModelError(" ".join(faces.attrs["left_out"]))
    return faces


def _of_run(run: Run) -> Targets:
    reads: dict[str, Callable[[], Any]] = {
        "config.json": run.read_config,
        "history.csv": run.read_history,
        "network.json": partial(read_network, run),
        "predictions.parquet": run.read_predictions,
        "split.parquet": partial(read_split, run),
    }
    for name in ("environment", "status", "calibration", "conditions", "metrics"):
        reads[f"{name}.json"] = partial(run.read_json, f"{name}.json")
    return {run.folder / name: read for name, read in reads.items()}


def _models() -> Targets:
    folder = paths.models_dir() / "mobile"
    return {
        folder / "model.tflite": partial(Estimator, folder, workers=1),
        folder / CARD: lambda: ModelFolder(folder).card,
        folder / "faces.parquet": partial(Neighbours, folder),
        **{paths.DETECTORS / f: FaceDetector for f in read_manifest(paths.DETECTORS)},
    }


def _weights() -> Targets:
    from agemodel.learning.face_outputs import load_best
    from agemodel.learning.pretrained import read_tensors

    run = Run(paths.SHIPPED_RUNS / RUN)
    return {
        paths.ASSETS / "pretrained" / "faceres-deep.bin": read_tensors,
        paths.ASSETS / "pretrained" / "faceres-deep.json": read_tensors,
        run.folder / "best.keras": partial(load_best, run),
    }


def flips(content: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Without end: one bit flipped."""
    while True:
        yield flipped(content, int(rng.integers(8 * len(content))))


def damages(content: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Without end: a bit flipped, an end cut off, a block of the disk lost."""
    yield b""
    for one in flips(content, rng):
        yield one
        yield content[: int(rng.integers(len(content)))]
        start = int(rng.integers(len(content)))
        lost = content[start : start + _BLOCK]
        if any(lost):
            yield content[:start] + bytes(len(lost)) + content[start + _BLOCK :]


def drill(kinds: list[str], count: int) -> Counter[str]:
    """Damage the files of some kinds so often in all; how often which outcome came."""
    rng, found = np.random.default_rng(0), Counter[str]()
    chosen = [one for kind in kinds for one in targets(kind).items()]
    for number, (path, read) in enumerate(chosen):
        share = count // len(chosen) + (number < count % len(chosen))
        good = path.read_bytes()
        is_data = not {MODEL, KERAS} & set(kinds)
        wanted = read() if is_data else None
        for content in islice((flips if is_data else damages)(good, rng), share):
            path.write_bytes(content)
            came = outcome(read, wanted)
            found[came if came == TOLD else f"{came} {path.name}"] += 1
        path.write_bytes(good)
        read()
    return found


def outcome(read: Callable[[], Any], wanted: Any) -> str:
    """What reading a damaged file came to, beside what it gave before, if known.

    `TOLD` is an `AgeModelError`.
    """
    try:
        found = read()
    except AgeModelError:
        return TOLD
    except Exception as error:  # whatever it is, the drill reports it
        return type(error).__name__
    return "same" if wanted is not None and _equal(found, wanted) else "silent"


def _equal(found: Any, wanted: Any) -> bool:
    if not isinstance(wanted, pd.DataFrame):
        return bool(found == wanted)
    try:
        pd.testing.assert_frame_equal(found, wanted)
    except AssertionError:
        return False
    return True


def main() -> None:
    """Damage files of some kinds and print how often which outcome came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("kinds", nargs="+", choices=(DATA, LOCAL, MODEL, KERAS))
    args = parser.parse_args()
    if not paths.data_dir().exists():
        prepare()
    print(json.dumps(drill(args.kinds, args.count)))


if __name__ == "__main__":
    main()
