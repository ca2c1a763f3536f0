"""The benchmarks' own arithmetic, and that nobody types figures by hand."""

from __future__ import annotations

import importlib
import itertools
import json
import re

import pandas as pd
import pytest

from agemodel.faces.detector import FaceDetector
from agemodel.images import read_image
from benchmarks import bulk_pace, live_camera, page, throughput, visits
from benchmarks.__main__ import main
from benchmarks.benchmark_page import PAGE, SECTIONS, render
from benchmarks.speed_limits import at_least, at_most
from benchmarks.throughput import overhead
from benchmarks.timings import summarise, take_turns
from tests.harness import imported_faces as faces_module
from tests.harness import made_photos
from tests.harness.imported_faces import imported_faces
from tests.harness.made_machine import MACHINE
from tests.harness.measurements import (
    Missing,
    merge,
    read_results,
    write_results,
)


def test_page_is_what_the_results_make() -> None:
    assert PAGE.read_text("utf-8") == render(read_results())


def test_summary_holds_median_quartiles_and_n() -> None:
    # Of 1, 2, 3, 4, 10 the ranks 0..4 put the quartiles on ranks 1, 2 and 3.
    summary = summarise([10, 1, 3, 2, 4])
    assert summary == {"median": 3, "q25": 2, "q75": 4, "n": 5}


def test_turns_go_forth_and_back_after_one_uncounted_round() -> None:
    order: list[str] = []
    count = itertools.count()

    def measure(name: str) -> float:
        order.append(name)
        return next(count)

    measures = {"a": lambda: measure("a"), "b": lambda: measure("b")}
    found = take_turns(measures, seconds=0, least=3)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"
    assert found == {"a": [2, 5, 6], "b": [3, 4, 7]}


def test_a_section_is_renewed_and_the_others_stay(tmp_path) -> None:
    path = tmp_path / "results.json"
    assert read_results(path) == {}
    write_results({"page": {"machine": {"cores": 2}, "found": {"n": 1}}}, path)
    renewed = merge(read_results(path), "visits", {"cores": 4}, {"n": 2})
    write_results(renewed, path)
    assert json.loads(path.read_text("utf-8")) == {
        "page": {"machine": {"cores": 2}, "found": {"n": 1}},
        "visits": {"machine": {"cores": 4}, "found": {"n": 2}},
    }


def test_limit_is_kept_up_to_itself() -> None:
    assert at_most("s", 0.5, 0.5)["kept"] and at_least("times", 3.0, 3.0)["kept"]
    assert not at_most("s", 0.501, 0.5)["kept"]
    assert not at_least("times", 2.999, 3.0)["kept"]


def test_every_section_can_be_run_and_shown() -> None:
    for name in SECTIONS:
        assert callable(importlib.import_module(f"benchmarks.{name}").run)


def test_page_of_made_up_figures_shows_them_where_they_belong() -> None:
    times = {f"{app}_{visit}": [1.0] for app in page.SHOWN for visit in VISITS}
    times |= {"app_first": [1.0, 2.0, 3.0], "upload": [0.25]}
    found = {"chromium": "1.2", **page.summarise_times(times)}
    assert found["first_longer_s"] == 1.0  # 2 is the median of the first visits
    text = render(merge({}, "page", MACHINE, found))
    assert "2.00 (1.50 to 2.50) | 1.00 (1.00 to 1.00) | 1.0 | 3 |" in text
    assert "0.250 (0.250 to 0.250) s, n = 1." in text
    assert (
        "first visit, longer than an empty app's, s | at most 0.8 | 1.00 | **no**"
        in text
    )
    assert "from an upload to its age, s | at most 0.5 | 0.250 | yes" in text
    assert "commit abc: Some CPU, 2 cores" in text


def test_first_views_are_held_to_their_limits() -> None:
    pages = (*visits.PAGES, "one_chart", "empty")
    times = {
        f"{one}_{visit}_{state}": [1.0]
        for one in pages
        for visit in VISITS
        for state in ("usable", "whole")
        if (one, state) != ("empty", "whole")
    }
    times["dataset_first_whole"] = [1.5, 2.5, 9.0]
    times["training_later_usable"] = [3.0]  # is shown, but held to nothing
    found = {"chromium": "1.2", **visits.summarise_times(times)}
    broken = [limit["what"] for limit in found["limits"] if not limit["kept"]]
    assert broken == ["dataset page, first visit, longer than an empty app's, s"]
    text = render(merge({}, "visits", MACHINE, found))
    # 2.5 is the median, 1.5 more than the empty app's.
    assert "| 1.00 (1.00 to 1.00) | 2.50 (2.00 to 5.75) | 1.5 | 1 |" in text


