"""Every page of the app with one of its files missing, empty, cut short or flipped.

`python -m tests.drills.damage_pages` is run in a copy of the project
(`project_copy`), whose files it damages and puts back.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from streamlit.testing.v1 import AppTest

from agemodel.core import paths
from agemodel.dataset.index import images_dir
from tests.drills.damage_files import RUN, prepare
from tests.harness.bit_flips import flipped
from tests.harness.made_cards import read_values, write_values

PATIENCE_S = 120
REPAIRS = re.compile(
    r"git checkout|python -m agemodel|make bench|Export it again|[Rr]estore|"
    r"Import the (archive|dataset) again"
)
"""What a way to repair it looks like."""


class View(NamedTuple):
    """A page, as an address asks for it, and the button that is clicked on it."""

    page: str
    query: str = ""
    click: str = ""

    @property
    def name(self) -> str:
        """The page with its query."""
        return f"{self.page}?{self.query or self.click}".rstrip("?")


FACE = "face=100_0_0_20170112213500903.jpg.chip.jpg"
ESTIMATE, PREDICTED = (
    View("estimate"),
    View("estimate", click="Eileen Collins, astronaut"),
)
VIEWS = [
    ESTIMATE,
    PREDICTED,
    *(View("dataset", f"view={name}") for name in ("charts", "ageing", "map")),
    View("dataset", "view=faces&size=20"),
    View("dataset", FACE),
    View("dataset", "view=issues"),
    *(View("training", f"view={v}") for v in ("curves", "network", "saw", "recipe")),
    View("training", "view=train"),
    *(
        View("evaluation", f"view={name}")
        for name in ("overview", "confusion", "errors", "certainty", "groups")
    ),
    *(View("evaluation", f"view={name}") for name in ("extremes", "runs")),
    View("about"),
]


class Fault(NamedTuple):
    """Something that is wrong with a file or a folder."""

    what: str  # in words: "model.tflite missing"
    path: Path  # what is damaged
    damage: Callable[[Path], None]  # does it
    # beginnings of the names of views that must say how to repair it
    told: tuple[str, ...]


def _missing(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _flip(path: Path) -> None:
    """Flip the lowest bit of a digit in a text, or of a byte, two thirds in."""
    content = path.read_bytes()
    start = 2 * len(content) // 3
    is_text = path.suffix in (".json", ".csv")
    digit = re.compile(rb"[0-9]").search(content, start) if is_text else None
    path.write_bytes(flipped(content, 8 * (digit.start() if digit else start)))


def _of_another_version(path: Path) -> None:
    write_values(path.parent, read_values(path.parent) | {"format": 99})


def _another_chosen(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("none-such\n", "utf-8")


def _without_pictures(path: Path) -> None:
    for picture in path.iterdir():
        picture.unlink()


WAYS = {"missing": _missing, "empty": _empty, "with a flipped bit": _flip}
CUT = {"cut short": _cut}


def faults() -> list[Fault]:
    """All faults: every way to damage every file, and some that are of one alone."""
    model = paths.ASSETS / "models" / "mobile"
    described, run = paths.SPLITS.parent, paths.SHIPPED_RUNS / RUN
    data, detectors = paths.data_dir(), paths.DETECTORS
    images = images_dir(data)
    files: list[tuple[Path, tuple[str, ...]]] = [
        (model / "model.tflite", (PREDICTED.name,)),
        (model / "card.json", ("estimate", "about", "training?view=network")),
        (model / "faces.parquet", (f"dataset?{FACE}",)),
        (detectors / "face_detection_back.tflite", (PREDICTED.name,)),
        (detectors / "face_detection_full_range.tflite", (PREDICTED.name,)),
        (paths.SAMPLES / "manifest.json", (ESTIMATE.name,)),
        (paths.SPLITS, ("dataset",)),
        (described / "faces.parquet", ("dataset",)),
        (described / "averages.parquet", ("dataset?view=ageing",)),
        (paths.ASSETS / "published.json", ("evaluation?view=overview",)),
        (run / "predictions.parquet", ("evaluation", "dataset")),
        (run / "history.csv", ("training?view=curves", "training?view=recipe")),
        (run / "config.json", ("training?view=curves", "training?view=recipe")),
        (run / "network.json", ("training?view=network",)),
        (run / "metrics.json", ("training?view=recipe",)),
        (run / "split.parquet", ("training?view=saw",)),
        (data / "import.json", ("dataset?view=faces",)),
        (images.parent / "index.parquet", ()),
        (images.parent / "rejects.parquet", ()),
    ]
    found = [
        Fault(f"{path.parent.name}/{path.name} {way}", path, damage, told)
        for path, told in files
        for way, damage in (WAYS | CUT if path.parent == model else WAYS).items()
    ]
    chosen, manifest = paths.runs_dir() / "app-model", run / "manifest.json"
    return [
        *found,
        Fault("manifest of a run empty", manifest, _empty, ("training?view=curves",)),
        Fault("a model of another version", model / "card.json", _of_another_version,
              (PREDICTED.name,)),
        Fault("a chosen model that is gone", chosen, _another_chosen, ("estimate",)),
        Fault("all models missing", model.parent, _missing, ("estimate", "about")),
        Fault("all runs that ship missing", paths.SHIPPED_RUNS, _missing,
              ("dataset",)),
        Fault("pictures deleted", images, _without_pictures, ("dataset?view=faces",)),
        Fault("folder of pictures deleted", images, _missing, ("dataset?view=faces",)),
        Fault("data folder deleted", data, _missing, ("dataset?view=faces",)),
    ]  # fmt: skip


@contextmanager
def suffering(fault: Fault) -> Iterator[None]:
    """Damage what a fault damages, and put it back at the end of the block."""
    safe = paths.ROOT / "safe"
    was_there = fault.path.exists()
    if was_there:
        copy = shutil.copytree if fault.path.is_dir() else shutil.copy2
        copy(fault.path, safe)
    fault.damage(fault.path)
    try:
        yield
    finally:
        if fault.path.exists():
            _missing(fault.path)
        if was_there:
            shutil.move(safe, fault.path)


def look(
    fault: Fault, usual: Mapping[View, set[str]], *, again: bool
) -> list[dict[str, Any]]:
    """Draw views under a fault, beside what each says of repairing when all is well."""
    _forget()
    pages = {view: _opened(view) for view in usual} if again else {}
    with suffering(fault):
        drawn = {v: pages[v].run() if again else _opened(v) for v in usual}
    return [
        {
            "fault": fault.what,
            "view": view.name,
            "failed": " ".join(str(error.message) for error in page.exception),
            "drawn": len(page.title) == 1,
            "must_tell": bool(fault.told) and view.name.startswith(fault.told),
            "tells": bool(_ways_to_repair(page) - usual[view]),
        }
        for view, page in drawn.items()
    ]


def _forget() -> None:
    """Drop what was read before, as a new server has read nothing."""
    st.cache_data.clear()
    st.cache_resource.clear()


def _opened(view: View) -> AppTest:
    script = paths.ROOT / "pages" / f"{view.page}.py"
    page = AppTest.from_file(script, default_timeout=PATIENCE_S)
    for part in filter(None, view.query.split("&")):
        name, _, value = part.partition("=")
        page.query_params[name] = value
    page.session_state["dataset_no_pictures"] = True  # as if it were opened
    page.run()
    buttons = [button for button in page.button if button.label == view.click]
    return buttons[0].click().run() if buttons else page


def _ways_to_repair(page: AppTest) -> set[str]:
    """What the page says that may be a way to repair something."""
    blocks = [*page.markdown, *page.caption, *page.text, *page.info]
    blocks += [*page.warning, *page.error, *page.code]
    return {str(block.value) for block in blocks if REPAIRS.search(str(block.value))}


def main() -> None:
    """Draw every view under some faults; print a JSON object a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", default="", help="a pattern of their names")
    parser.add_argument("--views", default="", help="likewise")
    parser.add_argument("--again", action="store_true", help="damage what is in use")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if not paths.data_dir().exists():
        prepare()
    views = [view for view in VIEWS if re.search(args.views, view.name)]
    usual = {view: _ways_to_repair(_opened(view)) for view in views}
    for fault in faults():
        if re.search(args.faults, fault.what):
            for seen in look(fault, usual, again=args.again):
                print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main()
