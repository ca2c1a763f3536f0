"""The benchmarks' own arithmetic, and that nobody types figures by hand."""

from __future__ import annotations

import importlib
import itertools
import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from agemodel.faces import CropSquare, Detection, crop_square, square_of_detection
from agemodel.faces.detector import FaceDetector
from agemodel.images import read_image
from benchmarks import (
    dataset_page,
    evaluation_page,
    framing,
    page,
    photos,
    server_start,
    start,
    throughput,
    visits,
)
from benchmarks.__main__ import main
from benchmarks.benchmark_page import FRAMING_NAMES, PAGE, SECTIONS, render
from benchmarks.chips import chosen
from benchmarks.speed_limits import at_least, at_most
from benchmarks.throughput import burst, overhead
from benchmarks.timings import summarise, take_turns
from tests.harness import made_face_tables, made_photos
from tests.harness.made_machine import MACHINE
from tests.harness.measurement_tables import limits_table, number, spread, table
from tests.harness.measurements import RESULTS, merge, read_results, write_results


def face(roll_deg: float = 0.0) -> Detection:
    """A box of 100 px around (120, 90), eyes 40 px apart."""
    turn = np.exp(1j * math.radians(roll_deg))
    offsets = np.array([-20 - 10j, 20 - 10j, 0 + 10j, 0 + 25j, -45 - 5j, 45 - 5j])
    points = offsets * turn + (120 + 90j)
    landmarks = np.stack([points.real, points.imag], 1).astype(np.float32)
    return Detection((70, 40, 170, 140), 0.9, landmarks)


def test_page_is_what_the_results_make() -> None:
    if not RESULTS.exists():
        pytest.skip("nothing has been measured yet")
    assert PAGE.read_text("utf-8") == render(read_results())


