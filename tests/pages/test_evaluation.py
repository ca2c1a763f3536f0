"""The Evaluation page: the choice of run and faces, Overview and Confusion."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from agemodel.analysis.confusion import MARKETING, OWN
from agemodel.core import paths
from agemodel.core.labels import AGE_GROUPS
from agemodel.metrics.measures import MEASURES
from agemodel.runs.run_folder import list_runs
from tests.harness.app_pages import after, opening, query_of, rerun, unfolded, written
from tests.harness.dataset_archives import tiny_jpeg
from tests.harness.plain_predictions import SERVED, plain_faces
from ui import dataset_pictures
from ui.evaluation import evaluation_state
from ui.evaluation.confusion_view import cell_clicked, cell_of
from ui.evaluation.evaluation_state import Look
from ui.evaluation.headline_view import warm
from ui.markdown_text import plain

open_page = opening("evaluation")


def systems_beside(**query: str):
    """The table of all systems, with the page open at an address."""
    page = unfolded(open_page(**query), "evaluation_all_systems")
    return table_with(page, "System")


def table_with(page: AppTest, column: str):
    """The first table that has the column, or an index of that name."""
    (found, *_) = [
        one.value
        for one in page.dataframe
        if column in one.value.columns or one.value.index.name == column
    ]
    return found


# ------------------------------------------------------------------------ run and faces


def test_first_view_is_the_test_split_of_the_apps_run() -> None:
    faces = plain_faces("test")
    page = unfolded(open_page(), "evaluation_all_measures")
    assert page.selectbox(key="evaluation_run").value == SERVED
    assert f"**n = {len(faces):,} of {len(faces):,} faces**" in written(page)
    assert query_of(page) == {}
    shown = {metric.label: metric.value for metric in page.metric}
    mae = sum(abs(face.age_years - face.age) for face in faces) / len(faces)
    assert shown["MAE (years)"] == f"{mae:.2f}"
    assert shown["Off by, on average (years)"] == f"{mae:.2f}"
    right = sum((face.p_female >= 0.5) == (face.gender == 1) for face in faces)
    assert shown["Gender"] == f"{right / len(faces):.1%}".replace("%", " %")
    assert len(page.metric) == 3 + len(MEASURES)
    assert "By age group, ages err most for" in written(page)


def test_filters_narrow_the_faces_and_stand_in_the_url() -> None:
    page = open_page()
    after(page.pills(key="evaluation_filter_genders").set_value(["female"]))
    page.slider(key="evaluation_filter_ages").set_value((20, 39))
    rerun(page)
    after(page.segmented_control(key="evaluation_filter_split").set_value("val"))
    expected = [
        face for face in plain_faces("val") if face.gender == 1 and 20 <= face.age < 40
    ]
    total = len(plain_faces("val"))
    assert f"**n = {len(expected):,} of {total:,} faces**" in written(page)
    assert f"App model ({SERVED}): validation, female, 20 to 39 years" in written(page)
    assert query_of(page) == {"split": "val", "gender": "female", "age": "20-39"}


def test_one_click_resets_all_but_the_view() -> None:
    page = open_page(
        view="confusion",
        run="group_cnn-1",
        split="val",
        race="asian",
        bands="decades",
        pick="1,1",
    )
    assert page.selectbox(key="evaluation_run").value == "group_cnn-1"
    after(page.button(key="evaluation_reset").click())
    assert query_of(page) == {"view": "confusion"}
    assert page.selectbox(key="evaluation_run").value == SERVED
    assert page.selectbox(key="evaluation_bands").value == "groups"
    assert "Reset" not in [button.label for button in page.button]


@pytest.mark.parametrize("asked", ["nope", "../x", "**x**"])
def test_run_in_the_url_that_is_not_there_is_told(asked: str) -> None:
    page = open_page(run=asked)
    assert page.text[0].value.startswith(f"There is no run {asked!r}. The runs are: ")
    shown = plain(f"App model ({SERVED})")
    assert f"Below is {shown}." in page.warning[0].value
    assert "**n = 4,743 of 4,743 faces**" in written(page)
    after(page.selectbox(key="evaluation_run").set_value("group_cnn-1"))
    assert not page.warning
    assert query_of(page) == {"run": "group_cnn-1"}


def test_run_in_the_url_that_is_not_evaluated_is_told(local: Path) -> None:
    (local / "runs" / "begun").mkdir(parents=True)
    page = open_page(run="begun")
    assert "python -m agemodel evaluate begun" in page.text[0].value


def test_nonsense_in_the_url_is_ignored() -> None:
    page = open_page(view="<b>", split="train", gender="x", pick="99,99", measure="x")
    assert "**n = 4,743 of 4,743 faces**" in written(page)
    page = open_page(view="confusion", bands="x", of="y", share="z", pick="9,9")
    assert len(table_with(page, "precision")) == len(AGE_GROUPS)


@pytest.mark.parametrize("view", evaluation_state.VIEWS)
def test_every_view_stands_for_every_shipped_run_and_without_a_face(view: str) -> None:
    for run in list_runs():
        assert not open_page(view=view, run=run.id, split="coral_test").error
    page = open_page(view=view, age="116", gender="male", race="black")
    assert "**n = 0 of 4,743 faces**" in written(page)


def test_without_an_evaluated_run_the_page_says_what_makes_one(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "SHIPPED_RUNS", local)
    page = open_page()
    assert "python -m agemodel evaluate" in " ".join(one.value for one in page.text)


def test_damaged_run_is_said_so_and_another_can_be_chosen(local: Path) -> None:
    folder = local / "runs" / SERVED
    shutil.copytree(paths.SHIPPED_RUNS / SERVED, folder)
    (folder / "predictions.parquet").write_bytes(b"nothing")
    page = open_page()
    assert "cannot be looked at" in page.error[0].value
    assert f"predictions.parquet of run {SERVED} is damaged" in page.text[0].value
    after(page.selectbox(key="evaluation_run").set_value("group_cnn-1"))
    assert not page.error
    assert "**n = 4,743 of 4,743 faces**" in written(page)


def test_look_round_trips_and_says_only_what_is_set() -> None:
    assert Look().to_query() == {}
    look = Look("confusion", SERVED, "group_cnn-1", "3,4")
    query = {name: [text] for name, text in look.to_query().items()}
    assert Look.from_query(query) == look


# --------------------------------------------------------------------------- Overview


def test_run_stands_beside_a_constant_another_network_and_published_figures() -> None:
    table = systems_beside()
    what = table["What"].tolist()
    assert what[:4] == ["this run", "no model", *["another network"] * 2]
    assert set(what[4:]) == {"published"}
    assert table["System"][0] == f"App model ({SERVED})"
    assert "seed_cnn" in table["System"][2] and "group_cnn" in table["System"][3]
    # The write-up's network has 1,000 test faces of its own.
    assert table["n"].tolist()[:4] == ["4,743", "4,743", "1,000", "4,743"]
    assert set(table["n"].tolist()[4:]) == {"-"}
    assert {measure.title for measure in MEASURES.values()} <= {
        name.removesuffix(" (years)") for name in table
    }


def test_run_on_other_faces_is_said_to_be() -> None:
    table = systems_beside(run="group_cnn-1")
    assert table["System"][0] == "Age groups, first write-up (group_cnn-1)"
    assert "group_cnn" not in " ".join(table["System"][1:])


def test_published_figures_stand_only_beside_whole_splits() -> None:
    table = systems_beside(gender="female")
    assert set(table["What"]) == {"this run", "no model", "another network"}
    whole = systems_beside(split="coral_test")
    assert "others', measured here" in set(whole["What"])
    restricted = whole[whole["What"] == "this run, restricted"]
    assert restricted["System"].tolist() == [
        f"App model ({SERVED}), restricted to 21 to 60"
    ]
    (alone,) = whole[whole["What"] == "this run"]["MAE (years)"]
    assert float(restricted["MAE (years)"].iloc[0].split()[0]) < float(alone.split()[0])


def test_measure_of_the_chart_is_in_the_url() -> None:
    page = open_page()
    after(page.selectbox(key="evaluation_measure").set_value("auc"))
    assert query_of(page) == {"measure": "auc"}


def test_few_faces_are_warned_of() -> None:
    page = open_page(age="100-116")
    assert "these measures say little" in written(page)


def test_what_the_page_shows_first_can_be_measured_before_anybody_comes() -> None:
    warm()
    page = open_page()
    assert page.metric[0].label == "Off by, on average (years)"


def test_damaged_run_beside_is_told_and_the_others_stand(local: Path) -> None:
    folder = local / "runs" / "group_cnn-1"
    shutil.copytree(paths.SHIPPED_RUNS / "group_cnn-1", folder)
    (folder / "predictions.parquet").write_bytes(b"nothing")
    page = open_page()
    assert "predictions.parquet of run group_cnn-1 is damaged" in page.warning[0].value
    others = systems_beside().query("What == 'another network'")["System"]
    assert others.tolist() == ["Small CNN of the second write-up (seed_cnn-1)"]


# --------------------------------------------------------------------------- Confusion


def test_classes_have_the_support_of_their_labels() -> None:
    table = table_with(open_page(view="confusion", of="gender"), "precision")
    female = sum(face.gender == 1 for face in plain_faces("test"))
    assert table.loc["female", "support"] == female


@pytest.mark.parametrize(("bands", "count"), [(MARKETING, 8), ("decades", 12)])
def test_bands_are_chosen(bands: str, count: int) -> None:
    page = open_page(view="confusion")
    assert "most probable" in written(page)
    after(page.selectbox(key="evaluation_bands").set_value(bands))
    assert len(table_with(page, "precision")) == count
    assert "holds the estimated age" in written(page)
    assert query_of(page) == {"view": "confusion", "bands": bands}


def test_edges_of_ones_own_are_taken_or_refused_in_a_sentence() -> None:
    page = open_page(view="confusion", bands=OWN, edges="21,65")
    bands = table_with(page, "precision").index.tolist()
    assert bands == ["0-20", "21-64", "65+"]
    after(page.text_input(key="evaluation_edges").set_value("65,21"))
    assert page.warning[0].value.startswith("Edges rise")
    assert query_of(page)["edges"] == "65,21"


def test_cell_that_was_clicked_shows_its_faces_the_surest_first() -> None:
    page = open_page(view="confusion", pick="3,5")
    expected = sorted(
        (
            face
            for face in plain_faces("test")
            if 20 <= face.age <= 29 and face.age_group == 5
        ),
        key=lambda face: face.age_high - face.age_low,
    )
    assert page.subheader[0].value == f"20-29, taken for 40-49: {len(expected):,}"
    assert "python -m agemodel data import" in written(page)
    shown = table_with(page, "file")["file"].tolist()
    assert shown == [face.file for face in expected]


def test_faces_are_shown_some_at_a_time() -> None:
    page = open_page(view="confusion", pick="3,3")
    n = int(page.subheader[0].value.split(": ")[1].replace(",", ""))
    for count in (24, 48):
        assert len(table_with(page, "file")) == count
        after(page.button(key="evaluation_cell_more").click())
    assert n > 1000
    after(page.segmented_control(key="evaluation_filter_split").set_value("val"))
    assert not page.subheader  # other faces: what was picked is forgotten


def test_selected_cell_is_cleared() -> None:
    page = open_page(view="confusion", of="gender", pick="1,0")
    assert "female, taken for male" in page.subheader[0].value
    after(page.button(key="evaluation_clear").click())
    assert not page.subheader
    assert query_of(page) == {"view": "confusion", "of": "gender"}


def test_with_pictures_the_faces_are_pictures_with_captions(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = [f for f in plain_faces() if 20 <= f.age <= 29 and f.age_group == 5]
    for face in faces[1:]:
        (local / face.file).write_bytes(tiny_jpeg())
    (local / faces[0].file).write_bytes(b"no picture")
    monkeypatch.setattr(dataset_pictures, "pictures_dir", lambda: local)
    page = open_page(view="confusion", pick="3,5")
    tiles = [button for button in page.button if "dataset_tile_cell" in button.key]
    captions = {re.sub(r":\w+\[|\]", "", tile.label) for tile in tiles}
    assert captions == {
        f"est. {face.age_years:.0f}, label {face.age}" for face in faces
    }
    assert len(page.image) == len(faces) - 1
    assert "Pictures of 1 of these faces are missing" in written(page)


def test_points_of_the_chart_become_cells() -> None:
    assert cell_clicked([{"x": 0, "y": 1}, {"x": 4, "y": 3.0}]) == "3,4"
    assert cell_of("3,4", 9) == (3, 4)
    assert cell_of("3,9", 9) is None
    assert cell_of("x", 9) is None
    assert cell_of("", 9) is None


def test_faces_of_a_cell_stand_in_place_of_the_classes_and_can_be_listed() -> None:
    page = open_page(view="confusion")
    assert "class" in page.dataframe[0].value.reset_index()
    cells = page.selectbox(key="evaluation_cell")
    assert cells.options[0].split(": ")[0] == "30-39, taken for 20-29"
    after(cells.select_index(0))
    assert page.subheader[0].value.startswith("30-39, taken for 20-29: ")
    assert "file" in page.dataframe[0].value and len(page.dataframe) == 1


def test_known_sets_are_said_to_be_known_in_plain_sight() -> None:
    text = written(open_page())
    assert "The model learned from other faces of these sets" in text
    assert "The validation faces chose the epoch and the calibration" in text
