"""One face on the Dataset page, and marks, with made faces."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agemodel.core.errors import RunError
from agemodel.core.labels import AGES
from agemodel.explorer.marks import MARKS_NAME, mark_faces, read_marks
from tests.harness.app_pages import after, opening, query_of, rerun, written
from tests.harness.dataset_archives import tiny_jpeg
from tests.harness.fakes import FakeEstimator, embedding_of_age
from tests.harness.made_cards import made_card
from tests.harness.made_tables import table
from ui import dataset_pictures, served_model
from ui.dataset import dataset_state, dataset_tables, face_page, portrait
from ui.dataset.dataset_state import Look

open_page = opening("dataset")
AGED = [20, 31, 40, 52, 60, 71]
GENDERS = ["male", "female", "male", "female", "male", "female"]
EMBEDDINGS = dataset_tables.embeddings
SPLITS = ["train", "test", "train", "test", "val", "train"]


def file(row: int) -> str:
    return f"{row:07d}.jpg"


def made_faces(**columns: Any) -> pd.DataFrame:
    """Six faces, of which 1 and 2 are duplicates in test and train."""
    return table(
        age=AGED,
        gender=GENDERS,
        split=SPLITS,
        duplicate_group=np.array([-1, 7, 7, -1, -1, -1]),
        exact_group=np.full(6, -1),
        **columns,
    )


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and made faces with estimates and embeddings."""
    folder = tmp_path / "data"
    monkeypatch.setenv("AGEMODEL_DATA", str(folder))
    faces = made_faces(age_years=[22.0, 31.0, 37.0, 52.2, 75.0, np.nan])
    placed = np.stack([embedding_of_age(age) for age in AGED]).astype(np.float32)
    chances = np.full((6, len(AGES)), 1 / len(AGES), np.float32)
    monkeypatch.setattr(dataset_state, "faces", lambda: faces)
    monkeypatch.setattr(dataset_tables, "embeddings", lambda faces: placed)
    monkeypatch.setattr(dataset_tables, "distributions", lambda faces: chances)
    return folder


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Grey pictures of the faces but the last; where they lie."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for row in range(5):
        (folder / file(row)).write_bytes(tiny_jpeg(40 * row))
    monkeypatch.setattr(dataset_pictures, "pictures_dir", lambda: folder)
    dataset_pictures._read.clear()
    return folder


def click(page: AppTest, name: str) -> AppTest:
    return after(page.button(key=f"dataset_{name}").click())


def mark(page: AppTest, verdict: str | None) -> AppTest:
    return after(page.segmented_control(key="dataset_mark").set_value(verdict))


# ------------------------------------------------------------------------ what is shown


def test_face_is_shown_with_its_labels_and_what_the_model_estimated() -> None:
    page = open_page(face=file(0))
    text = written(page)
    assert query_of(page) == {"view": "faces", "face": file(0)}
    assert "Labelled 20 years, male" in text and file(0) in text
    # 22 years, where 20 is the label; made intervals reach 5 years to each side
    assert "Estimated **22 years**, 2.0 years too old; 80 % range: 17 to 27" in text
    assert "trained on this face" in text
    assert "In train." in text


def test_nearest_faces_are_those_of_the_nearest_embeddings_and_lead_there() -> None:
    page = open_page(face=file(4))  # 60 years; 52 and 71 are nearest, then 40
    labels = [page.button(key=f"dataset_tile_alike_{n}").label for n in range(5)]
    assert labels == [
        *("est. 52, label 52", "label 71", "est. 37, label 40"),
        *("est. 31, label 31", "est. 22, label 20"),
    ]
    click(page, "tile_alike_1")
    assert query_of(page)["face"] == file(5)
    assert "did not estimate this face" in written(page)


def test_duplicates_that_cross_train_and_test_are_told_and_opened() -> None:
    page = open_page(face=file(1))
    assert "They cross train and test" in written(page)
    assert "train · nearly" in written(page)
    click(page, "tile_duplicates_0")
    assert query_of(page)["face"] == file(2)
    assert "nearly so" not in written(open_page(face=file(0)))


def test_without_pictures_a_face_says_why_there_is_none() -> None:
    page = open_page(face=file(0))
    assert "pictures are not imported" in written(page)
    assert not page.image and not page.toggle


def test_picture_that_is_gone_is_told_and_its_likes_are_shown(pictures: Path) -> None:
    page = open_page(face=file(5))
    assert "this file is missing" in written(page)
    assert len(page.image) == 5


def test_without_a_model_a_face_shows_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "none"))
    monkeypatch.setattr(dataset_tables, "embeddings", EMBEDDINGS)
    faces = made_faces()
    monkeypatch.setattr(dataset_state, "faces", lambda: faces)
    text = written(open_page(face=file(1)))
    assert "There is no estimate" in text
    assert "Likeness cannot be told." in text
    assert "They cross train and test" in text


def test_distributions_that_cannot_be_read_are_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(faces: pd.DataFrame) -> None:
        raise RunError("The run was not evaluated.")

    monkeypatch.setattr(dataset_tables, "distributions", fail)
    text = written(open_page(face=file(0)))
    assert "The run was not evaluated." in text and "Estimated **22 years**" in text


