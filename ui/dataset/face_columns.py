"""The columns of tables of faces."""

from __future__ import annotations

from typing import Any

import streamlit as st


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
