"""The view of the stated uncertainty; a click shows the faces."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from agemodel.analysis.certainty import (
    BINS,
    calibration_error,
    coverage_by_age,
    coverage_in_words,
    error_by_width,
    faces_in_bin,
    faces_of_width,
    faces_outside,
    overall_coverage,
    reliability,
    reliability_in_words,
    width_in_words,
)
from agemodel.analysis.declining import (
    age_risk,
    age_risk_in_words,
    gender_risk,
    gender_risk_in_words,
    uncertain_band,
)
from agemodel.core.labels import AGE_GROUPS
from agemodel.figures.evaluation_certainty import (
    figure_age_risk,
    figure_coverage,
    figure_gender_risk,
    figure_reliability,
    figure_width,
)
from agemodel.metrics.calibration import COVERAGE
from agemodel.metrics.measures import MIN_FACES
from ui.evaluation import evaluation_state
from ui.evaluation.errors_view import Found, row_of, show_row
from ui.evaluation.point_charts import show_panel

_WILSON = f"With 95 % intervals (Wilson); grey: fewer than {MIN_FACES} faces."


def show_certainty(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Draw how well the stated uncertainty is calibrated in the slice.

    Args:
        estimates: the faces of the run, as returned by `read_predicted`.
        rows: the faces that count, a mask of shape (n,).
    """
    found = picked(estimates, rows, evaluation_state.look().pick)
    kind = evaluation_state.look().pick.partition(" ")[0]
    for charts in (
        {"outside": _show_coverage, "bin": _show_reliability},
        {"width": _show_width, "gender_risk": _show_gender_risk},
        {"age_risk": _show_age_risk},
    ):
        drawn = {name: partial(show, estimates, rows) for name, show in charts.items()}
        show_row(estimates, drawn, found, kind)


def picked(estimates: pd.DataFrame, rows: np.ndarray, pick: str) -> Found | None:
    """The faces that a click led to.

    Args:
        estimates: the faces of the run, as returned by `read_predicted`.
        rows: the faces that count, a mask of shape (n,).
        pick: the kind of mark that was clicked and which of them it was, as
            `outside 20-29`, `bin 9`, `width 0`.

    Returns:
        None of what is not a pick of this view.
    """
    kind, _, which = pick.partition(" ")
    if kind == "outside" and which in AGE_GROUPS:
        found = faces_outside(estimates, rows, which)
        return f"Labelled {which} years, outside the interval", found
    if not which.isdecimal() or len(which) > 3:
        return None
    number = int(which)
    if kind == "bin" and number < BINS:
        title = f"p(female) {number / BINS:.1f} to {(number + 1) / BINS:.1f}"
        return title, faces_in_bin(estimates, rows, number)
    if kind == "width":
        return _of_width(estimates, rows, number)
    return None


def _of_width(estimates: pd.DataFrame, rows: np.ndarray, number: int) -> Found | None:
    parts = error_by_width(estimates, rows)
    if number >= len(parts):
        return None
    low, high = parts["low"].iloc[number], parts["high"].iloc[number]
    title = f"Intervals {low:.1f} to {high:.1f} years wide"
    return title, faces_of_width(estimates, rows, low, high)


def _show_coverage(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    groups = coverage_by_age(estimates, rows)
    show_panel(
        "80 % range holds the age",
        coverage_in_words(groups, overall_coverage(estimates, rows), COVERAGE),
        f"The dotted line is the stated share. {_WILSON} Click a mark to see the "
        "faces outside their interval.",
        "coverage",
        figure_coverage(groups, COVERAGE),
        "The share of ages inside their interval, by labelled age group",
        lambda points: f"outside {groups.index[row_of(points)]}",
    )


def _show_reliability(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    bins = reliability(estimates, rows)
    show_panel(
        "Calibration of the gender probability",
        reliability_in_words(bins, calibration_error(estimates, rows)),
        f"On the dotted line what is stated is so. {_WILSON} Below: the faces in "
        "each bin. Click a mark to see its faces, those estimated wrongly first.",
        "reliability",
        figure_reliability(bins),
        "The share labelled female over the stated probability, and the faces",
        lambda points: f"bin {bins.index[row_of(points)]}",
    )


def _show_width(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    parts = error_by_width(estimates, rows)
    show_panel(
        "Error by the width of the interval",
        width_in_words(parts),
        "Tenths of the faces by width, with bootstrap 95 % intervals. Below: how "
        "often the interval holds the age. Click a mark to see its faces.",
        "width",
        figure_width(parts, COVERAGE),
        "The mean absolute error, and how often the range holds the age, over the "
        "stated width",
        lambda points: f"width {row_of(points)}",
    )


def _show_age_risk(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    risk = age_risk(estimates, rows)
    show_panel(
        "Ages, if the model may decline",
        age_risk_in_words(risk),
        "From right to left, the widest intervals are declined first.",
        "age_risk",
        figure_age_risk(risk),
        "The mean absolute error of the faces with the narrowest intervals",
    )


def _show_gender_risk(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    risk, band = gender_risk(estimates, rows), uncertain_band(estimates, rows)
    show_panel(
        "Genders, if the model may decline",
        gender_risk_in_words(risk, band),
        "From right to left, probabilities near one half are declined first.",
        "gender_risk",
        figure_gender_risk(risk, band),
        "The share of wrong genders among the faces with the surest probability",
    )