def test_heatmap_is_computed_once_it_is_asked_for(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator: Any = FakeEstimator(explains=True)
    estimator.card = made_card(input_px=32)
    square = pd.DataFrame({"x": [4.0], "y": [4.0], "side_px": [8.0], "angle_deg": [0]})
    monkeypatch.setattr(served_model, "estimator", lambda: estimator)
    monkeypatch.setattr(portrait, "read_crops", lambda data_dir, files: square)
    monkeypatch.setattr(portrait, "image_path", lambda data_dir, name: pictures / name)
    portrait._heatmap.clear()
    page = open_page(face=file(0))
    assert len(page.image) == 5  # its own and, of the 5 that are alike, 4
    assert estimator.calls == 0
    after(page.toggle(key="dataset_heatmap").set_value(True))
    assert estimator.calls == 1
    assert len(page.image) == 6
    assert "by 1.5 years" in written(page)  # the largest of the made map
    assert query_of(page)["heatmap"] == "true"


# --------------------------------------------------------------------- face to face


def test_next_and_previous_stay_within_the_filters_and_the_order() -> None:
    page = open_page(face=file(1), gender="female", sort="oldest")
    # the women by age: 71, 52, 31
    assert "3 of 3" in written(page)
    assert page.button(key="dataset_next").disabled
    click(page, "previous")
    assert query_of(page)["face"] == file(3)
    click(page, "previous")
    assert query_of(page)["face"] == file(5)
    assert page.button(key="dataset_previous").disabled
    click(page, "back")
    assert query_of(page) == {"view": "faces", "gender": "female", "sort": "oldest"}


def test_face_outside_the_filters_is_said_so_and_has_a_next_one() -> None:
    page = open_page(face=file(2), gender="female", sort="name")
    assert "Outside the filters that are set." in written(page)
    click(page, "next")
    assert query_of(page)["face"] == file(3)
    assert "2 of 3" in written(page)


def test_back_leads_to_the_page_of_the_face(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = table(age=[30] * 50)
    monkeypatch.setattr(dataset_state, "faces", lambda: faces)
    monkeypatch.setattr(dataset_tables, "embeddings", lambda faces: np.zeros((50, 64)))
    page = click(open_page(face=file(45), size="20", sort="name"), "back")
    assert query_of(page) == {
        "view": "faces",
        "sort": "name",
        "size": "20",
        "page": "3",
    }
    assert file(45) in page.dataframe[0].value["file"].tolist()


@pytest.mark.parametrize("name", ["nobody.jpg", "../../etc/passwd", "**<b>x</b>**"])
def test_unknown_face_in_the_url_is_said_and_leads_back(name: str) -> None:
    page = open_page(face=name)
    assert "No face has the name" in written(page)
    assert name in [text.value for text in page.text]
    assert query_of(click(page, "back")) == {"view": "faces"}


@pytest.mark.parametrize(("view", "shown"), [("issues", "issues"), (None, "faces")])
def test_another_view_or_the_same_again_lets_go_of_the_face(
    view: str | None, shown: str
) -> None:
    page = open_page(face=file(0))
    page.segmented_control(key="dataset_view").set_value(view)
    assert query_of(rerun(page)) == {"view": shown}


def test_all_faces_are_ordered_by_likeness_to_one() -> None:
    page = click(open_page(face=file(3)), "order_alike")
    assert query_of(page) == {"view": "faces", "sort": "similar", "like": file(3)}
    # 52 years, then the nearest ages: 60, 40, 71, 31, 20
    assert page.dataframe[0].value["age"].tolist() == [52, 60, 40, 71, 31, 20]
    click(page, "reference")
    assert query_of(page)["face"] == file(3)


def test_likeness_to_an_unknown_face_is_no_order() -> None:
    page = open_page(view="faces", sort="similar", like="nobody.jpg")
    assert page.selectbox(key="dataset_sort").value == "name"
    assert page.dataframe[0].value["file"].tolist() == [file(n) for n in range(6)]


def test_issue_is_gone_through_one_by_one() -> None:
    page = click(open_page(view="issues", gender="male"), "issue_crossing_each")
    assert query_of(page) == {
        "view": "faces",
        "flag": "crossing",
        "sort": "together",
        "face": file(1),
    }
    assert "1 of 2" in written(page)


# -------------------------------------------------------------------------------- marks


def test_face_is_marked_with_a_note_and_the_mark_is_taken_away(data: Path) -> None:
    page = open_page(face=file(2))
    assert [one.key for one in page.text_input] == ["dataset_filter_name"]
    mark(page, "wrong")
    after(page.text_input(key="dataset_note").set_value("a child"))
    found = read_marks(data)
    assert list(found) == [file(2)]
    assert (found[file(2)].verdict, found[file(2)].note) == ("wrong", "a child")
    assert open_page(face=file(2)).text_input(key="dataset_note").value == "a child"

    click(page, "next")
    assert page.segmented_control(key="dataset_mark").value is None
    click(page, "previous")
    mark(page, None)
    assert read_marks(data) == {}


def test_marks_filter_and_stand_beside_captions(data: Path, pictures: Path) -> None:
    mark_faces(data, [file(1), file(4)], "doubtful")
    page = open_page(view="faces", mark="doubtful")
    assert "**2 of 6 faces**" in written(page)
    buttons = [page.button(key=f"dataset_tile_gallery_{n}") for n in range(2)]
    assert [button.proto.icon for button in buttons] == [":material/question_mark:"] * 2
    pills = page.pills(key="dataset_filter_mark")
    assert [option.split()[-1] for option in pills.options] == [
        *(":gray[0]", ":gray[2]", ":gray[0]", ":gray[4]")
    ]
    pills.set_value(["unmarked"])
    assert query_of(rerun(page))["mark"] == "unmarked"
    assert "**4 of 6 faces**" in written(page)


def test_without_marks_there_is_no_filter_by_them() -> None:
    assert "dataset_filter_mark" not in [one.key for one in open_page().pills]


def test_marked_face_leaves_the_filter_and_has_a_next_one_all_the_same() -> None:
    page = mark(open_page(face=file(2), mark="unmarked", sort="name"), "fine")
    assert "Outside the filters that are set." in written(page)
    assert "**5 of 6 faces**" in written(page)
    assert query_of(click(page, "next"))["face"] == file(3)


def test_issues_list_the_marks(data: Path) -> None:
    mark_faces(data, [file(1)], "wrong", "=1+1")
    mark_faces(data, [file(4)], "fine")
    page = open_page(view="issues")
    marked = page.dataframe[0].value
    assert marked["file"].tolist() == [file(4), file(1)]  # the newest first
    assert marked["age"].tolist() == [60, 31]
    assert "1 wrong · 1 fine" in written(page)


def test_damaged_marks_are_told_on_every_view_and_mended_by_a_click(data: Path) -> None:
    mark_faces(data, [file(1), file(2)], "wrong")
    path = data / MARKS_NAME
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[2][:20]]) + "\n")
    page = open_page(face=file(1))
    assert "The marks cannot be read." in written(page)
    assert "dataset_mark" not in [one.key for one in page.segmented_control]
    click(page, "repair_marks")
    assert "Marks that were kept: 1. The damaged file lies" in written(page)
    assert list(read_marks(data)) == [file(1)]
    assert page.segmented_control(key="dataset_mark").value == "wrong"


