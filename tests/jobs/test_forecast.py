from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from agemodel.core import paths
from agemodel.jobs.forecast import Forecast, count_faces, duration_in_words, forecast
from agemodel.runs.run_folder import Run, open_run
from tests.harness.coloured_faces import import_coloured_faces
from tests.harness.made_jobs import CONFIG

SMALL = replace(CONFIG, input_px=64, epochs=4)
FACES = {"train": 900, "val": 300}


def trained(name: str, seconds: list[float], **changes: object) -> Run:
    """A run of 90 train and 30 val faces that took so many seconds an epoch."""
    run = open_run(replace(SMALL, **changes), name)  # type: ignore[arg-type]
    pd.DataFrame({"seconds": seconds}).to_csv(run.folder / "history.csv", index=False)
    parts = ["train"] * 90 + ["val"] * 30
    run.write_table("split.parquet", pd.DataFrame({"file": "x", "part": parts}))
    return run


def test_forecast_is_by_the_median_epoch_of_the_same_network() -> None:
    trained("a", [90.0, 10.0, 10.0])
    # 90 + 30 / 3 faces took 10 s; four epochs of ten times as many take 400 s.
    expected = Forecast(400.0, "a", same_blocks=True, same_size=True, made_here=True)
    assert forecast(SMALL, FACES) == expected


def test_other_size_is_scaled_by_pixels_and_comes_after_the_same() -> None:
    trained("b", [10.0], input_px=128)
    found = forecast(SMALL, FACES)
    assert found == Forecast(
        100.0, "b", same_blocks=True, same_size=False, made_here=True
    )
    trained("a", [10.0])
    found = forecast(SMALL, FACES)
    assert found is not None
    assert found.run_id == "a"


def test_run_made_here_comes_before_one_that_ships(runs_folder: Path) -> None:
    shipped = trained("shipped", [10.0])
    paths.SHIPPED_RUNS.mkdir()
    shipped.folder.rename(paths.SHIPPED_RUNS / "shipped")
    found = forecast(SMALL, FACES)
    assert found is not None
    assert (found.run_id, found.made_here) == ("shipped", False)
    trained("here", [10.0], input_px=128)
    found = forecast(SMALL, FACES)
    assert found is not None
    assert (found.run_id, found.made_here) == ("here", True)


def test_run_in_which_as_much_learned_comes_before_one_made_here() -> None:
    alike = trained("alike", [10.0])
    paths.SHIPPED_RUNS.mkdir()
    alike.folder.rename(paths.SHIPPED_RUNS / "alike")
    trained("here", [1.0], frozen_blocks=13)
    assert forecast(SMALL, FACES) == Forecast(
        400.0, "alike", same_blocks=True, same_size=True, made_here=False
    )


def test_run_of_about_as_many_faces_comes_before_a_tiny_one_made_here() -> None:
    alike = trained("alike", [10.0])
    paths.SHIPPED_RUNS.mkdir()
    alike.folder.rename(paths.SHIPPED_RUNS / "alike")
    tiny = trained("tiny", [9.0])
    parts = pd.DataFrame({"file": "x", "part": ["train"] * 9 + ["val"] * 3})
    tiny.write_table("split.parquet", parts)  # 10 faces, where 1,000 are asked for
    found = forecast(SMALL, FACES)
    assert found is not None
    assert (found.run_id, found.same_amount) == ("alike", True)
    (paths.SHIPPED_RUNS / "alike" / "history.csv").unlink()
    found = forecast(SMALL, FACES)
    assert found is not None
    assert (found.run_id, found.same_amount) == ("tiny", False)


def test_nothing_is_known_of_other_networks_and_unreadable_runs() -> None:
    trained("other", [10.0], network="mobile")
    trained("damaged", [10.0]).folder.joinpath("split.parquet").write_bytes(b"x")
    trained("new", [10.0]).folder.joinpath("history.csv").unlink()
    assert forecast(SMALL, FACES) is None


def test_faces_are_counted_by_share_without_a_search(tmp_path: Path) -> None:
    data = import_coloured_faces(tmp_path / "faces", train=40, val=8, test=4)
    config = replace(CONFIG, framing="detector", share=0.25)
    assert count_faces(config, data) == {"train": 10, "val": 8, "test": 4}
    assert not list(data.rglob("crops.parquet"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "about 5 s"),
        (62, "about 60 s"),
        (91, "about 2 min"),
        (89.4 * 60, "about 89 min"),
        (95 * 60, "about 1 h 30 min"),
        (7199, "about 2 h 0 min"),
    ],
)
def test_durations_are_told_as_precisely_as_they_are_known(
    seconds: float, words: str
) -> None:
    assert duration_in_words(seconds) == words
