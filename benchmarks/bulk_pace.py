"""The pace of bulk runs: engines and workers against the estimator's own.

The processes are started once and wait while it is another's turn, so the start of a
run, a second or two, is not counted; reading, estimating, putting the rows together and
writing them is. Processor time is that of all processes together: a busy machine
changes it less than the pace.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil

from agemodel.bulk.bulk_record import identity_of
from agemodel.bulk.file_list import Task
from agemodel.bulk.local_pool import LocalPool
from agemodel.bulk.parts import write_part
from agemodel.bulk.ray_pool import RayPool
from agemodel.bulk.scheduling import Pool, work_through
from agemodel.bulk.shard_work import Work
from agemodel.bulk.stores import LocalStore
from agemodel.images import encode_jpeg
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.serving import Estimator, estimate_upload
from agemodel.serving.estimator import work_in_one_thread
from agemodel.serving.photo_paths import photo_at
from benchmarks.speed_limits import at_least, at_most
from benchmarks.timings import summarise, take_turns
from tests.harness import made_photos

FILES = {"photo": 100, "aligned": 1000}
"""Files of a turn, by what they are: photos of 0.3 MP with a face, cropped faces. They
make an even number of tasks, so that neither of two workers waits for the other."""

TURNS_S, LEAST_TURNS = 30.0, 5

LEAST_GAIN = 1.9
LEAST_OF_OWN = 0.95
LEAST_OF_TWO = 0.95
LEAST_OF_LOCAL = 0.9
MOST_ADDED = 1.05


def run() -> dict[str, Any]:
    """Measure photos and cropped faces."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for what in FILES:
            rows += measure(what, Path(folder) / what)
    return {"rows": rows, "files": FILES, "limits": limits(rows)}


def measure(what: str, folder: Path) -> list[dict[str, Any]]:
    """A row a way to estimate the same files, in turns."""
    names = _write_files(what, folder)
    work = Work(identity_of(DEFAULT_MODEL), aligned=what == "aligned")
    with ExitStack() as stack:
        two = stack.enter_context(closing(LocalPool(work, 2)))
        ways: dict[str, Callable[[], object]] = {
            "estimator": _loop(work, names),
            "estimators_2": _halves(two, names),
        }
        for name, pool in _pools(work).items():
            stack.enter_context(closing(pool))
            ways[name] = _shard(pool, names, LocalStore(folder / name))
        cpu_ms: dict[str, list[float]] = {name: [] for name in ways}
        timed = {
            name: _timed(way, len(names), cpu_ms[name]) for name, way in ways.items()
        }
        found = take_turns(timed, seconds=TURNS_S, least=LEAST_TURNS)
    return [
        {
            "what": what,
            "way": name,
            "per_second": summarise(rates),
            "cpu_ms": summarise(cpu_ms[name][1:]),  # the first turn is no measure
        }
        for name, rates in found.items()
    ]


def limits(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Limits of a second worker's gain and of what the engines cost."""
    pace = {(row["what"], row["way"]): row["per_second"]["median"] for row in rows}
    cpu = {(row["what"], row["way"]): row["cpu_ms"]["median"] for row in rows}
    found = []
    for what, words in (("photo", "photos"), ("aligned", "cropped faces")):
        ways = ("estimator", "estimators_2", "local_1", "local_2")
        own, own_two, one, two = (pace[what, way] for way in ways)
        found += [
            at_least(f"{words}, two workers against one, times", two / one, LEAST_GAIN),
            at_least(
                f"{words}, two workers' pace against two estimators' at once, times",
                two / own_two,
                LEAST_OF_TWO,
            ),
            at_least(
                f"{words}, one worker's pace against the estimator's own, times",
                one / own,
                LEAST_OF_OWN,
            ),
            at_most(
                f"{words}, its processor time against the estimator's own, times",
                cpu[what, "local_1"] / cpu[what, "estimator"],
                MOST_ADDED,
            ),
        ]
        if (what, "ray_2") in pace:
            of_local = pace[what, "ray_2"] / two
            words_of_ray = f"{words}, Ray's pace against local's, two workers, times"
            found.append(at_least(words_of_ray, of_local, LEAST_OF_LOCAL))
    return found


def _pools(work: Work) -> Mapping[str, Pool]:
    pools: dict[str, Pool] = {
        "local_1": LocalPool(work, 1),
        "local_2": LocalPool(work, 2),
    }
    if find_spec("ray"):
        pools["ray_2"] = RayPool(work, 2)
    return pools


def _write_files(what: str, folder: Path) -> tuple[str, ...]:
    folder.mkdir()
    if what == "photo":
        contents = [made_photos.make_photo(*made_photos.SIZES["0.3"], 1)]
    else:
        contents = [encode_jpeg(face) for face in made_photos.aligned_faces()]
    names = []
    for number in range(FILES[what]):
        path = folder / f"{number}.jpg"
        path.write_bytes(contents[number % len(contents)])
        names.append(str(path))
    return tuple(names)


def _loop(work: Work, names: tuple[str, ...]) -> Callable[[], object]:
    """The estimator alone: file after file in this process and thread."""
    work_in_one_thread()
    estimator = Estimator.load(work.model.name, workers=1)

    def estimate() -> None:
        for name in names:
            estimate_upload(estimator, photo_at(Path(name)), aligned=work.aligned)

    return estimate


def _halves(pool: Pool, names: tuple[str, ...]) -> Callable[[], object]:
    """Two estimators at once, half of the files each: what this machine can give."""

    def estimate() -> None:
        halves, done = Task(0, 0, names).split(len(names) // 2), 0
        waiting = list(halves)
        while done < len(halves):
            while waiting and pool.is_free:
                pool.submit(waiting.pop())
            done += len(pool.wait())

    return estimate


def _shard(
    pool: Pool, names: tuple[str, ...], store: LocalStore
) -> Callable[[], object]:
    def estimate() -> None:
        for shard, part in work_through([Task(0, 0, names)], pool, lambda files: None):
            write_part(store, shard, part)

    return estimate


def _timed(
    way: Callable[[], object], files: int, cpu_ms: list[float]
) -> Callable[[], float]:
    """Files a second; processor time a file is appended."""

    def per_second() -> float:
        before_s, started = _cpu_s(), perf_counter()
        way()
        passed = perf_counter() - started
        cpu_ms.append((_cpu_s() - before_s) * 1000 / files)
        return files / passed

    return per_second


def _cpu_s() -> float:
    """Processor time of this process and those that it started."""
    here = psutil.Process()
    times = [one.cpu_times() for one in (here, *here.children(recursive=True))]
    return sum(one.user + one.system for one in times)