# ---------------------------------------------------------------------------- the parts


def test_look_at_a_face_round_trips_in_the_url() -> None:
    name = "26_1_0_2017Aa.jpg.chip.jpg"
    look = Look(view="faces", face=name, heatmap=True, sort="similar", like=name)
    query = look.to_query()
    assert query["face"] == name
    assert Look.from_query({key: [text] for key, text in query.items()}) == look
    assert Look.from_query({"view": ["map"], "face": [name]}).view == "faces"
    assert Look.from_query({"face": ["x" * 200], "like": ["\0"]}) == Look()


def estimated(**changes: Any) -> SimpleNamespace:
    values = {"age": 26, "gender": "female", "age_years": 29.6, "error_years": 3.6}
    values |= {"age_low": 22.4, "age_high": 38.0, "p_female": 0.82, "decided": True}
    return SimpleNamespace(**values | changes)


def test_estimate_in_words() -> None:
    assert face_page.estimate_text(estimated()) == (
        "Estimated **30 years**, 3.6 years too old; 80 % range: 22 to 38."
    )
    assert "2.0 years too young" in face_page.estimate_text(estimated(error_years=-2.0))
    assert "as labelled" in face_page.estimate_text(estimated(error_years=-0.04))


def test_gender_in_words_is_never_certain() -> None:
    assert (
        face_page.gender_text(estimated())
        == "Gender label estimated as **female**, 82 % likely."
    )
    assert "**male**, over 99 %" in face_page.gender_text(estimated(p_female=0.001))
    assert face_page.gender_text(estimated(p_female=0.4, decided=False)) == (
        "Gender label left open: male 60 %, below the threshold."
    )


def test_labels_splits_and_quality_in_words() -> None:
    assert face_page.label_text(estimated(age=1)) == "1 year, female"
    assert face_page.split_text(SimpleNamespace(split="val", coral="train")) == (
        "In validation (CORAL split: train)."
    )
    assert face_page.split_text(SimpleNamespace(split=np.nan)) == "In no split."
    assert face_page.quality_text(estimated()) == ""
    measured = estimated(sharpness=0.05, brightness=99.6, face_px=140.2, yaw_deg=-12.4)
    assert face_page.quality_text(measured) == (
        "Sharpness 0.050 · brightness 100 of 255 · face 140 px wide · turned by 12°"
    )
    assert face_page.flags_of(estimated(dark=True, outside=True, blurred=False)) == [
        *("dark", "label outside the interval")
    ]


def test_duplicates_in_one_split_cross_nothing() -> None:
    faces = table(age=[30] * 3, split=["train", "train", "val"])
    assert "same split" in face_page.duplicates_text(faces, 0, np.array([1]))
    assert "train and validation" in face_page.duplicates_text(
        faces, 0, np.array([1, 2])
    )
