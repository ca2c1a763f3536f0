from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from agemodel.core.errors import ModelError
from agemodel.explorer.averages import (
    ALL,
    FILE,
    MIN_FACES,
    SIDE_PX,
    AverageFaces,
    read_averages,
    write_averages,
)
from agemodel.images import read_image
from tests.harness.made_manifests import hold

MALE, FEMALE = 0, 1
WHITE, BLACK = 0, 1


def plain(*rgb: int, side_px: int = 50) -> np.ndarray:
    return np.full((side_px, side_px, 3), rgb, np.uint8)


def averages_of(*cells: tuple[int, int, int, int]) -> pd.DataFrame:
    """Averages of plain faces: age group, gender, race, how many."""
    faces = AverageFaces()
    for group, gender, race, count in cells:
        for _ in range(count):
            faces.add(plain(100 + 50 * gender, 80, 60), group, gender, race)
    return faces.table()


def shown(table: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    keys = zip(table["age_group"], table["gender"], table["race"], strict=True)
    return dict(zip(keys, table["n"], strict=True))


def write(folder: Path, content: bytes) -> Path:
    """A folder with the file and its manifest."""
    (folder / FILE).write_bytes(content)
    hold(folder, FILE)
    return folder


def test_average_is_the_mean_of_all_faces_of_a_group() -> None:
    faces = AverageFaces()
    for _ in range(30):
        faces.add(plain(90, 20, 200), 3, MALE, WHITE)
    for _ in range(60):
        faces.add(plain(180, 20, 50, side_px=200), 3, FEMALE, WHITE)
    table = faces.table().set_index(["age_group", "gender", "race"])
    jpeg = table.loc[("20-29", ALL, "White"), "jpeg"]
    mean = read_image(jpeg).rgb
    assert mean.shape == (SIDE_PX, SIDE_PX, 3)
    # (30 * 90 + 60 * 180) / 90 = 150 and (30 * 200 + 60 * 50) / 90 = 100
    assert np.abs(mean.astype(int) - [150, 20, 100]).max() <= 3  # JPEG
    female = read_image(table.loc[("20-29", "female", ALL), "jpeg"]).rgb
    assert np.abs(female.astype(int) - [180, 20, 50]).max() <= 3


def test_every_gender_and_race_is_shown_together_and_apart() -> None:
    table = averages_of((0, MALE, WHITE, 40), (0, MALE, BLACK, 30), (8, FEMALE, 4, 25))
    assert shown(table) == {
        ("0-2", "all", "all"): 70,
        ("0-2", "all", "White"): 40,
        ("0-2", "all", "Black"): 30,
        ("0-2", "male", "all"): 70,
        ("0-2", "male", "White"): 40,
        ("0-2", "male", "Black"): 30,
        ("70+", "all", "all"): 25,
        ("70+", "all", "Other"): 25,
        ("70+", "female", "all"): 25,
        ("70+", "female", "Other"): 25,
    }


def test_no_average_is_of_fewer_faces_than_must_be() -> None:
    assert averages_of((0, MALE, WHITE, MIN_FACES - 1)).empty
    assert list(averages_of((0, MALE, WHITE, 0)).columns) == [
        "age_group",
        "gender",
        "race",
        "n",
        "jpeg",
    ]


@pytest.mark.parametrize(
    ("rest", "seen"),
    [((FEMALE, WHITE), ("male", "all")), ((MALE, BLACK), ("all", "White"))],
)
def test_no_two_averages_differ_by_fewer_faces_than_must_be(rest, seen) -> None:
    few = averages_of((0, MALE, WHITE, 100), (0, *rest, MIN_FACES - 1))
    enough = averages_of((0, MALE, WHITE, 100), (0, *rest, MIN_FACES))
    assert ("0-2", *seen) not in shown(few)
    assert shown(few)["0-2", "all", "all"] == 100 + MIN_FACES - 1
    assert shown(enough)["0-2", *seen] == 100


def test_order_of_adding_makes_no_difference() -> None:
    rng = np.random.default_rng(0)
    chips = rng.integers(0, 256, (40, 60, 60, 3), dtype=np.uint8)
    contents = []
    for order in (range(40), rng.permutation(40)):
        faces = AverageFaces()
        for number in order:
            faces.add(chips[number], 2, number % 2 and FEMALE, WHITE)
        contents.append(write_averages(faces.table()))
    assert contents[0] == contents[1]


def test_written_averages_are_read_back(tmp_path: Path) -> None:
    table = averages_of((0, MALE, WHITE, 40), (5, FEMALE, BLACK, 30))
    found = read_averages(write(tmp_path, write_averages(table)))
    pd.testing.assert_frame_equal(found, table, check_dtype=False)
    assert isinstance(found["jpeg"][0], bytes)


def test_missing_and_damaged_averages_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"averages\.parquet cannot be read"):
        read_averages(tmp_path)
    write(tmp_path, write_averages(averages_of((0, MALE, WHITE, 40))))
    (tmp_path / FILE).write_bytes(b"PAR1")
    with pytest.raises(ModelError, match="checksum"):
        read_averages(tmp_path)
