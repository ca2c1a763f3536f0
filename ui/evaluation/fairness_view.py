"""The view of the errors by groups of people; a click on a dot shows its faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.analysis import fairness
from agemodel.analysis.fairness import GROUP_MEASURES, RACE_NOTE
from agemodel.figures.evaluation_fairness import HOW_TO_READ, figure_groups
from agemodel.metrics.measures import MIN_FACES
from ui.evaluation import evaluation_state
from ui.evaluation.evaluated_faces import show_picked
from ui.evaluation.point_charts import show_chart
from ui.shown_tables import show_table

_HOW_TO_READ = f"{HOW_TO_READ} A click on a dot shows its faces."
EACH = "each"
_WIDEST = (
    "The pair was picked because it lies widest apart; among many groups some pair "
    "always does."
)


def show_groups(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Draw a measure of every group of the slice."""
    groupings = {"-".join(names): names for names in fairness.GROUPINGS}
    words = {key: fairness.grouping_name(names) for key, names in groupings.items()}
    with st.container(horizontal=True, gap="medium"):
        chosen = evaluation_state.choose(
            "Groups", "by", {EACH: "Each by itself"} | words
        )
        measure = evaluation_state.choose("Measure", "measure", GROUP_MEASURES)
    each = [(name,) for name in fairness.FACTORS]
    wanted = each if chosen == EACH else [groupings[chosen]]
    tables = {
        factors: fairness.group_table(estimates, rows, factors) for factors in wanted
    }
    if chosen == EACH:
        _show_each(estimates, rows, tables, measure)
        _say_gaps(tables, measure)
        return
    _say_gaps(tables, measure)
    ((factors, table),) = tables.items()
    dots, numbers = st.columns([3, 2], gap="medium")
    with dots:
        _show_dots(estimates, rows, table, factors, measure)
        st.caption(_HOW_TO_READ)
    with numbers:
        if not _show_picked(estimates, rows, table, factors):
            _show_table(table, measure)


def _say_gaps(tables: Mapping[tuple[str, ...], pd.DataFrame], measure: str) -> None:
    gaps = (
        fairness.gap_in_words(table, measure, factors)
        for factors, table in tables.items()
    )
    if lines := [gap for gap in gaps if gap]:
        st.markdown("  \n".join(lines))
    else:
        st.info(
            f"There are not two groups of {MIN_FACES} faces to compare.",
            icon=":material/group_off:",
        )
    large = [(table["n"] >= MIN_FACES).sum() for table in tables.values()]
    is_picked = len(large) == 1 and large[0] > 2
    st.caption(f"{_WIDEST} {RACE_NOTE}" if is_picked else RACE_NOTE)


def _show_each(
    estimates: pd.DataFrame,
    rows: np.ndarray,
    tables: Mapping[tuple[str, ...], pd.DataFrame],
    measure: str,
) -> None:
    """Draw gender, race label and age group beside each other."""
    with st.grid(3, min_column_width=300, gap="medium"):
        for factors, table in tables.items():
            with st.container():
                _show_dots(estimates, rows, table, factors, measure)
                _show_picked(estimates, rows, table, factors)
    st.caption(_HOW_TO_READ)


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
            fairness.overall_row(estimates, rows),
            evaluation_state.look().pick,
        ),
        f"{GROUP_MEASURES[measure]} by {fairness.grouping_name(factors).lower()}, "
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
    alt = f"{GROUP_MEASURES[measure]} of every group with n and 95 % interval"
    show_table(table, columns, alt)


def _show_picked(
    estimates: pd.DataFrame,
    rows: np.ndarray,
    table: pd.DataFrame,
    factors: tuple[str, ...],
) -> bool:
    """Draw the faces of the group that was clicked; False where none of these was."""
    picked = table[table["group"] == evaluation_state.look().pick]
    if picked.empty:
        return False
    group = picked.iloc[0]
    found = fairness.faces_of(estimates, rows, group, factors)
    show_picked(estimates, found, f"{group['group']}, largest errors first", "groups")
    return True
