"""The views Errors, Certainty and Extremes of the Evaluation page, without pictures."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agemodel.analysis.predicted_faces import Slice, in_slice, read_predicted
from agemodel.core import paths
from agemodel.runs.run_folder import Run
from tests.harness.app_pages import after, opening, written
from tests.harness.made_tables import table
from tests.harness.plain_predictions import SERVED, plain_faces
from ui.evaluation import certainty_view, errors_view
from ui.evaluation.extremes_view import FIRST_SEED, seed_of

open_page = opening("evaluation")


@pytest.fixture(scope="module")
def predicted() -> pd.DataFrame:
    return read_predicted(Run(paths.SHIPPED_RUNS / SERVED))


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


# ------------------------------------------------------------------------------- errors


def test_errors_show_six_charts_and_say_what_stands_out() -> None:
    page = open_page(view="errors")
    assert charts(page) == 6
    faces = plain_faces()
    within = sum(abs(face.age_years - face.age) <= 5 for face in faces)
    text = written(page)
    assert f"{within / len(faces) * 100:.1f} % within 5" in text
    bias = sum(face.age_years - face.age for face in faces) / len(faces)
    assert f"The mean error (bias) is {bias:+.2f} years" in text
    for title in ("Cumulative score", "Error by sharpness", "Error by brightness"):
        assert f"**{title}**" in text


def test_a_click_shows_the_faces_under_the_chart() -> None:
    page = open_page(view="errors", pick="beyond 20")
    off = [face for face in plain_faces() if abs(face.age_years - face.age) > 20]
    assert page.subheader[0].value == f"More than 20 years off: {len(off)}"
    (rows,) = [frame.value for frame in page.dataframe]
    worst = max(off, key=lambda face: abs(face.age_years - face.age))
    assert rows["file"].iloc[0] == worst.file


@pytest.mark.parametrize(
    "pick",
    [
        *("beyond", "beyond x", "beyond -1", "beyond 5 6", "flag none x", "flag <b>"),
        *(
            "sharpness 5",
            "sharpness 0.5",
            "cells 1 2 3",
            "cells 1 2 3 99999",
            "width 1",
        ),
        *("", "   ", "nothing 3", "bin 3", "map_x 1"),
    ],
)
def test_what_cannot_be_read_as_a_click_is_none(
    predicted: pd.DataFrame, pick: str
) -> None:
    assert errors_view.picked(predicted, in_slice(predicted, Slice()), pick) is None


@pytest.mark.parametrize(
    ("pick", "title"),
    [
        ("cells 26 29 20 23", "Labelled 25 to 30 years, estimated 18.5 to 24.5"),
        ("ages 24 28", "Labelled 24 to 28 years"),
        ("flag greyscale", "Remark: greyscale"),
        ("flag none", "Remark: no remark"),
    ],
)
def test_click_leads_to_the_faces_that_a_loop_finds(
    predicted: pd.DataFrame, pick: str, title: str
) -> None:
    rows = in_slice(predicted, Slice("val"))
    found = errors_view.picked(predicted, rows, pick)
    assert found[0] == title
    quality = predicted[["blurred", "dark", "bright", "small", "turned", "no_face"]]
    is_plain = ~quality.any(axis=1) & ~predicted["greyscale"]
    expected = []
    for place, face in enumerate(predicted.itertuples()):
        holds = {
            "cells": 25 <= face.age <= 30 and 18.5 <= face.age_years < 24.5,
            "ages": 24 <= face.age <= 28,
            "flag greyscale": face.greyscale,
            "flag none": is_plain.iloc[place],
        }
        key = pick if pick.startswith("flag") else pick.split()[0]
        if face.split == "val" and holds[key]:
            expected.append(place)
    assert sorted(found[1].tolist()) == expected
    assert expected


def test_box_is_the_smallest_around_the_points() -> None:
    points = [{"x": 20, "y": 26.0}, {"x": 26, "y": 23}, {"x": 23, "y": 29}]
    assert errors_view.box_of(points) == (20, 26, 23, 29)


def test_faces_that_are_not_described_are_said_to_be_so() -> None:
    def script(faces) -> None:
        from ui.evaluation import evaluation_state
        from ui.evaluation.errors_view import show_errors

        evaluation_state.load()
        show_errors(faces, (faces["split"] == "test").to_numpy())

    faces = table(age=[30, 40], age_years=[31.0, 45.0], split=["test", "test"])
    page = AppTest.from_function(script, args=(faces,), default_timeout=60).run()
    assert not page.exception
    assert charts(page) == 3
    assert "agemodel data describe" in written(page)


# ---------------------------------------------------------------------------- certainty


def test_certainty_shows_five_charts_and_says_what_stands_out() -> None:
    page = open_page(view="certainty")
    assert charts(page) == 5
    faces = plain_faces()
    inside = sum(face.age_low <= face.age <= face.age_high for face in faces)
    text = written(page)
    assert f"it holds {inside / len(faces) * 100:.1f} %" in text
    gaps = [0.0] * 11
    for face in faces:
        gaps[int(face.p_female * 10)] += face.p_female - face.gender
    gap = sum(map(abs, gaps)) / len(faces)
    assert f"expected calibration error {gap:.3f}" in text
    assert "The gender is left open where" in text


@pytest.mark.parametrize(
    ("pick", "title"),
    [
        ("outside 70+", "Labelled 70+ years, outside the interval"),
        ("bin 3", "p(female) 0.3 to 0.4"),
    ],
)
def test_click_on_certainty_leads_to_the_faces_that_a_loop_finds(
    predicted: pd.DataFrame, pick: str, title: str
) -> None:
    faces = plain_faces("val")
    expected = {
        "outside 70+": [
            face.file
            for face in faces
            if face.age >= 70 and not face.age_low <= face.age <= face.age_high
        ],
        "bin 3": [face.file for face in faces if 0.3 <= face.p_female < 0.4],
    }[pick]
    found = certainty_view.picked(predicted, in_slice(predicted, Slice("val")), pick)
    assert found[0] == title
    assert set(predicted["file"].iloc[found[1]]) == set(expected)
    page = open_page(view="certainty", split="val", pick=pick)
    assert page.subheader[0].value == f"{title}: {len(expected)}"


@pytest.mark.parametrize(
    "pick",
    ["outside", "outside 30", "bin 10", "bin -1", "width 10", "width x", "ages 1"],
)
def test_what_cannot_be_read_as_a_click_on_certainty_is_none(
    predicted: pd.DataFrame, pick: str
) -> None:
    assert certainty_view.picked(predicted, in_slice(predicted, Slice()), pick) is None


@pytest.mark.parametrize("view", ["errors", "certainty", "extremes"])
def test_views_of_a_single_face_are_drawn(view: str) -> None:
    page = open_page(view=view, age="115-116")
    assert "**n = 1 of 4,743 faces**" in written(page)


# ----------------------------------------------------------------------------- extremes


def test_extremes_begin_with_the_largest_errors() -> None:
    page = open_page(view="extremes")
    (rows,) = [frame.value for frame in page.dataframe]
    faces = plain_faces()
    worst = sorted(faces, key=lambda face: -abs(face.age_years - face.age))
    assert rows["file"].tolist() == [face.file for face in worst[: len(rows)]]


def test_another_twenty_are_drawn_and_the_url_brings_them_back() -> None:
    page = open_page(view="extremes", extreme="twenty")
    first = page.dataframe[0].value["file"].tolist()
    assert len(set(first)) == 20
    after(page.button(key="evaluation_another").click())
    other = page.dataframe[0].value["file"].tolist()
    assert len(set(other)) == 20
    assert other != first
    again = open_page(view="extremes", extreme="twenty", seed="2")
    assert again.dataframe[0].value["file"].tolist() == other


def test_seed_that_is_no_number_is_the_first() -> None:
    assert seed_of("17") == 17
    for text in ("", "x", "-3", "1e9", "99999999"):
        assert seed_of(text) == FIRST_SEED
