from datetime import datetime

import pytest

from agemodel.core.errors import DatasetError
from agemodel.dataset.names import FaceLabel, parse_name


def test_every_field_of_a_proper_name_is_read():
    # 2017-01-16, 17:45:25 and 125 ms
    assert parse_name("39_1_4_20170116174525125.jpg.chip.jpg") == FaceLabel(
        39, 1, 4, datetime(2017, 1, 16, 17, 45, 25, 125_000)
    )


def test_the_name_with_a_space_is_read():
    assert parse_name("24_0_1_20170116220224657 .jpg.chip.jpg") == FaceLabel(
        24, 0, 1, datetime(2017, 1, 16, 22, 2, 24, 657_000)
    )


def test_the_name_without_the_first_dot_is_read():
    assert parse_name("55_0_0_20170116232725357jpg.chip.jpg") == FaceLabel(
        55, 0, 0, datetime(2017, 1, 16, 23, 27, 25, 357_000)
    )


@pytest.mark.parametrize(
    "stamp",
    [
        "2017011022340900",  # 16 digits, in the official archive
        "201701161846515488",  # 18 digits, in the official archive
        "20171316184651548",  # month 13
        "00000101000000000",  # year 0
        "someday",
    ],
)
def test_a_stamp_that_is_no_date_is_not_a_reason_to_reject(stamp):
    assert parse_name(f"14_0_2_{stamp}.jpg.chip.jpg") == FaceLabel(14, 0, 2, None)


@pytest.mark.parametrize(("age", "gender", "race"), [(1, 0, 0), (116, 1, 4)])
def test_the_ends_of_every_range_are_read(age, gender, race):
    label = parse_name(f"{age}_{gender}_{race}_20170116174525125.jpg.chip.jpg")
    assert (label.age, label.gender, label.race) == (age, gender, race)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("39_1_20170116174525125.jpg.chip.jpg", "no race field"),
        ("0_1_0_20170116174525125.jpg.chip.jpg", "age 0 is not from 1 to 116"),
        ("117_1_0_20170116174525125.jpg.chip.jpg", "age 117 is not from 1 to 116"),
        ("39_2_0_20170116174525125.jpg.chip.jpg", "gender 2 is not from 0 to 1"),
        ("39_1_5_20170116174525125.jpg.chip.jpg", "race 5 is not from 0 to 4"),
        ("39_1_-1_20170116174525125.jpg.chip.jpg", "race in the name is not a whole"),
        ("x_1_0_20170116174525125.jpg.chip.jpg", "age in the name is not a whole"),
        ("٣٩_1_0_20170116174525125.jpg.chip.jpg", "age in the name is not a whole"),
        ("3999_1_0_20170116174525125.jpg.chip.jpg", "age in the name is not a whole"),
        ("39_1_0_2017 (1).jpg.chip.jpg", "unexpected characters"),
        ("39_1_0_\x1b[31m.jpg.chip.jpg", "unexpected characters"),
        ("39_1_0_.jpg.chip.jpg", "unexpected characters"),
        ("39_1_0_20170116174525125.jpg", "does not end with"),
        ("39_1_0_20170116174525125.jpg.chip.jpg.exe", "does not end with"),
        ("39_1_0_1_20170116174525125.jpg.chip.jpg", "5 fields where four"),
        ("39_1_0.jpg.chip.jpg", "3 fields where four"),
        (".jpg.chip.jpg", "1 fields where four"),
        ("", "does not end with"),
    ],
)
def test_any_other_name_is_a_reject_with_a_sentence(name, reason):
    with pytest.raises(DatasetError, match=reason) as caught:
        parse_name(name)
    assert str(caught.value).endswith(".")
