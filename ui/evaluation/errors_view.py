"""The view of the age errors, by age and by picture; a click shows the faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.analysis import age_errors, picture_quality
from agemodel.analysis.age_errors import CELL_YEARS, WINDOW_YEARS
from agemodel.analysis.picture_quality import PICTURE_MEASURES
from agemodel.core.labels import MIN_AGE
from agemodel.figures import evaluation_panels as panels
from agemodel.metrics.measures import MIN_FACES
from ui.charts import Points
from ui.evaluation import evaluation_state
from ui.evaluation.evaluated_faces import show_picked
from ui.evaluation.point_charts import show_chart, show_panel, show_words
from ui.touch import on_phone

MIN_WIDTH_PX = 320
"""Least width of a chart; where two do not fit side by side they are stacked."""

_MARKS = (
    "With bootstrap 95 % intervals; the dotted line is the error on all these faces. "
    "Click a mark to see its faces."
)
_FLAGS_ARE = f"{_MARKS} Grey: fewer than {MIN_FACES} faces."
_MEASURE_IS = {
    "sharpness": f"Sharpness is contrast between neighbouring pixels. {_MARKS}",
    "brightness": f"Brightness is the mean grey level, 0 to 255. {_MARKS}",
}
_NOT_DESCRIBED = (
    "Nothing is known of the pictures. Restore their description (`git checkout -- "
    "assets`) or, with the images imported: `python -m agemodel data describe`"
)

Found = tuple[str, np.ndarray]
"""What faces are called, and their row numbers."""


def show_errors(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Draw the errors of the slice."""
    running = age_errors.running_errors(estimates, rows)
    found = picked(estimates, rows, evaluation_state.look().pick)
    measures = [measure for measure in PICTURE_MEASURES if measure in estimates]
    for charts in (
        {
            "cells": lambda: _show_density(estimates, rows, running),
            "ages": lambda: _show_running(estimates, rows, running),
        },
        {
            "beyond": lambda: _show_cumulative(estimates, rows),
            "flag": lambda: _show_flags(estimates, rows),
        },
        {name: partial(_show_measure, estimates, rows, name) for name in measures},
    ):
        show_row(estimates, charts, found)


def picked(estimates: pd.DataFrame, rows: np.ndarray, pick: str) -> Found | None:
    """The faces that a click led to.

    Args:
        pick: the kind of mark that was clicked and what tells it from others, as
            `cells 20 23 29 29`, `ages 20 24`, `beyond 10`, `flag dark`, `sharpness 0`.

    Returns:
        None of what is not a pick of this view.
    """
    kind, *words = pick.split() or [""]
    if kind == "flag" and len(words) == 1:
        return _of_flag(estimates, rows, words[0])
    if not all(word.isdecimal() and len(word) < 4 for word in words):
        return None
    match kind, [int(word) for word in words]:
        case "cells", [x0, x1, y0, y1]:
            return _of_cells(estimates, rows, (x0, x1), (y0, y1))
        case "ages", [low, high]:
            found = age_errors.faces_of_ages(estimates, rows, low, high)
            return f"Labelled {low} to {high} years", found
        case "beyond", [years]:
            return f"More than {years} years off", age_errors.faces_beyond(
                estimates, rows, years
            )
        case measure, [part] if measure in PICTURE_MEASURES and measure in estimates:
            return _of_part(estimates, rows, measure, part)
    return None


def show_row(
    estimates: pd.DataFrame,
    charts: Mapping[str, Callable[[], None]],
    found: Found | None,
) -> None:
    """Draw charts side by side; faces picked in one take the place of the other.

    Args:
        charts: what draws each, by the kind of pick that it gives.
        found: the faces that were picked and what they are, if any.
    """
    kind = evaluation_state.look().pick.partition(" ")[0]
    with st.grid(2, min_column_width=MIN_WIDTH_PX, gap="medium"):
        for name, show in charts.items():
            if found and kind in charts and name != kind:
                title, numbers = found
                show_picked(estimates, numbers, title, "picked")
            else:
                show()


