"""The benchmark of detection: counted as it should be, and shown where it belongs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import finding, finding_process
from benchmarks.finding_text import finding_text
from tests.harness.made_faces import detection as made_detection

TRUTH = (60.0, 40.0, 40.0)
PORTRAIT = np.zeros((200, 100, 3), np.uint8), TRUTH


def face(x: float, y: float, roll_deg: float, doubtful: bool = False) -> dict:
    box = [x - 20, y - 20, x + 20, y + 20]
    return {"box_xyxy": box, "roll_deg": roll_deg, "doubtful": doubtful}


def answering(*replies: tuple[list[dict], int]):
    """A tool that answers (faces, turns) one after the other."""
    left = iter(replies)

    def ask(way: str, file: Path) -> dict:
        faces, turns = next(left)
        return {"cpu_s": 0.02, "faces": faces, "turns": turns}

    return ask


def test_point_goes_where_the_picture_is_turned_to() -> None:
    picture = np.zeros((200, 100))
    picture[40, 60] = 1
    for turns in range(5):
        row, column = np.argwhere(np.rot90(picture, turns))[0]
        x, y = finding.turned_point((60.5, 40.5), 100, 200, turns)
        assert (x, y) == (column + 0.5, row + 0.5)


def test_a_face_counts_as_turned_back_by_the_way_it_is_read(tmp_path: Path) -> None:
    # Upright: read as it is. Left: (40, 40) of 200 x 100, read as lying by -90: right.
    # Upside down: the tool turned it by two, where it is upright, and reads it so; its
    # face is doubtful. Right: (160, 60), but read as upright: wrong.
    ask = answering(
        ([face(60, 40, 3)], 0),
        ([face(40, 40, -88)], 0),
        ([face(62, 41, -4, doubtful=True)], 2),
        ([face(160, 60, 0)], 0),
    )
    rows = finding.measure_sides(ask, [PORTRAIT], tmp_path)
    assert [row["side"] for row in rows] == list(finding.SIDES)
    assert [row["found"] for row in rows] == [1, 1, 1, 1]
    assert [row["wrong"] for row in rows] == [0, 0, 0, 1]
    assert [row["doubtful"] for row in rows] == [0, 0, 1, 0]


def test_a_face_elsewhere_is_not_the_one_that_was_looked_for() -> None:
    # 0.3 sides of 40 px are 12 px
    assert finding.nearest([face(60, 51, 0), face(60, 20, 0)], TRUTH) == face(60, 51, 0)
    assert finding.nearest([face(60, 53, 0)], TRUTH) is None
    assert finding.nearest([], TRUTH) is None


def test_portraits_in_a_crowd_have_their_size_and_are_where_it_says() -> None:
    rgb = np.zeros((80, 80, 3), np.uint8)
    rgb[20:60, 20:60] = 255  # a face of 40 px about (40, 40)
    too_tall = np.zeros((1000, 80, 3), np.uint8), (40, 40, 20)  # a cell has 750 px
    portraits = [too_tall, (rgb, (40, 40, 40))]
    crowds = finding.made_crowds(portraits, 20, np.random.default_rng(0))
    photo, truths = next(crowds)
    assert photo.shape == (3000, 4000, 3) and len(truths) == 16
    for x, y, side in truths:
        assert side == 20
        assert (photo[int(y) - 7 : int(y) + 8, int(x) - 7 : int(x) + 8] == 255).all()
        assert (photo[int(y) - 18 : int(y) + 18, int(x) - 14] == 0).all()


def test_pictures_without_a_face_are_counted_by_kind(tmp_path: Path) -> None:
    for kind, names in (("art", "ab"), ("photographs", "c")):
        (tmp_path / kind).mkdir()
        for name in names:
            (tmp_path / kind / f"{name}.png").touch()
    ask = answering(
        ([face(1, 1, 0, doubtful=True)], 0),
        ([face(1, 1, 0), face(9, 9, 0, doubtful=True)], 0),
        ([], 0),
    )
    art, photographs = finding.measure_faceless(ask, tmp_path)
    assert (art["n"], art["sure"], art["doubtful"]) == (2, 1, 1)
    assert art["files"] == ["b.png"]
    assert (photographs["n"], photographs["sure"]) == (1, 0)


def made_result() -> dict:
    side = {"side": "right", "n": 50, "found": 40, "wrong": 1, "doubtful": 2}
    kind = {"kind": "art", "n": 400, "sure": 1, "doubtful": 3, "files": ["a.png"]}
    times = {"before": [0.4, 0.4], "now": [0.1, 0.2], "peer": [0.3, 0.3]}
    timed = finding._timed(times)
    return {
        "before": "abc",
        "sides": [side],
        "sizes": [{"size_px": 35, "n": 160, "found": 120}],
        "faceless": [kind],
        "photos": [{"megapixels": "12", "faces": 1, "found": {}, **timed}],
        "chips": {"n": 7, "faster_than_peer": 1.2, **timed},
    }


def test_limits_are_of_what_is_found_now() -> None:
    limits = {one["what"]: one for one in finding.limits(made_result())}
    # 1 of 40, 1 of 400; 4 and 2 times as fast in two turns; 1.2 of 1.3
    assert limits["not turned back, right"]["measured"] == 0.025
    assert limits["pictures without a face that show one"]["measured"] == 0.0025
    assert limits["12 MP, one face, times as fast as before"]["measured"] == 3
    assert [one["kept"] for one in limits.values()] == [False, True, False, False]


def test_section_shows_what_was_found_and_how_fast() -> None:
    text = finding_text(made_result())
    assert "| right | 40 of 50 | 1 (2.5%) | 2 |" in text
    assert "| 35 px | 120 of 160 | 75.0% |" in text
    assert "| art | 400 | 1 (0.2%) | 3 |" in text
    assert (
        "| 400 (400 to 400) | 150 (125 to 175) | 300 (300 to 300) | 3.00 | 1.20 |"
        in text
    )


def test_a_process_answers_with_boxes_and_rolls() -> None:
    found = finding_process.answer(made_detection((0, 0, 9, 9), roll_deg=-90))
    assert found["box_xyxy"] == [0, 0, 9, 9]
    assert found["roll_deg"] == pytest.approx(-90, abs=0.01)
    assert found["doubtful"] is False


def test_only_portraits_that_nothing_learned_from_are_read(tmp_path: Path) -> None:
    from agemodel.learning.face_search.search_sources import is_held_out

    names = [f"{number}.png" for number in range(40)]
    lines = ["file,x0,y0,x1,y1"]
    for name in names:
        cv2.imwrite(str(tmp_path / name), np.zeros((9, 9, 3), np.uint8))
        lines += [f"{name},0,0,4,6", f"{name},1,1,3,3"]
    (tmp_path / "faces.csv").write_text("\n".join(lines))
    found = finding.held_out_portraits(tmp_path)
    assert 0 < len(found) == sum(map(is_held_out, names)) < 40
    # the larger one: its middle, and the mean of its sides
    assert {truth for _, truth in found} == {(2, 3, 5)}