def test_results_are_written_as_the_program_writes_them(tmp_path) -> None:
    if not RESULTS.exists():
        pytest.skip("nothing has been measured yet")
    write_results(read_results(), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == RESULTS.read_bytes()


def test_summary_holds_median_quartiles_and_n() -> None:
    # Of 1, 2, 3, 4, 10 the ranks 0..4 put the quartiles on ranks 1, 2 and 3.
    summary = summarise([10, 1, 3, 2, 4])
    assert summary == {"median": 3, "q25": 2, "q75": 4, "n": 5}


def test_summary_of_an_even_count_lies_between_the_middle_values() -> None:
    assert summarise([1, 2, 3, 10])["median"] == 2.5


def test_summary_keeps_five_significant_digits() -> None:
    assert summarise([1 / 3])["median"] == 0.33333


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


def test_turns_end_at_the_most_rounds() -> None:
    found = take_turns({"a": lambda: 0.0}, seconds=60, least=1, most=4)
    assert len(found["a"]) == 4


def test_a_section_is_renewed_and_the_others_stay(tmp_path) -> None:
    path = tmp_path / "results.json"
    assert read_results(path) == {}
    write_results({"page": {"machine": {"cores": 2}, "found": {"n": 1}}}, path)
    renewed = merge(read_results(path), "framing", {"cores": 4}, {"n": 2})
    write_results(renewed, path)
    assert json.loads(path.read_text("utf-8")) == {
        "page": {"machine": {"cores": 2}, "found": {"n": 1}},
        "framing": {"machine": {"cores": 4}, "found": {"n": 2}},
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((1234.5, "1,230"), (12.345, "12.3"), (9.996, "10.0"), (9.7, "9.70")),
        *((0.0313, "0.0313"), (0.996, "0.996"), (0.0, "0.00"), (-0.1234, "-0.123")),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_spread_names_median_and_quartiles() -> None:
    assert spread({"median": 2, "q25": 1.5, "q75": 12}) == "2.00 (1.50 to 12.0)"


def test_table_is_markdown_with_numbers_to_the_right() -> None:
    assert table(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_a_number_column_is_to_the_right_and_a_column_of_words_is_not() -> None:
    ruler = table(("a", "b", "c"), [], words=2).splitlines()[1]
    assert ruler == "| --- | --- | ---: |"


def test_limit_is_kept_up_to_itself() -> None:
    assert at_most("s", 0.5, 0.5)["kept"] and at_least("times", 3.0, 3.0)["kept"]
    assert not at_most("s", 0.501, 0.5)["kept"]
    assert not at_least("times", 2.999, 3.0)["kept"]


def test_limit_not_kept_is_shown_as_such() -> None:
    text = limits_table([at_least("times", 1.234, 3.0), at_most("heavy", 0, 0)])
    assert text.splitlines()[2:] == [
        "| times | at least 3 | 1.23 | **no** |",
        "| heavy | at most 0 | 0 | yes |",
    ]


def test_every_section_can_be_run_and_shown() -> None:
    for name in SECTIONS:
        assert callable(importlib.import_module(f"benchmarks.{name}").run)


def test_page_without_results_has_a_head_and_no_section() -> None:
    assert "## " not in render({}).partition("\n")[2]


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


def test_evaluation_page_is_held_to_its_limits() -> None:
    times = {"split": [0.4], "confusion_split": [0.2, 0.6, 0.7], "bands": [0.5]}
    found = {"chromium": "1.2", **evaluation_page.summarise_times(times)}
    broken = [limit["what"] for limit in found["limits"] if not limit["kept"]]
    assert broken == ["confusion: another split, to the repainted page, s"]
    text = render(merge({}, "evaluation_page", MACHINE, found))
    assert "confusion: another split | 0.600 (0.400 to 0.650) | 3 |" in text


def test_dataset_page_is_held_to_its_limits() -> None:
    times = {f"filter_{key}": [0.3] for key in dataset_page.FILTERS}
    times |= {"filter_bar": [0.1, 0.5, 0.6], "map_filter": [0.2]}
    # 10 MiB more than 1,000 MB, which are 953.67 MiB.
    million = {"n": 1_000_000, "peak_mib": 963.67}
    million |= {f"{key}_s": summarise([0.9]) for key in ("pure", "filter")}
    million["map_filter_s"] = summarise([2.0])
    found = {
        "chromium": "1.2",
        **dataset_page.summarise_times(times),
        "million": million,
    }
    found["limits"] = dataset_page.limits(found)
    broken = [limit["what"] for limit in found["limits"] if not limit["kept"]]
    assert broken == [
        "a click on a chart's bar, to the repainted page, s",
        "a million faces: the server's memory at its most, MB",
    ]
    text = render(merge({}, "dataset_page", MACHINE, found))
    assert "a click on a bar | 0.500 (0.300 to 0.550) | 3 |" in text
    assert "pictures |" not in text  # of the gallery, where none is imported
    found["gallery_s"] = summarise([1.5])
    assert not dataset_page.limits(found)[-4]["kept"]


def test_app_of_made_faces_names_its_table(tmp_path) -> None:
    script = made_face_tables.write_app(
        tmp_path, tmp_path / "faces.feather"
    ).read_text()
    assert f"read_feather({str(tmp_path / 'faces.feather')!r})" in script
    compile(script, "app", "exec")


VISITS = ("first", "later")


def test_overhead_compares_medians() -> None:
    # Medians of 6 and 4 ms: half as much again, 2 ms more.
    found = overhead([0.006, 0.005, 0.1], [0.004, 0.004, 0.001])
    assert found == {"ratio": 1.5, "added_ms": 2.0}


def test_memory_is_held_to_its_limit_in_million_bytes() -> None:
    # 240 MiB are 251.7 MB.
    memory, heavy = start.limits({"peak_mib": {"median": 240.0}, "heavy": ["keras"]})
    assert memory["measured"] == 251.66
    assert not memory["kept"] and not heavy["kept"]


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


def test_photos_with_one_face_are_held_to_limits() -> None:
    rows = [("12", 1, 1000.0), ("12", 6, 9000.0), ("50", 1, 2000.0), ("50", 6, 1.0)]
    limits = photos.limits(
        [
            {"megapixels": size, "faces": faces, "whole_ms": {"median": ms}}
            for size, faces, ms in rows
        ]
    )
    assert [limit["measured"] for limit in limits] == [1000, 2]
    assert [limit["kept"] for limit in limits] == [True, False]


def test_served_framing_is_held_against_the_best() -> None:
    rows = [("chip", 4.4), (framing.SERVED, 4.55), ("box_2", 8.0)]
    limit = framing.limits([{"framing": f, "mae_years": mae} for f, mae in rows])[0]
    assert limit["measured"] == 0.15
    assert not limit["kept"]


def test_calls_of_a_method_are_timed_and_answer_as_before() -> None:
    class Worker:
        def run(self, crop: int) -> int:
            return crop + 1

    worker = Worker()
    with photos.timed_calls(worker, "run") as seconds:
        assert worker.run(1) == 2
        assert worker.run(2) == 3
    assert worker.run(3) == 4
    assert len(seconds) == 2
    assert min(seconds) >= 0


def test_burst_does_at_least_a_piece_of_work_for_every_thread() -> None:
    done: list[int] = []
    measure = burst(lambda: done.append(1), threads=3, seconds=0)
    before = len(done)
    assert measure() > 0
    assert len(done) - before == 3


def test_memory_is_read_in_kib() -> None:
    status = "Name:\tpython\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n"
    assert server_start.status_kib(status, "VmRSS") == 1024
    assert server_start.resident_mib() > 1


@pytest.mark.parametrize("faces", made_photos.LAYOUTS)
def test_made_photos_show_as_many_faces_as_they_should(faces: int) -> None:
    photo = read_image(made_photos.make_photo(640, 480, faces))
    assert photo.rgb.shape == (480, 640, 3)
    assert len(FaceDetector().detect(photo.rgb)) == faces


def test_a_photo_is_made_the_same_way_twice() -> None:
    assert made_photos.make_photo(320, 240, 1) == made_photos.make_photo(320, 240, 1)


def test_sizes_are_as_many_megapixels_as_they_are_called() -> None:
    for megapixels, (width, height) in made_photos.SIZES.items():
        assert width * height / 1e6 == pytest.approx(float(megapixels), rel=0.03)


def test_every_third_test_chip_is_chosen_by_file_name() -> None:
    names = [f"{letter}.jpg" for letter in "gfedcba"]
    coral = ["test", "test", "train", "test", "test", "", "test"]
    index = pd.DataFrame({"file": names, "coral": coral})
    # The test chips by name: a c d f g; every third of them: a f.
    assert chosen(index, 3)["file"].tolist() == ["a.jpg", "f.jpg"]


@pytest.mark.parametrize("angle_deg", [0.0, 25.0, -70.0])
def test_fitted_square_is_the_one_that_the_points_came_from(angle_deg: float) -> None:
    square = CropSquare((110.0, 95.0), 150.0, angle_deg)
    # A crop's point, from its middle, scaled by 150 / 200 and turned into the photo.
    turn = 0.75 * np.exp(1j * math.radians(angle_deg))
    points = (framing.MEAN_XY @ np.array([1, 1j]) - (100 + 100j)) * turn + (110 + 95j)
    points_xy = np.stack([points.real, points.imag], 1)
    fitted = framing.fit_square(points_xy, framing.MEAN_XY, 200.0)
    assert fitted.centre_xy == pytest.approx(square.centre_xy)
    assert fitted.side_px == pytest.approx(square.side_px)
    assert fitted.angle_deg == pytest.approx(square.angle_deg)


def test_fitted_square_puts_a_mark_where_it_belongs_in_the_crop() -> None:
    rgb = np.zeros((200, 200, 3), np.uint8)
    rgb[118:123, 78:83] = 255  # 5 px around the point (80.5, 120.5)
    points = np.array([(80.5, 120.5), (80.5, 80.5), (120.5, 120.5)])
    # The photo turned by 90 degrees: below becomes left, right becomes below.
    targets = np.array([(40.0, 50.0), (80.0, 50.0), (40.0, 90.0)])
    square = framing.fit_square(points, targets, 100.0)
    bright = np.argwhere(crop_square(rgb, square, 100)[..., 0] > 127) + 0.5
    assert bright.mean(0)[::-1] == pytest.approx((40.0, 50.0), abs=0.3)


def test_framings_are_the_box_turned_fitted_and_scaled() -> None:
    found = framing.squares(np.zeros((200, 200, 3), np.uint8), face(roll_deg=15))
    assert set(found) == set(FRAMING_NAMES)
    assert found["chip"] == CropSquare((100.0, 100.0), 200.0)
    served = square_of_detection(face(roll_deg=15))
    assert found["box_1"] == served
    assert served.angle_deg == pytest.approx(5, abs=0.01)  # beyond 10 degrees
    assert found["box_turned"].angle_deg == pytest.approx(15, abs=0.01)
    assert found["box_1.5"].side_px == 150
    assert found["box_1.5"].angle_deg == served.angle_deg
    assert found["landmarks_wider"].side_px > found["landmarks_mean"].side_px


def test_face_that_was_not_found_keeps_its_chip_in_every_framing() -> None:
    found = framing.squares(np.zeros((200, 100, 3), np.uint8), None)
    assert set(found.values()) == {CropSquare((50.0, 100.0), 100.0)}


def test_framing_is_measured_by_its_own_rows() -> None:
    rows = [("a", 20, 1, 23.0, 0.9), ("a", 40, 0, 49.0, 0.6), ("b", 20, 1, 99.0, 0.1)]
    columns = ["framing", "age", "gender", "age_years", "p_female"]
    found = framing.measure("a", pd.DataFrame(rows, columns=columns))
    # Errors of 3 and 9 years; one of them within 5; one of two genders right.
    assert found["mae_years"] == 6
    assert found["cs5"] == 0.5
    assert found["gender_accuracy"] == 0.5


def test_without_the_dataset_framing_says_so_and_changes_nothing(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path))
    monkeypatch.setattr("benchmarks.__main__.describe_machine", dict)
    before = RESULTS.read_bytes() if RESULTS.exists() else None
    assert main(["framing"]) == 0
    assert "left as it was" in capsys.readouterr().err
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before


def test_unknown_benchmark_is_refused_with_the_names(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    message = capsys.readouterr().err
    assert all(re.search(name, message) for name in SECTIONS)
