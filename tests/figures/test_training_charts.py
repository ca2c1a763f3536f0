from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest

from agemodel.core import paths
from agemodel.figures.training_charts import (
    EPOCH_MEASURES,
    RUN_COLOURS,
    EpochMeasure,
    figure_curves,
    gap_in_words,
)
from tests.harness.contrast import contrast
from tests.harness.made_histories import made_history

BY_COLUMN = {measure.column: measure for measure in EPOCH_MEASURES}
MAE, GENDER = BY_COLUMN["age_mae_years"], BY_COLUMN["gender_accuracy"]
RATE = BY_COLUMN["learning_rate"]
ERRORS = [9.0, 6.0, 7.0, 8.0]


def lines(figure: object) -> list:
    return [trace for trace in figure.data if "lines" in trace.mode]


def test_lines_are_train_and_val_of_every_epoch() -> None:
    history = made_history(ERRORS)
    train, val = lines(figure_curves({"a": history}, MAE))
    assert list(train.x) == list(val.x) == [1, 2, 3, 4]
    assert list(train.y) == [4.5, 3.0, 3.5, 4.0]
    assert list(val.y) == ERRORS
    assert (train.line.dash, val.line.dash) == ("dot", "solid")
    assert train.line.color == val.line.color


def test_every_run_has_a_colour_of_its_own_and_one_name_in_the_legend() -> None:
    figure = figure_curves({"a": made_history(ERRORS), "b": made_history([5.0])}, MAE)
    found = lines(figure)
    assert len({trace.line.color for trace in found}) == 2
    assert [trace.name for trace in figure.data if trace.showlegend] == ["a", "b"]
    assert figure.layout.showlegend


def test_one_run_has_its_sides_in_the_legend_and_their_gap_shaded_and_said() -> None:
    history = made_history(ERRORS)
    figure = figure_curves({"a": history}, MAE)
    assert [trace.name for trace in figure.data if trace.showlegend] == [
        "train",
        "validation",
    ]
    train, validation = lines(figure)
    assert (train.fill, validation.fill) == (None, "tonexty")
    # train errs half as much as validation, whose least is 6 in the second epoch
    assert gap_in_words(history, MAE) == "Train 3.00, validation 6.00 years at epoch 2"
    assert gap_in_words(history.drop(columns="val_age_mae_years"), MAE) == ""


def test_overfitting_is_said_where_train_went_on_and_validation_fell_back() -> None:
    history = made_history(ERRORS).assign(age_mae_years=[8.0, 4.0, 2.0, 1.0])
    assert gap_in_words(history, MAE) == (
        "Train 4.00, validation 6.00 years at epoch 2; train 1.00, validation 8.00 at "
        "the last: it overfits"
    )
    # 3.5 is more than three quarters of 4.0; then the last epoch is the kept one.
    for validation, train in (([9.0, 6.0, 6.2], 3.5), ([9.0, 6.0, 5.9], 1.0)):
        other = made_history(validation).assign(age_mae_years=[8.0, 4.0, train])
        assert "overfits" not in gap_in_words(other, MAE)


def test_best_epoch_is_circled_on_val_whatever_is_measured() -> None:
    # Val errs least in the second epoch; its share of genders right is 0.8 + 2 / 100.
    figure = figure_curves({"a": made_history(ERRORS)}, GENDER)
    (circle,) = [trace for trace in figure.data if trace.mode == "markers"]
    assert (list(circle.x), list(circle.y)) == ([2], [pytest.approx(0.82)])


def test_what_was_measured_stays_behind_a_smoothed_line() -> None:
    figure = figure_curves({"a": made_history(ERRORS)}, MAE, smoothing=0.5)
    raw, smooth = lines(figure)[2:]
    assert list(raw.y) == ERRORS
    # Weights 1/2 and 1/4 of the newest two: (1/2 * 6 + 1/4 * 9) / (3/4) = 7.
    assert smooth.y[:2] == pytest.approx([9.0, 7.0])
    (circle,) = [trace for trace in figure.data if trace.mode == "markers"]
    assert circle.y[0] == pytest.approx(7.0)


def test_hover_says_the_whole_row_of_the_epoch() -> None:
    (_, val) = lines(figure_curves({"a": made_history(ERRORS)}, MAE))
    assert "%{text}" in val.hovertemplate
    told = val.text[1]
    assert "epoch 2" in told
    assert "train 3.00, validation 6.00" in told
    assert "validation 82.0%" in told
    assert "Loss of the age: train 2, validation 2.5" in told
    assert "0.001" in told and "60 seconds" in told


def test_name_of_a_run_is_text_and_no_markup() -> None:
    (_, val) = lines(figure_curves({"<b>%{x}</b>": made_history(ERRORS)}, MAE))
    assert "<b>&lt;b>% {x}&lt;/b></b>" in val.hovertemplate


@pytest.mark.parametrize("measure", EPOCH_MEASURES, ids=lambda measure: measure.column)
def test_axes_say_what_they_are(measure: EpochMeasure) -> None:
    layout = figure_curves({"a": made_history(ERRORS)}, measure).layout
    assert layout.xaxis.title.text == "Epoch"
    assert layout.yaxis.title.text == measure.axis
    assert layout.yaxis.type == "linear"
    assert tuple(layout.xaxis.range) == (0.5, 4.5)


def test_axis_is_logarithmic_where_asked_but_not_for_shares() -> None:
    runs = {"a": made_history(ERRORS)}
    assert figure_curves(runs, MAE, log=True).layout.yaxis.type == "log"
    assert figure_curves(runs, GENDER, log=True).layout.yaxis.type == "linear"


def test_learning_rate_is_drawn_as_it_was_set() -> None:
    runs = {"a": made_history(ERRORS)}
    (rate,) = lines(figure_curves(runs, RATE, smoothing=0.9))
    assert list(rate.y) == [0.0, 1e-3, 2e-3, 3e-3]
    (rate,) = lines(figure_curves(runs, RATE, log=True))
    assert np.isnan(rate.y[0]) and rate.y[1] == 1e-3


def test_one_epoch_is_a_point_and_none_is_no_line() -> None:
    (_, val) = lines(figure_curves({"a": made_history([5.0])}, MAE))
    assert "markers" in val.mode
    assert not figure_curves({"a": pd.DataFrame()}, MAE).data


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_stand_out_from_the_page(scheme: str) -> None:
    text = (paths.ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    page = tomllib.loads(text)["theme"][scheme]["backgroundColor"]
    # 3 to 1 is what WCAG 2.2 asks of graphics, success criterion 1.4.11.
    assert min(contrast(colour, page) for colour in RUN_COLOURS) >= 3
