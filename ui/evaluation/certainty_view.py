"""The view of the stated uncertainty; a click shows the faces."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from agemodel.analysis import certainty
from agemodel.analysis.certainty import BINS
from agemodel.core.labels import AGE_GROUPS
from agemodel.figures import evaluation_panels as panels
from agemodel.metrics.measures import MIN_FACES
from ui.evaluation import evaluation_state
from ui.evaluation.errors_view import Found, pick_of_row, show_row
from ui.evaluation.point_charts import show_panel

_WILSON = f"With 95 % intervals (Wilson); grey: fewer than {MIN_FACES} faces."
_PANELS = {
    "outside": (
        panels.coverage_panel,
        "coverage",
        f"The dotted line is the stated share. {_WILSON} Click a mark to see the "
        "faces outside their interval.",
    ),
    "bin": (
        panels.reliability_panel,
        "reliability",
        f"On the dotted line what is stated is so. {_WILSON} Below: the faces in "
        "each bin. Click a mark to see its faces, those estimated wrongly first.",
    ),
    "width": (
        panels.width_panel,
        "width",
        "Tenths of the faces by width, with bootstrap 95 % intervals. Below: how "
        "often the interval holds the age. Click a mark to see its faces.",
    ),
    "gender_risk": (
        panels.gender_risk_panel,
        "gender_risk",
        "From right to left, probabilities near one half are declined first.",
    ),
    "age_risk": (
        panels.age_risk_panel,
        "age_risk",
        "From right to left, the widest intervals are declined first.",
    ),
}
"""What makes each chart, its name and its caption, by the kind of pick it gives."""


def show_certainty(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Draw how well the stated uncertainty is calibrated in the slice."""
    found = picked(estimates, rows, evaluation_state.look().pick)
    for kinds in (("outside", "bin"), ("width", "gender_risk"), ("age_risk",)):
        charts = {kind: partial(_show, estimates, rows, kind) for kind in kinds}
        show_row(estimates, charts, found)


def picked(estimates: pd.DataFrame, rows: np.ndarray, pick: str) -> Found | None:
    """The faces that a click led to.

    Args:
        pick: the kind of mark that was clicked and which of them it was, as
            `outside 20-29`, `bin 9`, `width 0`.

    Returns:
        None of what is not a pick of this view.
    """
    kind, _, which = pick.partition(" ")
    if kind == "outside" and which in AGE_GROUPS:
        found = certainty.faces_outside(estimates, rows, which)
        return f"Labelled {which} years, outside the interval", found
    if not which.isdecimal() or len(which) > 3:
        return None
    number = int(which)
    if kind == "bin" and number < BINS:
        title = f"p(female) {number / BINS:.1f} to {(number + 1) / BINS:.1f}"
        return title, certainty.faces_in_bin(estimates, rows, number)
    if kind == "width":
        return _of_width(estimates, rows, number)
    return None


def _of_width(estimates: pd.DataFrame, rows: np.ndarray, number: int) -> Found | None:
    parts = certainty.error_by_width(estimates, rows)
    if number >= len(parts):
        return None
    low, high = parts["low"].iloc[number], parts["high"].iloc[number]
    title = f"Intervals {low:.1f} to {high:.1f} years wide"
    return title, certainty.faces_of_width(estimates, rows, low, high)


def _show(estimates: pd.DataFrame, rows: np.ndarray, kind: str) -> None:
    make, name, caption = _PANELS[kind]
    panel = make(estimates, rows)
    show_panel(panel, name, caption, pick_of_row(panel, kind))
