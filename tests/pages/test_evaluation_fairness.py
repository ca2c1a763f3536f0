"""Groups, two runs and the take-away of the Evaluation page, over the shipped runs."""

from __future__ import annotations

import json
import shutil

import pytest

from agemodel.analysis.run_names import run_name
from agemodel.core import paths
from agemodel.metrics.measures import MIN_FACES
from agemodel.runs.run_folder import Run
from tests.harness.app_pages import run_script, written
from tests.harness.plain_predictions import SERVED
from ui.markdown_text import plain

SHIPPED = paths.SHIPPED_RUNS / SERVED
NEEDED = ("config.json", "metrics.json", "predictions.parquet")


def said(run_id: str) -> str:
    """A shipped run as sentences name it."""
    return plain(run_name(Run(paths.SHIPPED_RUNS / run_id)))


def views() -> None:
    """The parts of the page that are tested here."""
    import streamlit as st

    from agemodel.analysis.predicted_faces import in_slice
    from ui.evaluation import evaluation_state
    from ui.evaluation.comparison_view import show_comparison
    from ui.evaluation.evaluation_downloads import show_downloads
    from ui.evaluation.fairness_view import show_groups

    evaluation_state.load()
    st.segmented_control(
        "View", list(evaluation_state.VIEWS), **evaluation_state.control("view")
    )
    run = evaluation_state.run()
    estimates = evaluation_state.estimates(run)
    rows = in_slice(estimates, evaluation_state.slice_())
    show_downloads(run, estimates, rows)
    if evaluation_state.look().view == evaluation_state.TWO_RUNS:
        show_comparison(run, estimates, evaluation_state.slice_())
    elif rows.any():
        show_groups(estimates, rows)
    evaluation_state.write_url()


def add_run(name: str, change: dict[str, str], keep: int = 23_704) -> Run:
    """A run that split the faces otherwise: `change` says which split becomes which."""
    run = Run(paths.runs_dir() / name)
    run.folder.mkdir(parents=True)
    for file in NEEDED:
        shutil.copy(SHIPPED / file, run.folder / file)
    predictions = run.read_predictions()
    first = predictions.index < keep
    predictions.loc[first, "split"] = predictions["split"][first].replace(change)
    run.write_predictions(predictions)
    return run


def test_gender_race_and_age_stand_beside_each_other() -> None:
    page = run_script(views, view="groups")
    assert len(page.get("plotly_chart")) == 3
    text = written(page)
    for what in ("gender", "race label", "age group"):
        assert f"By {what}, ages err most for" in text
    page = run_script(views, view="groups", pick="70+")
    assert page.subheader[0].value.startswith("70+, largest errors first: ")


def test_groups_name_the_largest_gap_with_both_intervals() -> None:
    page = run_script(views, view="groups", by="gender")
    groups = json.loads((SHIPPED / "metrics.json").read_text())["groups"]["test"]
    text = written(page)
    for name, part in groups["gender"].items():
        low, high = part["mae_years_95"]
        assert (
            f"{name} ({part['mae_years']:.2f} years, {low:.2f} to {high:.2f})" in text
        )
    table = page.dataframe[0].value
    assert table["n"].sum() == sum(part["n"] for part in groups["gender"].values())


def test_groups_say_what_the_race_label_is_for() -> None:
    for by in ("gender", "race"):
        assert "no model of this project is given it or estimates it" in written(
            run_script(views, view="groups", by=by)
        )


def test_grouping_and_measure_are_in_the_address() -> None:
    page = run_script(
        views, view="groups", by="gender-age_group", measure="gender_accuracy"
    )
    table = page.dataframe[0].value
    assert len(table) == 18
    assert "By gender and age group, genders are right most often for" in written(page)
    assert page.query_params["by"] == "gender-age_group"


def test_choosing_another_grouping_draws_it() -> None:
    page = run_script(views, view="groups")
    control = next(c for c in page.button_group if c.label == "Groups")
    control.set_value("race").run()
    assert page.dataframe[0].value["group"].tolist() == [
        *("White", "Black", "Asian", "Indian", "Other")
    ]


