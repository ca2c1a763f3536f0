from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from agemodel.core.errors import ModelError
from agemodel.core.labels import AGES
from agemodel.serving import Batch, Estimate
from tests.harness.app_pages import PAGES, after, open_page, press, rerun, written
from tests.harness.fakes import (
    TOO_SMALL,
    FakeEstimator,
    jpeg_with_faces,
    photo_with_faces,
    png_with_faces,
)
from ui import served_model
from ui.estimate import face_cards, photo_views


@pytest.fixture
def page(estimator: FakeEstimator) -> AppTest:
    return open_page("estimate")


def upload(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    values = [(name, content, "image/png") for name, content in files]
    return after(page.file_uploader[0].set_value(values))


def ages(page: AppTest) -> list[str]:
    return [str(heading.value) for heading in page.header]


def test_empty_page_tells_where_photos_go_and_what_an_estimate_is_for(
    page: AppTest,
) -> None:
    notice = " ".join(written(page).split())
    assert "in the memory of the machine that runs this app" in notice
    assert "says nothing of identity" in notice
    assert (
        "not for age checks, hiring, surveillance or any decision about a person"
        in notice
    )
    assert [title.value for title in page.title] == ["Estimate"]


def test_first_result_needs_one_click_and_no_photo_of_ones_own(page: AppTest) -> None:
    press(page, "Eileen Collins, astronaut")
    assert "eileen-collins.jpg" in written(page)
    assert "Eileen Collins 41 or 42" in written(page)


def test_upload_gives_a_card_a_face_from_left_to_right(page: AppTest) -> None:
    upload(page, ("family.png", png_with_faces(30, 55)))
    assert ages(page) == ["30 years", "55 years"]
    assert "80 % range: 45 to 75" in written(page)
    assert "Gender label **female**, 97 % likely" in written(page)
    assert "**1 photo, 2 faces**" in written(page)
    assert "has no age" not in written(page)


def test_uploader_is_empty_again_and_its_bytes_are_gone(page: AppTest) -> None:
    upload(page, ("a.png", png_with_faces(30)))
    assert not page.file_uploader[0].value
    batch = page.session_state["estimate_batch"]
    assert batch.waiting_count == 0
    assert not batch._waiting


def test_broken_file_is_a_line_beside_the_good_one(page: AppTest) -> None:
    upload(page, ("bad.jpg", b"bad"), ("good.png", png_with_faces(30)))
    assert ages(page) == ["30 years"]
    assert "bad.jpg is not a picture" in written(page)
    assert "1 file could not be read" in written(page)
    table = page.dataframe[0].value
    assert table["file"].tolist() == ["bad.jpg", "good.png"]
    assert "is not a picture" in table["warnings"][0]


def test_two_files_of_one_name_are_two_photos(page: AppTest) -> None:
    upload(page, ("a.png", png_with_faces(30)), ("a.png", png_with_faces(50)))
    assert ages(page) == ["30 years", "50 years"]


def test_what_came_last_is_first_on_the_page_and_in_the_table(page: AppTest) -> None:
    upload(page, ("a.png", png_with_faces(30)))
    upload(page, ("b.png", png_with_faces(50)))
    assert ages(page) == ["50 years", "30 years"]
    assert page.dataframe[0].value["file"].tolist() == ["b.png", "a.png"]


def test_nothing_is_estimated_again_when_a_widget_changes(
    page: AppTest, estimator: FakeEstimator
) -> None:
    upload(page, ("a.png", png_with_faces(30)))
    after(page.segmented_control(key="estimate_chart").set_value(face_cards.BY_GROUP))
    assert estimator.calls == 1
    assert ages(page) == ["30 years"]


def test_many_photos_come_in_pages_and_all_are_in_the_table(page: AppTest) -> None:
    files = [(f"{width}.png", png_with_faces(width)) for width in range(20, 30)]
    upload(page, *files)
    assert ages(page) == [f"{width} years" for width in range(20, 24)]
    assert len(page.dataframe[0].value) == 10


def test_many_faces_come_in_pages_with_a_notice(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_views, "FACES_A_PAGE", 2)
    upload(page, ("a.png", png_with_faces(30, 40, 50)))
    assert ages(page) == ["30 years", "40 years"]
    assert "3 faces, row by row, 2 at a time" in written(page)


def test_photo_without_a_face_offers_choices_and_guesses_nothing(
    page: AppTest, estimator: FakeEstimator
) -> None:
    upload(page, ("wall.png", png_with_faces()))
    assert "**No face was found**" in page.info[0].value
    assert not page.header
    press(page, "Turn left")
    assert "turned to the left, as you asked" in written(page)
    assert "**No face was found**" in page.info[0].value
    press(page, "Take the whole picture as a face")
    assert len(page.header) == 1
    assert "estimated as one face, as you asked" in written(page)
    assert not page.info


def test_photo_on_its_side_is_turned_and_the_page_says_so(page: AppTest) -> None:
    upload(page, ("side.png", png_with_faces(30, lying=True)))
    assert ages(page) == ["30 years"]
    assert "it was turned to the left to find a face" in written(page)


@pytest.mark.parametrize(
    ("p_female", "said"),
    [
        (0.55, "female 55 %, below the 80 % threshold: **left open**"),
        (0.001, "Gender label **male**, over 99 % likely"),  # never 100 %
    ],
)
def test_gender_is_said_in_plain_words_and_never_for_certain(
    page: AppTest, estimator: FakeEstimator, p_female: float, said: str
) -> None:
    estimator.p_female = p_female
    upload(page, ("a.png", png_with_faces(30)))
    assert said in written(page)


def test_warnings_stand_on_the_card(page: AppTest, estimator: FakeEstimator) -> None:
    estimator.warnings = ("Dark: the average error is 9 years.",)
    upload(page, ("a.png", png_with_faces(30)))
    assert "Dark: the average error is 9 years." in written(page)


def test_clear_lets_go_of_everything(page: AppTest) -> None:
    upload(page, ("a.png", png_with_faces(30)))
    press(page, "Clear all")
    assert not page.header
    assert not page.session_state["estimate_batch"].entries
    assert "Try one of these" in written(page)


def test_interrupted_batch_keeps_what_is_done_and_goes_on(
    estimator: FakeEstimator,
) -> None:
    batch = Batch()
    batch.add([(f"{width}.png", png_with_faces(width)) for width in (30, 40, 50)])
    batch.step(estimator)
    page = AppTest.from_file(PAGES / "estimate.py", default_timeout=60)
    page.session_state["estimate_batch"] = batch
    assert ages(rerun(page)) == ["30 years", "40 years", "50 years"]
    assert estimator.calls == 3


def test_model_that_cannot_be_loaded_keeps_the_photos_waiting(
    page: AppTest, estimator: FakeEstimator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> FakeEstimator:
        raise ModelError("Model mobile is damaged. Restore it.")

    monkeypatch.setattr(served_model, "estimator", fail)
    upload(page, ("a.png", png_with_faces(30)))
    assert "nothing is lost" in page.error[0].value
    assert "Model mobile is damaged. Restore it." in written(page)
    monkeypatch.setattr(served_model, "estimator", lambda: estimator)
    press(page, "Try again")
    assert ages(page) == ["30 years"]
    assert not page.error


def test_missing_model_names_the_command_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path))
    page = open_page("estimate")
    assert "The model is missing" in page.warning[0].value
    assert "python -m agemodel export" in written(page)
    assert not page.file_uploader