def pick_of_row(panel: panels.Panel, kind: str) -> Callable[[Points], str] | None:
    """From the marks that were clicked to the pick: its kind, and a row of the table.

    None where the marks of the chart have no table.
    """
    table = panel.table
    if table is None:
        return None
    return lambda points: f"{kind} {table.index[points[0]['customdata'][0]]}"


def box_of(points: Points) -> tuple[int, int, int, int]:
    """The least and greatest x, and the least and greatest y, of some points."""
    x = [round(point["x"]) for point in points]
    y = [round(point["y"]) for point in points]
    return min(x), max(x), min(y), max(y)


def _of_cells(
    estimates: pd.DataFrame, rows: np.ndarray, x: tuple[int, int], y: tuple[int, int]
) -> Found:
    half = CELL_YEARS / 2
    title = (
        f"Labelled {x[0] - half + 0.5:.0f} to {x[1] + half - 0.5:.0f} years, estimated "
        f"{y[0] - half:.1f} to {y[1] + half:.1f}"
    )
    return title, age_errors.faces_in_cells(estimates, rows, x, y)


def _of_flag(estimates: pd.DataFrame, rows: np.ndarray, flag: str) -> Found | None:
    if flag not in picture_quality.known_flags(estimates):
        return None
    return f"Remark: {picture_quality.flag_words(flag)}", picture_quality.faces_of_flag(
        estimates, rows, flag
    )


def _of_part(
    estimates: pd.DataFrame, rows: np.ndarray, measure: str, part: int
) -> Found | None:
    table = picture_quality.error_by_measure(estimates, rows, measure)
    if part >= len(table):
        return None
    low, high = table["low"].iloc[part], table["high"].iloc[part]
    title = f"{measure.capitalize()} {low:.3g} to {high:.3g}"
    return title, picture_quality.faces_of_measure(estimates, rows, measure, low, high)


def _show_density(
    estimates: pd.DataFrame, rows: np.ndarray, running: pd.DataFrame
) -> None:
    panel = panels.density_panel(estimates, rows, running)
    with st.container(gap=None):
        show_words(panel)
        drag = not on_phone() and _drags()
        show_chart(
            "density",
            panel.figure.update_layout(dragmode="select" if drag else False),
            panel.alt,
            lambda points: "cells {} {} {} {}".format(*box_of(points)),
            ("box",) if drag else ("points",),
        )
        st.caption(
            f"A cell is {CELL_YEARS} years wide and high; the running median takes "
            f"faces up to {WINDOW_YEARS} years younger and older. "
            f"{'Drag over cells' if drag else 'Click a cell'} to see the faces."
        )


def _drags() -> bool:
    """Whether cells are chosen by a drag: Streamlit's charts take that or clicks."""
    words = {"click": "Click a cell", "drag": "Drag over cells"}
    way = evaluation_state.choose(
        "Cells are chosen by", "pointer", words, label_visibility="collapsed"
    )
    return way == "drag"


def _show_running(
    estimates: pd.DataFrame, rows: np.ndarray, running: pd.DataFrame
) -> None:
    def pick(points: Points) -> str:
        age = round(points[0]["x"])
        return f"ages {max(age - WINDOW_YEARS, MIN_AGE)} {age + WINDOW_YEARS}"

    show_panel(
        panels.running_panel(estimates, rows, running),
        "running",
        "Above the line at 0 the estimate is too old. Grey: eight in ten errors. "
        f"Click an age to see its faces and those up to {WINDOW_YEARS} years off.",
        pick,
    )


def _show_cumulative(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    show_panel(
        panels.cumulative_panel(estimates, rows),
        "cumulative",
        "Click a number of years to see the faces that are further off.",
        lambda points: f"beyond {round(points[0]['x'])}",
    )


def _show_flags(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    panel = panels.flags_panel(estimates, rows)
    if panel.words:
        show_panel(panel, "flags", _FLAGS_ARE, pick_of_row(panel, "flag"))
        return
    with st.container(gap=None):
        show_words(panel)
        st.info(_NOT_DESCRIBED, icon=":material/image_search:")


def _show_measure(estimates: pd.DataFrame, rows: np.ndarray, measure: str) -> None:
    panel = panels.measure_panel(estimates, rows, measure)
    show_panel(panel, measure, _MEASURE_IS[measure], pick_of_row(panel, measure))
