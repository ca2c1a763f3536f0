"""The view of the confusion matrix; a click on a cell shows its faces."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.analysis import confusion
from agemodel.analysis.confusion import Classes
from agemodel.core.errors import ConfigError
from agemodel.figures.evaluation_charts import figure_confusion
from ui.charts import Points
from ui.evaluation import evaluation_state
from ui.evaluation.evaluated_faces import show_picked
from ui.evaluation.point_charts import show_chart

EDGES = "18, 30, 50"
_OF = {"age": "Age", "gender": "Gender"}
_CELL = re.compile(r"([0-9]{1,2}),([0-9]{1,2})")
_ESTIMATED_IS = {
    "gender": "Estimated is the more probable label; none is left open here.",
    confusion.GROUPS: (
        "Estimated is the group that the model itself finds most probable; the "
        "Estimate page names the one that holds the age."
    ),
    "": "Estimated is the band that holds the estimated age, in completed years.",
}


def show_confusion(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Draw the confusion matrix of the slice, its classes and a cell's faces."""
    with (controls := st.container(horizontal=True)):
        what = evaluation_state.choose("Confusion of", "of", _OF)
        bands = _choose_bands() if what == "age" else ""
        norm = evaluation_state.choose("Shares", "share", confusion.NORMS)
    try:
        classes = (
            confusion.gender_classes(estimates)
            if what == "gender"
            else confusion.age_classes(
                estimates, bands, evaluation_state.option("edges", EDGES)
            )
        )
    except ConfigError as error:
        st.warning(str(error), icon=":material/edit:")
        return
    counts = confusion.count_cells(classes, rows)
    with controls:
        _choose_cell(classes, counts)
    cell = cell_of(evaluation_state.look().pick, len(classes.names))
    word = "Gender" if what == "gender" else "Age"
    figure = figure_confusion(
        counts,
        confusion.share_cells(counts, norm),
        classes.names,
        (word, confusion.NORMS[norm]),
        cell,
        st.context.theme.type or "light",
    )
    right = confusion.accuracy_in_words(counts)
    st.caption(
        f"**{right}.** "
        f"{_ESTIMATED_IS.get(what if what == 'gender' else bands, _ESTIMATED_IS[''])} "
        "Click a cell to see its faces, once more to clear it."
    )
    drawn, beside = st.columns([3, 2], gap="medium")
    with drawn:
        alt = f"Confusion matrix, {word.lower()}, {len(classes.names)} classes: {right}"
        show_chart("confusion", figure, alt, cell_clicked)
    with beside:
        if cell is None:
            _show_classes(classes, counts)
        else:
            found = confusion.faces_of_cell(classes, rows, *cell)
            show_picked(estimates, found, _cell_title(classes, cell), "cell")
            st.caption("Those of which the model was surest come first.")


def cell_of(text: str, k: int) -> tuple[int, int] | None:
    """A cell (true, estimated) from `3,5`; None if k classes have no such cell."""
    found = _CELL.fullmatch(text)
    if not found:
        return None
    true, estimated = int(found[1]), int(found[2])
    return (true, estimated) if max(true, estimated) < k else None


def cell_clicked(points: Points) -> str:
    """The text of the cell of the last point that was clicked, as `3,5`."""
    return f"{round(points[-1]['y'])},{round(points[-1]['x'])}"


def _choose_cell(classes: Classes, counts: np.ndarray) -> None:
    """Draw the cells as a list, the largest mistakes first: by keyboard or one tap."""
    full = np.argwhere(counts > 0)
    right = full[:, 0] == full[:, 1]
    full = full[np.lexsort((-counts[tuple(full.T)], right))]
    cells = [f"{true},{estimated}" for true, estimated in full]
    now = evaluation_state.look().pick
    st.selectbox(
        "Cell",
        cells,
        format_func=lambda text: _cell_in_words(classes, counts, text),
        placeholder="Click one, or choose",
        width=225,
        **evaluation_state.bind(
            "cell",
            now if now in cells else None,
            lambda text: evaluation_state.change(pick=text or ""),
        ),
    )


def _cell_in_words(classes: Classes, counts: np.ndarray, text: str) -> str:
    cell = cell_of(text, len(classes.names))
    if cell is None:
        return text
    return f"{_cell_title(classes, cell)}: {counts[cell]:,}"


def _cell_title(classes: Classes, cell: tuple[int, int]) -> str:
    true, estimated = (classes.names[index] for index in cell)
    return f"{true}, taken for {estimated}" if true != estimated else f"{true}, right"


def _choose_bands() -> str:
    bands = evaluation_state.choose(
        "Bands", "bands", confusion.BANDS, in_list=True, width=160
    )
    if bands == confusion.OWN:
        st.text_input(
            "A new band starts at",
            placeholder=EDGES,
            width=190,
            **evaluation_state.option_control("edges", EDGES),
        )
    return bands


def _show_classes(classes: Classes, counts: np.ndarray) -> None:
    number = partial(st.column_config.NumberColumn, width="small")
    st.dataframe(
        confusion.score_classes(classes.names, counts),
        column_order=["class", "support", "precision", "recall", "f1"],
        column_config={
            "class": st.column_config.TextColumn("Class", width="small"),
            "support": number("Support", format="localized", help="Faces of the class"),
            "precision": number(
                "Precision", format="%.3f", help="Right, of those taken for the class"
            ),
            "recall": number(
                "Recall", format="%.3f", help="Right, of those that are of the class"
            ),
            "f1": number("F1", format="%.3f", help="Harmonic mean of the two"),
        },
        height="content",
        alt="Precision, recall, F1 and support of each class",
    )