def test_downloads_hold_every_photo(page: AppTest) -> None:
    upload(page, ("a.jpg", jpeg_with_faces(30)), ("=1+1.png", png_with_faces(40)))
    labels = [button.label for button in page.get("download_button")]
    assert {"Table as CSV", "Records as JSON", "Photos with boxes (.zip)"} <= set(
        labels
    )


def test_too_small_a_face_shows_why_in_place_of_an_age_and_is_counted(
    page: AppTest, estimator: FakeEstimator
) -> None:
    estimator.no_age_below_px = 40
    upload(page, ("a.png", png_with_faces(50, 30)), ("b.png", png_with_faces(60)))
    assert ages(page) == ["50 years", "No age", "60 years"]
    assert [one.value for one in page.caption].count(TOO_SMALL) == 1
    text = written(page)
    assert "1 of 3 faces has no age, because its picture is too poor" in text
    # Neither its chart nor the group of its age is shown.
    assert text.count("Age group **") == 2
    assert len(page.get("plotly_chart")) == 2


@pytest.mark.parametrize("text", [face_cards.gender_text, face_cards.groups_text])
def test_most_probable_is_in_bold(
    text: Callable[[Estimate], str], estimator: FakeEstimator
) -> None:
    (face,) = estimator.estimate(photo_with_faces(30))
    assert text(face).split("**")[1] in ("female", "30–39 over 99 %")  # noqa: RUF001


@pytest.mark.parametrize(
    ("age", "text"),
    [
        # 29.6 is shown as 30 years, 29.4 as 29.
        (29.6, "Age group **30–39 40 %** · 20–29 60 %"),  # noqa: RUF001
        (29.4, "Age group **20–29 60 %** · 30–39 40 %"),  # noqa: RUF001
    ],
)
def test_bold_group_holds_the_age_that_is_shown(
    age: float, text: str, estimator: FakeEstimator
) -> None:
    (face,) = estimator.estimate(photo_with_faces(30))
    chances = np.zeros(len(AGES), np.float32)
    chances[[25 - AGES[0], 35 - AGES[0]]] = 0.6, 0.4
    face = replace(face, age_years=age, age_probabilities=chances)
    assert face_cards.groups_text(face) == text


def test_actual_age_of_a_sample_and_one_typed_in_add_up_to_a_score(
    page: AppTest,
) -> None:
    upload(page, ("a.png", png_with_faces(30, 50)))
    assert "of known age" not in written(page)
    first, second = (one for one in page.number_input if one.label == "Actual age")
    after(first.set_value(36))
    # the fake estimates 30, from 20 to 50
    assert "**Actual 36: 6 years off, inside the range**" in written(page)
    assert "**1 face of known age: off by 6.0 years on average" in written(page)
    assert page.dataframe[0].value["known_age"].tolist()[0] == "36"
    first, second = (one for one in page.number_input if one.label == "Actual age")
    after(second.set_value(90))
    assert "off by 23.0 years on average; 1 of 2 inside" in written(page)
    marked = [one for one in page.get("plotly_chart") if "actual 36" in one.proto.spec]
    assert len(marked) == 1


def test_same_photo_brought_twice_is_said(page: AppTest) -> None:
    photo = png_with_faces(30)
    upload(page, ("a.png", photo))
    assert "was brought before" not in written(page)
    upload(page, ("b.png", photo))
    assert "The same photo was brought before" in written(page)
