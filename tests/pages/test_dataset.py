"""The Dataset page with the table that ships, with pictures and without."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.core.labels import GENDERS, RACES
from agemodel.dataset.archive import import_dataset
from agemodel.explorer.selection import FACETS
from tests.harness.app_pages import after, opening, query_of, rerun, written
from tests.harness.dataset_archives import tiny_jpeg, write_folder
from ui import dataset_pictures
from ui.dataset import dataset_state
from ui.dataset.ageing import show_ageing
from ui.dataset.dataset_state import Look
from ui.dataset.filter_charts import ages_of, days_of, toggled
from ui.dataset.filter_panel import error_words, label, values_of
from ui.dataset.map_view import region_drawn
from ui.dataset.tiles import caption, gender_badge

open_page = opening("dataset")
TOTAL = 23_704
IMPORTED = 70


@pytest.fixture
def pictures(local: Path) -> Path:
    """Grey pictures for the first faces by name, imported; where they lie."""
    files = [(name, tiny_jpeg(n)) for n, name in enumerate(sorted(names())[:IMPORTED])]
    import_dataset(write_folder(local / "source", files), local / "data")
    folder = dataset_pictures.pictures_dir()
    return folder


def names() -> list[str]:
    """The file names, from the splits and read plainly."""
    with paths.SPLITS.open(newline="") as file:
        return [row["file"] for row in csv.DictReader(file)]


def filter_of(page: AppTest, key: str):
    return page.pills(key=f"dataset_filter_{key}")


# --------------------------------------------------------------------- counts, filters


def test_filter_leaves_and_counts_what_the_file_names_say() -> None:
    page = open_page(age="20-39", gender="female")
    fields = [name.split("_") for name in names()]
    aged = [parts for parts in fields if 20 <= int(parts[0]) <= 39]
    by_gender = Counter(int(parts[1]) for parts in aged)
    races = Counter(int(parts[2]) for parts in aged if parts[1] == "1")
    assert f"**{by_gender[1]:,} of {TOTAL:,} faces**" in written(page)
    assert "20 to 39 years, female" in written(page)
    # A filter's own counts ignore it, so that the other gender can still be chosen.
    assert filter_of(page, "gender").options == [
        label(name, by_gender[number]) for number, name in enumerate(GENDERS)
    ]
    assert filter_of(page, "race").options == [
        label(name, races[number]) for number, name in enumerate(RACES)
    ]


def test_widgets_show_what_the_url_asks_for_and_change_it() -> None:
    page = open_page(age="20-39", split="test", view="faces", sort="oldest")
    assert page.slider(key="dataset_filter_age").value == (20, 39)
    assert filter_of(page, "split").value == ["test"]
    assert page.selectbox(key="dataset_sort").value == "oldest"

    after(filter_of(page, "race").set_value(["Asian", "Black"]))
    assert query_of(page) == {
        "age": "20-39",
        "split": "test",
        "race": "black,asian",
        "view": "faces",
        "sort": "oldest",
    }


def test_nonsense_in_the_url_is_ignored() -> None:
    page = open_page(age="x", race="martian", view="<b>", page="-1", size="7", seed="²")
    assert f"**{TOTAL:,} of {TOTAL:,} faces**" in written(page)
    assert query_of(page) == {}


def test_one_click_shows_all_again() -> None:
    page = open_page(age="20-39", flag="blurred", name="2017", view="faces", page="2")
    after(page.button(key="dataset_reset").click())
    assert query_of(page) == {"view": "faces"}
    assert page.slider(key="dataset_filter_age").value == (1, 116)
    assert page.text_input(key="dataset_filter_name").value == ""
    assert f"**{TOTAL:,} of {TOTAL:,} faces**" in written(page)


def test_filter_starts_the_faces_from_their_first_page() -> None:
    page = open_page(view="faces", page="3")
    after(filter_of(page, "split").set_value(["val"]))
    assert query_of(page) == {"view": "faces", "split": "val"}


@pytest.mark.parametrize("view", ["charts", "faces", "ageing", "map", "issues"])
def test_every_view_stands_without_pictures_and_without_a_face_left(view: str) -> None:
    page = open_page(view=view, name="no such name")
    assert f"**0 of {TOTAL:,} faces**" in written(page)


# ---------------------------------------------------------------------------- pictures


def test_without_pictures_the_page_says_how_to_get_them_and_lists_faces() -> None:
    page = open_page(view="faces", size="20", sort="name")
    assert "pictures are not imported" in page.expander(key="dataset_no_pictures").label
    assert not page.code  # a browser need not load what shows it
    page.session_state["dataset_no_pictures"] = True
    rerun(page)
    assert "python -m agemodel data import" in page.code[0].value
    assert "data download" in page.code[0].value
    assert not page.image
    assert page.dataframe[0].value["file"].tolist() == sorted(names())[:20]


def test_with_pictures_the_faces_are_shown_with_captions(pictures: Path) -> None:
    page = open_page(view="faces", sort="name")
    assert not page.code
    assert len(page.image) == 60
    for number, name in enumerate(sorted(names())[:60]):
        button = page.button(key=f"dataset_tile_gallery_{number}")
        assert f", label {name.split('_')[0]}" in button.label
    assert "the estimated and the labelled age" in written(page)


def test_faces_are_listed_as_a_table_too(pictures: Path) -> None:
    page = open_page(view="faces", show="table", sort="oldest", size="20")
    ages = page.dataframe[0].value["age"]
    assert ages.tolist() == sorted(int(n.split("_")[0]) for n in names())[-20:][::-1]


def test_picture_that_is_gone_is_told_and_the_others_are_shown(pictures: Path) -> None:
    (pictures / sorted(names())[0]).unlink()
    page = open_page(view="faces", sort="name")
    assert len(page.image) == 59
    assert "Pictures of 1 of these faces are missing" in page.warning[0].value


def test_twenty_at_random_are_others_at_every_click() -> None:
    page = open_page(view="faces")
    drawn = []
    for _ in range(2):
        after(page.button(key="dataset_twenty").click())
        drawn.append(page.dataframe[0].value["file"].tolist())
    assert [len(set(files)) for files in drawn] == [20, 20]
    assert drawn[0] != drawn[1]
    assert query_of(page) == {"view": "faces", "size": "20", "seed": "2"}


def test_pages_are_turned() -> None:
    page = open_page(view="faces", size="20", page="2", sort="name")
    assert page.dataframe[0].value["file"].tolist() == sorted(names())[20:40]
    after(page.pagination[0].set_value(3))
    assert page.dataframe[0].value["file"].tolist() == sorted(names())[40:60]
    assert query_of(page)["page"] == "3"
    after(page.segmented_control(key="dataset_size").set_value(60))
    assert "page" not in query_of(page)
    assert page.dataframe[0].value["file"].tolist() == sorted(names())[:60]


# ------------------------------------------------------------------ averages, issues


def test_ageing_shows_the_mean_of_the_chosen_group_with_its_number() -> None:
    page = open_page(view="ageing", mean="70+", mean_gender="female")
    large, strip = page.image
    (caption_text,) = (image.caption for image in large.proto.imgs)
    assert caption_text.startswith("70+ years, the mean of ")
    assert len(strip.proto.imgs) == 9
    assert page.segmented_control(key="dataset_mean_gender").value == "female"


def test_ageing_shows_no_average_of_few_people() -> None:
    page = open_page(view="ageing", mean="60-69", mean_race="other")
    assert "Too few faces of 60-69 years" in page.info[0].value


def test_ageing_without_averages_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DatasetError("The averages are missing.")

    monkeypatch.setitem(show_ageing.__wrapped__.__globals__, "_averages", fail)
    page = open_page(view="ageing")
    assert page.info[0].value == "The averages are missing."


def test_issue_leads_to_its_faces() -> None:
    page = open_page(view="issues", gender="male")
    after(page.button(key="dataset_issue_no_face").click())
    assert query_of(page) == {"view": "faces", "flag": "no_face", "sort": "name"}
    flagged = int(np.count_nonzero(dataset_state.faces()["no_face"]))
    assert f"**{flagged:,} of {TOTAL:,} faces**" in written(page)


def test_issues_say_what_duplicates_do_to_the_error_and_what_proves_nothing() -> None:
    text = written(open_page(view="issues"))
    assert "test faces** are also in train" in text
    assert "they were picked by their error" in text


def test_issues_name_the_refused_files_of_an_import(local: Path) -> None:
    files = [(sorted(names())[0], tiny_jpeg()), ("39_1_20170116.jpg.chip.jpg", b"x")]
    import_dataset(write_folder(local / "source", files), local / "data")
    page = open_page(view="issues")
    assert "**1 file refused" in written(page)
    assert page.dataframe[0].value["file"].tolist() == ["39_1_20170116.jpg.chip.jpg"]


def test_faces_that_cannot_be_read_are_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DatasetError("The splits file is missing.")

    monkeypatch.setattr(dataset_state, "faces", fail)
    page = open_page()
    assert "cannot be read" in page.error[0].value
    assert page.text[0].value == "The splits file is missing."


# --------------------------------------------------------------------------- the parts


def test_look_round_trips_and_says_only_what_is_set() -> None:
    assert Look().to_query() == {}
    look = Look("faces", "shares", "random", 7, 3, 100, "table", "70+", "male", "Asian")
    query = look.to_query()
    assert query["mean"] == "70+" and query["mean_race"] == "asian"
    assert Look.from_query({name: [text] for name, text in query.items()}) == look
    assert Look.from_query({"mean": ["70 "]}).mean == "70+"  # + is a space in a URL


def test_filters_and_look_have_names_of_their_own_in_the_url() -> None:
    assert not set(Look.__dataclass_fields__) & set(FACETS)


@pytest.mark.parametrize(
    ("years", "text"),
    [
        (29.6, "est. 30, label 26"),
        (31.0, ":orange[est. 31, label 26]"),  # 5 years off
        (15.9, ":red[est. 16, label 26]"),  # 10.1
        (np.nan, "label 26"),
    ],
)
def test_caption_is_coloured_by_the_error(years: float, text: str) -> None:
    assert caption(SimpleNamespace(age=26, age_years=years)) == text


def test_badge_stands_where_the_gender_was_estimated_otherwise() -> None:
    face = SimpleNamespace(age=26, gender="female", gender_wrong=False)
    assert gender_badge(face) == ""
    face.gender_wrong = True
    assert gender_badge(face) == ":orange-badge[est. male]"


def test_bars_become_filters() -> None:
    assert ages_of([{"x": 22}, {"x": 20}, {"x": 35.0}]) == (20, 35)
    assert ages_of([]) is None
    assert toggled((), ["Asian"], RACES) == ("Asian",)
    assert toggled(("Asian",), ["White", "?"], RACES) == ("White", "Asian")
    assert toggled(("Asian",), ["Asian"], RACES) == ()
    days = days_of([{"x": "2017-01-16"}, {"x": "2017-01-09 00:00"}])
    assert days == (date(2017, 1, 9), date(2017, 1, 16))
    assert days_of([]) is None


def test_last_lasso_becomes_a_region() -> None:
    lasso = {"x": [0.1, 0.5, 0.3], "y": [0.1, 0.1, 0.4]}
    first = {"x": [0.9, 0.8, 0.7], "y": [0.9, 0.9, 0.8]}
    region = region_drawn([first, lasso])
    assert region == ((0.1, 0.1), (0.5, 0.1), (0.3, 0.4))


def test_label_of_an_older_count_still_names_its_value() -> None:
    words = {"duplicate": "duplicate", "exact": "exact duplicate", "dark": "dark"}
    assert values_of(["dark", label("duplicate", 12)], words) == ("duplicate", "dark")
    assert values_of([label("exact duplicate", 3)], words) == ("exact",)


def test_error_bands_in_words() -> None:
    assert error_words((0, 2)) == "under 2"
    assert error_words((2, 5)) == "2 to 5"
    assert error_words((20, float("inf"))) == "20 or more"
