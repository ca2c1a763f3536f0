from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from agemodel.core.errors import ClusterError, RunError
from agemodel.jobs.locks import run_in_training, training_lock
from agemodel.jobs.sweep import DONE, FAILED, STOPPED, RayEngine, run_sweep
from agemodel.runs.checkpoints import LAST
from agemodel.runs.run_folder import Run, open_run
from agemodel.runs.variants import Variant, variants_of
from tests.harness.made_jobs import CONFIG
from tests.harness.waiting import wait_until


class MadeEngine:
    """Trains nothing; a run with the dropout 0.5 fails, one with 0.9 was stopped.

    Attributes:
        passes: how many end at once; the others wait for `held`.
    """

    places = 1

    def __init__(self, passes: int = 9) -> None:
        self.held, self.passes = threading.Event(), passes
        self.trained: list[str] = []
        self.most = self._now = 0
        self._lock = threading.Lock()

    def train(self, run: Run, readers: int) -> int:
        with self._lock:
            self.trained.append(run.id)
            self._now += 1
            self.most = max(self.most, self._now)
            is_held = len(self.trained) > self.passes
        if is_held:
            self.held.wait()
        with self._lock:
            self._now -= 1
        return {0.5: 1, 0.9: 130}.get(run.read_config().dropout, 0)

    def close(self) -> None:
        self.held.set()


def variants(count: int = 4) -> list[Variant]:
    values = (0.1, 0.2, 0.5, 0.9)[:count]
    return variants_of(CONFIG, "try", [f"dropout={','.join(map(str, values))}"])


def ignore(_: Variant) -> None:
    pass


def test_each_variant_is_a_run_and_ends_in_its_own_way() -> None:
    begun: list[Variant] = []
    ends = dict(run_sweep(variants(), MadeEngine(), 2, begun.append))
    assert {one.run_id: how for one, how in ends.items()} == {
        "try-dropout_0.1": DONE,
        "try-dropout_0.2": DONE,
        "try-dropout_0.5": FAILED,
        "try-dropout_0.9": STOPPED,
    }
    assert set(begun) == set(ends)
    assert run_in_training() is None


def test_a_finished_run_is_left_as_it_is() -> None:
    first = open_run(variants()[0].config, "try-dropout_0.1")
    (first.folder / LAST).touch()
    engine = MadeEngine()
    ends = {one.run_id: how for one, how in run_sweep(variants(2), engine, 1, ignore)}
    assert ends["try-dropout_0.1"] == DONE
    assert engine.trained == ["try-dropout_0.2"]


def test_so_many_are_at_work_at_a_time_and_nobody_else_trains() -> None:
    engine = MadeEngine(passes=0)
    with ThreadPoolExecutor(1) as background:
        ends = background.submit(lambda: list(run_sweep(variants(), engine, 2, ignore)))
        wait_until(lambda: len(engine.trained) == 2)
        assert run_in_training() == "recipe, in variants,"
        engine.held.set()
        assert len(ends.result()) == 4
    assert engine.most == 2


def test_closed_it_stops_what_is_at_work_and_begins_no_more() -> None:
    engine = MadeEngine(passes=1)
    with closing(run_sweep(variants(), engine, 1, ignore)) as ends:
        next(ends)
    assert run_in_training() is None
    assert len(engine.trained) <= 2


def test_another_recipes_run_or_training_is_refused_before_any_begins(
    runs_folder: Path,
) -> None:
    engine = MadeEngine()
    open_run(replace(CONFIG, epochs=99), "try-dropout_0.9")
    with pytest.raises(RunError, match=r"try-dropout_0\.9 exists and follows another"):
        next(run_sweep(variants(), engine, 1, ignore))
    with (
        training_lock("mine"),
        pytest.raises(RunError, match="Run mine is being trained"),
    ):
        next(run_sweep(variants(3), engine, 1, ignore))
    assert engine.trained == []
    assert [path.name for path in runs_folder.glob("try-*")] == ["try-dropout_0.9"]


def test_without_ray_the_engine_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"pip install -r requirements/ray\.txt"):
        RayEngine(None, 1)