def test_a_group_that_was_clicked_shows_its_faces_worst_first() -> None:
    page = run_script(views, view="groups", by="age_group", pick="70+")
    heading = page.subheader[0].value
    assert heading.startswith("70+, largest errors first: 274")
    faces = page.dataframe[0].value  # in place of the groups' table
    assert (faces["age"] >= 70).all()
    errors = (faces["age_years"] - faces["age"]).abs()
    assert errors.is_monotonic_decreasing


def test_a_group_that_is_not_there_shows_no_faces() -> None:
    assert not run_script(views, view="groups", by="age_group", pick="male").subheader


def test_one_group_alone_is_not_compared() -> None:
    page = run_script(views, view="groups", by="gender", gender="male")
    assert f"not two groups of {MIN_FACES} faces" in page.info[0].value


def test_two_runs_are_told_apart_on_the_faces_of_both() -> None:
    page = run_script(views, view="runs", other="group_cnn-1")
    text = written(page)
    assert "4,743 faces (test), the same for both runs" in text
    maes = [
        json.loads((paths.SHIPPED_RUNS / name / "metrics.json").read_text())["splits"][
            "test"
        ]["mae_years"]
        for name in (SERVED, "group_cnn-1")
    ]
    apart = maes[1] - maes[0]
    assert f"**{said(SERVED)}** errs {apart:.2f} years less than" in text
    measures = page.dataframe[0].value.set_index("Measure")
    assert measures.loc["MAE (years)", "Difference"] == f"{maes[0] - maes[1]:+.2f}"
    assert "McNemar's exact test" in text


def test_faces_farthest_apart_have_both_estimates() -> None:
    page = run_script(views, view="runs", other="group_cnn-1", better="second")
    faces = page.dataframe[1].value
    first = (faces["age_years_first"] - faces["age"]).abs()
    second = (faces["age_years_second"] - faces["age"]).abs()
    assert (second < first).all()
    assert faces["lead"].is_monotonic_decreasing
    assert faces["lead"].tolist() == pytest.approx((first - second).tolist(), abs=1e-3)


def test_a_run_beside_itself_differs_by_nothing_and_says_so() -> None:
    page = run_script(views, view="runs", other=SERVED)
    assert "compared with itself: every difference is 0" in page.info[0].value
    measures = page.dataframe[0].value
    assert measures["Difference"].tolist() == ["+0.00", "+0.00", "+0.0 %"]
    assert "p = 1.0000" in written(page)


def test_runs_that_share_no_face_say_so() -> None:
    add_run("otherwise", {"test": "train", "val": "test"})
    page = run_script(views, view="runs", other="otherwise")
    assert "share no face here (test)" in page.warning[0].value
    assert f"{said(SERVED)} has 4,743" in page.warning[0].value
    assert not page.dataframe


def test_runs_that_share_some_faces_count_only_these() -> None:
    run = add_run("partly", {"test": "train"}, keep=12_000)
    predictions = run.read_predictions()
    shared = int((predictions["split"] == "test").sum())
    text = written(run_script(views, view="runs", other="partly"))
    assert f"{shared:,} are in test of both" in text
    assert 0 < shared < 4743


def test_a_damaged_other_run_is_named() -> None:
    run = add_run("damaged", {})
    (run.folder / "predictions.parquet").write_bytes(b"PAR1 no more")
    page = run_script(views, view="runs", other="damaged")
    assert "predictions.parquet of run damaged is damaged" in page.error[0].value


def test_a_run_that_is_gone_gives_way_to_another() -> None:
    page = run_script(views, view="runs", other="long-gone")
    (choice,) = page.selectbox
    assert choice.value == "group_cnn-1"


def test_predictions_tables_and_report_can_be_downloaded() -> None:
    page = run_script(views, view="groups")
    buttons = page.get("download_button")
    assert [button.proto.label for button in buttons] == [
        "Their predictions (CSV)",
        "All tables (.zip of CSV)",
        "Report (HTML)",
    ]
    assert "The 4,743 faces of the slice" in written(page)
    assert f"`python -m agemodel report {SERVED}`" in written(page)


def test_of_no_face_only_the_report_can_be_downloaded() -> None:
    page = run_script(views, view="groups", age="116-116", gender="male", race="other")
    disabled = [button.proto.disabled for button in page.get("download_button")]
    assert disabled == [True, True, False]
