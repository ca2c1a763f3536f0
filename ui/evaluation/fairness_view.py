"""The view of the errors by groups of people; a click on a dot shows its faces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.analysis.fairness import (
    FACTORS,
    GROUP_MEASURES,
    GROUPINGS,
    RACE_NOTE,
    faces_of,
    gap_in_words,
    group_table,
    grouping_name,
    overall_row,
)
from agemodel.figures.evaluation_fairness import figure_groups
from agemodel.metrics.measures import MIN_FACES
from ui.evaluation import evaluation_state
from ui.evaluation.evaluated_faces import show_picked
from ui.evaluation.point_charts import show_chart

_HOW_TO_READ = (
    "A dot is a group, its line the 95 % bootstrap interval; the dotted line is all "
    f"faces of the slice. Grey: fewer than {MIN_FACES} faces, of which nothing is "
    "said. A click on a dot shows its faces."
)
EACH = "each"
_WIDEST = (
    "The pair was picked because it lies widest apart; among many groups some pair "
    "always does."
)


def show_groups(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Draw a measure of every group of the slice.

    Args:
        estimates: the faces of the run, as returned by `read_predicted`.
        rows: the faces that count, a mask of shape (n,).
    """
    with st.container(horizontal=True, gap="medium"):
        groupings = {"-".join(names): names for names in GROUPINGS}
        words = {EACH: "Each by itself"}
        words |= {key: grouping_name(names) for key, names in groupings.items()}
        chosen = evaluation_state.choose("Groups", "by", words)
        measure = evaluation_state.choose("Measure", "measure", GROUP_MEASURES)
    if chosen == EACH:
        _show_each(estimates, rows, measure)
        return
    factors = groupings[chosen]
    table = group_table(estimates, rows, factors)
    if gap := gap_in_words(table, measure, factors):
        st.markdown(gap)
        several = (table["n"] >= MIN_FACES).sum() > 2
        st.caption(f"{_WIDEST} {RACE_NOTE}" if several else RACE_NOTE)
    else:
        st.info(
            f"There are not two groups of {MIN_FACES} faces to compare.",
            icon=":material/group_off:",
        )
        st.caption(RACE_NOTE)
    dots, numbers = st.columns([3, 2], gap="medium")
    with dots:
        _show_dots(estimates, rows, table, factors, measure)
        st.caption(_HOW_TO_READ)
    picked = table[table["group"] == evaluation_state.look().pick]
    with numbers:
        if picked.empty:
            _show_table(table, measure)
        else:
            _show_picked(estimates, rows, picked.iloc[0], factors)


def _show_each(estimates: pd.DataFrame, rows: np.ndarray, measure: str) -> None:
    """Draw gender, race label and age group beside each other, with their gaps."""
    tables = {name: group_table(estimates, rows, [name]) for name in FACTORS}
    pick = evaluation_state.look().pick
    with st.grid(3, min_column_width=300, gap="medium"):
        for name, table in tables.items():
            picked = table[table["group"] == pick]
            with st.container():
                _show_dots(estimates, rows, table, (name,), measure)
                if not picked.empty:
                    _show_picked(estimates, rows, picked.iloc[0], (name,))
    st.caption(_HOW_TO_READ)
    gaps = (gap_in_words(table, measure, [name]) for name, table in tables.items())
    if lines := [gap for gap in gaps if gap]:
        st.markdown("  \n".join(lines))
    else:
        st.info(
            f"There are not two groups of {MIN_FACES} faces to compare.",
            icon=":material/group_off:",
        )
    st.caption(RACE_NOTE)


def _show_dots(
    estimates: pd.DataFrame,
    rows: np.ndarray,
    table: pd.DataFrame,
    factors: tuple[str, ...],
    measure: str,
) -> None:
    show_chart(
        f"groups-{'-'.join(factors)}",
        figure_groups(
            table,
            factors,
            measure,
            overall_row(estimates, rows),
            evaluation_state.look().pick,
        ),
        f"{GROUP_MEASURES[measure]} by {grouping_name(factors).lower()}, "
        "with intervals",
        lambda points: str(table["group"].iloc[points[0]["customdata"][0]]),
    )


def _show_table(table: pd.DataFrame, measure: str) -> None:
    is_share = measure == "gender_accuracy"
    number: dict[str, Any] = {
        "format": "percent" if is_share else "%.2f",
        "width": 60,
    }
    config = st.column_config
    columns = {
        "group": config.TextColumn("Group"),
        "n": config.NumberColumn("n", format="localized", width=60),
        measure: config.NumberColumn(GROUP_MEASURES[measure], **number),
        f"{measure}_low": config.NumberColumn("From", **number),
        f"{measure}_high": config.NumberColumn("To", **number),
    }
    st.dataframe(
        table,
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        alt=f"{GROUP_MEASURES[measure]} of every group with n and 95 % interval",
    )


def _show_picked(
    estimates: pd.DataFrame,
    rows: np.ndarray,
    group: pd.Series,
    factors: tuple[str, ...],
) -> None:
    """The faces of the group that was clicked, in place of the table."""
    found = faces_of(estimates, rows, group, factors)
    show_picked(estimates, found, f"{group['group']}, largest errors first", "groups")
