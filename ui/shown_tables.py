"""Tables, and the columns of those of faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st


def show_table(table: Any, columns: Mapping[str, Any], alt: str, **style: Any) -> None:
    """Draw a table.

    Args:
        table: as `st.dataframe` takes it.
        columns: those that are shown, in order, made by `st.column_config`; which the
            table lacks are left out.
        alt: what the table shows.
        style: passed on to `st.dataframe`.
    """
    st.dataframe(
        table,
        hide_index=True,
        column_order=list(columns),
        column_config=dict(columns),
        alt=alt,
        **style,
    )


def number_columns(labels: Mapping[str, tuple[str, str | None]]) -> dict[str, Any]:
    """Columns with their labels and the forms of their numbers; None of texts."""
    number, other = st.column_config.NumberColumn, st.column_config.Column
    return {
        name: number(label, format=form) if form else other(label)
        for name, (label, form) in labels.items()
    }


def face_columns(*names: str) -> dict[str, Any]:
    """Some columns of the table of faces: their titles and formats, in the order given.

    Args:
        names: of columns, see `agemodel.explorer.face_table`.
    """
    config = st.column_config
    years: dict[str, Any] = {"format": "%.1f", "width": "small"}
    known = {
        "file": config.TextColumn("File", width="medium"),
        "age": config.NumberColumn("Age label", width="small"),
        "age_years": config.NumberColumn("Estimate", **years),
        "age_low": config.NumberColumn("From", **years),
        "age_high": config.NumberColumn("To", **years),
        "gender": config.TextColumn("Gender label", width="small"),
        "p_female": config.NumberColumn("p(female)", format="%.2f", width="small"),
        "race": config.TextColumn("Race label", width="small"),
        "split": config.TextColumn("Split", width="small"),
        "date": config.DatetimeColumn("Collected", format="YYYY-MM-DD"),
        "mark": config.TextColumn("Mark", width="small"),
        "verdict": config.TextColumn("Mark", width="small"),
        "note": config.TextColumn("Note", width="medium"),
        "marked_at": config.DatetimeColumn("Marked", format="YYYY-MM-DD HH:mm"),
    }
    return {name: known[name] for name in names}