VISITS = ("first", "later")


def test_overhead_compares_medians() -> None:
    # Medians of 6 and 4 ms: half as much again, 2 ms more.
    found = overhead([0.006, 0.005, 0.1], [0.004, 0.004, 0.001])
    assert found == {"ratio": 1.5, "added_ms": 2.0}


def test_second_worker_is_held_to_its_gain_where_there_is_a_second_core() -> None:
    rates = {("photo", 1): 10.0, ("photo", 2): 16.0, ("aligned", 1): 100.0}
    rates |= {("aligned", 2): 180.0, ("network", 1): 120.0, ("network", 2): 240.0}
    rows = [
        {"what": what, "workers": workers, "per_second": {"median": rate}}
        for (what, workers), rate in rates.items()
    ]
    found = {"aligned": {"added_ms": 0.8}, "throughput": rows}
    limits = throughput.limits(found, cores=2)
    assert [limit["measured"] for limit in limits] == [0.8, 1.6, 1.8]
    assert [limit["kept"] for limit in limits] == [True, False, True]
    assert throughput.limits(found, cores=1) == limits[:1]


def test_bulk_is_held_to_the_estimators_own_pace_and_processor_time() -> None:
    paces = {
        "estimator": 10.0,
        "estimators_2": 18.0,
        "local_1": 9.0,
        "local_2": 18.0,
        "ray_2": 17.1,
    }
    rows = [
        {
            "what": what,
            "way": way,
            "per_second": {"median": pace, "q25": pace, "q75": pace, "n": 7},
            "cpu_ms": {"median": 100 / pace, "q25": 1.0, "q75": 1.0, "n": 7},
        }
        for what in bulk_pace.FILES
        for way, pace in paces.items()
    ]
    found = {"rows": rows, "files": bulk_pace.FILES, "limits": bulk_pace.limits(rows)}
    # 18 / 9 = 2 times, 18 / 18, 9 / 10, 11.11 / 10 ms, and 17.1 / 18
    measured = [2.0, 1.0, 0.9, 1.1111, 0.95]
    assert [limit["measured"] for limit in found["limits"]] == measured * 2
    kept = [True, True, False, False, True]
    assert [limit["kept"] for limit in found["limits"]] == kept * 2
    text = render(merge({}, "bulk_pace", MACHINE, found))
    assert "| a cropped face | bulk, 2 workers | 18.0 (18.0 to 18.0) |" in text


@pytest.mark.parametrize("faces", made_photos.LAYOUTS)
def test_made_photos_show_as_many_faces_as_they_should(faces: int) -> None:
    photo = read_image(made_photos.make_photo(640, 480, faces))
    assert photo.rgb.shape == (480, 640, 3)
    assert len(FaceDetector(min_score=0.6).detect(photo.rgb)) == faces


def test_every_third_test_chip_is_chosen_by_file_name(monkeypatch) -> None:
    names = [f"{letter}.jpg" for letter in "gfedcba"]
    coral = ["test", "test", "train", "test", "test", "", "test"]
    index = pd.DataFrame({"file": names, "coral": coral})
    # The test chips by name: a c d f g; every third of them: a f.
    monkeypatch.setattr(faces_module, "read_index", lambda _: index)
    monkeypatch.setattr(faces_module, "images_dir", lambda folder: folder)
    chips, _ = imported_faces("test", "coral", 3)
    assert chips["file"].tolist() == ["a.jpg", "f.jpg"]


def test_without_the_dataset_there_are_no_chips(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path))
    with pytest.raises(Missing, match="There is no dataset yet"):
        imported_faces("test")


def test_unknown_benchmark_is_refused_with_the_names(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    message = capsys.readouterr().err
    assert all(re.search(name, message) for name in SECTIONS)


def test_a_camera_s_rate_and_round_trips_leave_the_first_second_out() -> None:
    # a frame every 100 ms, answered after 50 ms; those of the first second took longer
    trips = [(100.0 * n, 100.0 * n + (90 if n < 10 else 50)) for n in range(31)]
    found = live_camera.summarise_trips(trips, first_age_ms=390)
    assert found["per_second"] == pytest.approx(10)
    assert found["round_trip_ms"]["median"] == found["p95_ms"] == 50
    assert found["first_age_s"] == pytest.approx(0.3)  # the first answer came at 90
    kept = live_camera.limits({"one": found, "three": found | {"p95_ms": 401.0}})
    assert [limit["kept"] for limit in kept] == [True, True, True, True, False, True]
