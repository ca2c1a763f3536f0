"""The charts of the Evaluation page and of the report, each with what it says in words.

All take the predictions as returned by `read_predicted`, and as `rows` the faces that
count, a mask of shape (n,).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agemodel.analysis import age_errors, certainty, declining, picture_quality
from agemodel.figures import evaluation_certainty, evaluation_errors
from agemodel.metrics.calibration import COVERAGE


class Panel(NamedTuple):
    """A chart with its title and its words.

    Attributes:
        title: of the chart.
        words: what it shows, in a sentence or two; may be empty.
        figure: the chart.
        alt: what it shows, for who cannot see it.
        table: that its marks were drawn from, a row a mark; None where it has none.
    """

    title: str
    words: str
    figure: go.Figure
    alt: str
    table: pd.DataFrame | None = None


def density_panel(
    predicted: pd.DataFrame, rows: np.ndarray, running: pd.DataFrame
) -> Panel:
    """The estimated over the labelled age; `running` as `running_errors` returns it."""
    counts = age_errors.count_ages(predicted, rows)
    return Panel(
        "Estimated against labelled age",
        age_errors.density_in_words(predicted, rows),
        evaluation_errors.figure_density(counts, running),
        "How many faces of each labelled age were estimated at each age",
    )


def running_panel(
    predicted: pd.DataFrame, rows: np.ndarray, running: pd.DataFrame
) -> Panel:
    """The errors over the labelled age; `running` as `running_errors` returns it."""
    return Panel(
        "Error by labelled age",
        age_errors.running_in_words(running, _mean(predicted, rows, "error_years")),
        evaluation_errors.figure_running(running),
        "The median, the mean and the spread of the errors at each labelled age",
    )


def cumulative_panel(predicted: pd.DataFrame, rows: np.ndarray) -> Panel:
    """The share of faces within each error in years."""
    scores = age_errors.cumulative_scores(predicted, rows)
    return Panel(
        "Cumulative score",
        age_errors.cumulative_in_words(scores),
        evaluation_errors.figure_cumulative(scores),
        "The share of faces whose age is at most so many years off",
    )


def flags_panel(predicted: pd.DataFrame, rows: np.ndarray) -> Panel:
    """The error by remark on the picture; without a row where none is known."""
    table = picture_quality.error_by_flag(predicted, rows)
    names = [picture_quality.flag_words(flag) for flag in table.index]
    mae_years = _mean(predicted, rows, "abs_error")
    return Panel(
        "Error by remark on the picture",
        picture_quality.flags_in_words(table) if names else "",
        evaluation_errors.figure_flags(table, names, mae_years),
        "The mean absolute error of the pictures with each remark",
        table,
    )


def measure_panel(predicted: pd.DataFrame, rows: np.ndarray, measure: str) -> Panel:
    """The error by a measure of picture quality, of `PICTURE_MEASURES`."""
    table = picture_quality.error_by_measure(predicted, rows, measure)
    mae_years = _mean(predicted, rows, "abs_error")
    return Panel(
        f"Error by {measure}",
        picture_quality.measure_in_words(table, measure),
        evaluation_errors.figure_measure(table, measure.capitalize(), mae_years),
        f"The mean absolute error in fifths of the pictures by {measure}",
        table,
    )


def coverage_panel(
    predicted: pd.DataFrame, rows: np.ndarray, stated: float = COVERAGE
) -> Panel:
    """How often the interval, made for a stated share, holds the age, by age group."""
    groups = certainty.coverage_by_age(predicted, rows)
    overall = certainty.overall_coverage(predicted, rows)
    return Panel(
        "80 % range holds the age",
        certainty.coverage_in_words(groups, overall, stated),
        evaluation_certainty.figure_coverage(groups, stated),
        "The share of ages inside their interval, by labelled age group",
        groups,
    )


def reliability_panel(predicted: pd.DataFrame, rows: np.ndarray) -> Panel:
    """The share labelled female over p(female)."""
    bins = certainty.reliability(predicted, rows)
    error = certainty.calibration_error(predicted, rows)
    return Panel(
        "Calibration of the gender probability",
        certainty.reliability_in_words(bins, error),
        evaluation_certainty.figure_reliability(bins),
        "The share labelled female over the stated probability, and the faces",
        bins,
    )


def width_panel(
    predicted: pd.DataFrame, rows: np.ndarray, stated: float = COVERAGE
) -> Panel:
    """The error and the coverage over the width of the interval."""
    parts = certainty.error_by_width(predicted, rows)
    return Panel(
        "Error by the width of the interval",
        certainty.width_in_words(parts),
        evaluation_certainty.figure_width(parts, stated),
        "The mean absolute error, and how often the range holds the age, over the "
        "stated width",
        parts,
    )


def age_risk_panel(predicted: pd.DataFrame, rows: np.ndarray) -> Panel:
    """The error of the age where the model may decline."""
    risk = declining.age_risk(predicted, rows)
    return Panel(
        "Ages, if the model may decline",
        declining.age_risk_in_words(risk),
        evaluation_certainty.figure_age_risk(risk),
        "The mean absolute error of the faces with the narrowest intervals",
    )


def gender_risk_panel(predicted: pd.DataFrame, rows: np.ndarray) -> Panel:
    """The share of wrong genders where the model may decline."""
    risk = declining.gender_risk(predicted, rows)
    band = declining.uncertain_band(predicted, rows)
    return Panel(
        "Genders, if the model may decline",
        declining.gender_risk_in_words(risk, band),
        evaluation_certainty.figure_gender_risk(risk, band),
        "The share of wrong genders among the faces with the surest probability",
    )


def _mean(predicted: pd.DataFrame, rows: np.ndarray, column: str) -> float:
    return float(predicted[column].to_numpy(np.float64)[rows].mean())
