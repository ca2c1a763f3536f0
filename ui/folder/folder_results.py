"""What a bulk run holds: figures, charts, tables, and downloads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from agemodel.bulk.bulk_record import RECORD
from agemodel.bulk.bulk_summary import Summary, summarize
from agemodel.bulk.bulk_tables import FACE_COLUMNS, face_rows, shares_csv
from agemodel.bulk.parts import FILES
from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.core.spreadsheets import csv_of
from agemodel.figures.footage_charts import figure_shares
from agemodel.footage.slots import PartShare
from agemodel.jobs.bulk_jobs import BULK_JOBS
from ui.charts import show_chart
from ui.downloads import show_files
from ui.folder import folder_state
from ui.folder.folder_state import STATE, widget_key
from ui.job_page import choose_results, warn_of_part
from ui.page_state import show_error, stamp
from ui.shown_tables import number_columns, show_table

MOST_SHOWN, MOST_DOWNLOADED = 1_000, 100_000
"""Rows of the tables, and faces of a download, which is made in memory."""

_EMPTY = """
**No folder has been estimated yet.** Give the path of one. From the command line:
"""
COMMAND = "python -m agemodel bulk photos/ results/"
Columns = dict[str, tuple[str, str | None]]
_FAILED: Columns = {"file": ("File", None), "error": ("Why it failed", None)}
_FACES: Columns = {
    "file": ("File", None),
    "face": ("Face", "%d"),
    "age_years": ("Age", "%.0f"),
    "age_low": ("from", "%.0f"),
    "age_high": ("to", "%.0f"),
    "age_group": ("Age group", None),
    "gender": ("Gender label", None),
    "p_female": ("p(female)", "%.2f"),
    "doubtful": ("Perhaps no face", None),
    "warnings": ("Notes", None),
}
_SHARE = "Share of the faces with an age"


def show_results() -> None:
    """Draw the results that were chosen, or say that there are none."""
    records = sorted(
        paths.bulk_dir().glob(f"*/{RECORD}"),
        key=lambda path: path.stat().st_mtime_ns,
        reverse=True,
    )
    folders = {path.parent.name: path.parent for path in records}
    if not folders and BULK_JOBS.running() is not None:
        return
    if (folder := choose_results(STATE, folders, _EMPTY, COMMAND)) is None:
        return
    try:
        _show(folder, _summary(folder, _stamp(folder)))
    except AgeModelError as error:
        show_error(error)


@st.cache_data(max_entries=4, show_spinner="Summing up")
def _summary(folder: Path, of: tuple[int, ...]) -> Summary:
    return summarize(str(folder))


def _stamp(folder: Path) -> tuple[int, ...]:
    """Changes whenever a part is written."""
    return stamp(folder / RECORD, folder / FILES)


def _show(folder: Path, summary: Summary) -> None:
    counts = summary.counts
    with st.container(horizontal=True):
        st.metric("Files", f"{counts.files:,}")
        st.metric("Faces", f"{counts.faces:,}")
        st.metric("With an age", f"{summary.with_age:,}")
        st.metric("Failed files", f"{counts.errors:,}")
    warn_of_part(counts.files, summary.record.listed.count, "files")
    STATE.show_choice("View", "view", folder_state.VIEWS, label_visibility="collapsed")
    if STATE.look().view == folder_state.PEOPLE:
        _show_people(summary)
    elif STATE.look().view == folder_state.FACES:
        _show_rows(folder, "face", _FACES)
    else:
        _show_rows(folder, "error", _FAILED)
    _show_downloads(folder, summary)


def _show_people(summary: Summary) -> None:
    records = summary.records()
    if not records:
        st.caption("No face has an age.")
        return
    genders = summary.shares[-1][0].name
    ages, both = st.columns(2, gap="large")
    with ages:
        st.markdown("**Age bands**")
        _show_shares([one for one in records if one["of"] != genders], "bands")
    with both:
        st.markdown("**Gender as labelled in the dataset**")
        _show_shares([one for one in records if one["of"] == genders], "genders")
    said = "Shares of the faces, not of people, who may be in many photos."
    if summary.doubtful:
        said += f" {summary.doubtful:,} that are perhaps no face are left out."
    if records[0]["low"] is not None:
        said += " The lines are 95 % intervals."
    st.caption(said)


def _show_shares(records: Sequence[dict[str, Any]], key: str) -> None:
    parts = [
        PartShare(one["part"], None, one["share"], one["low"], one["high"])
        for one in records
    ]
    show_chart(
        figure_shares(parts, _SHARE),
        widget_key(key),
        "Share of each part with its interval",
    )


@st.cache_data(max_entries=4, show_spinner=False)
def _rows(folder: Path, of: tuple[int, ...], kind: str) -> list[dict[str, Any]]:
    """The first rows that have something of a kind, and one more if there is one."""
    wanted = (row for row in face_rows(str(folder)) if row.get(kind))
    return list(islice(wanted, MOST_SHOWN + 1))


def _show_rows(folder: Path, kind: str, columns: Columns) -> None:
    rows = _rows(folder, _stamp(folder), kind)
    if not rows:
        st.caption("There is none.")
        return
    table = pd.DataFrame(rows[:MOST_SHOWN], columns=list(columns))
    table = table.dropna(axis="columns", how="all")
    show_table(table, number_columns(columns), "The rows of this view")
    if len(rows) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN:,}; the files hold all.")


def _show_downloads(folder: Path, summary: Summary) -> None:
    with st.popover("Export", icon=":material/download:"):
        if max(summary.counts.faces, summary.counts.files) <= MOST_DOWNLOADED:
            faces = partial(_faces_csv, folder)
            show_files("folder", [("Faces (CSV)", f"{folder.name}-faces.csv", faces)])
        else:
            st.caption("So many faces are written as CSV by the command:")
            st.code(
                f"python -m agemodel summarize {folder} --csv tables/", language=None
            )
        shares = partial(shares_csv, summary)
        show_files("folder", [("Shares (CSV)", f"{folder.name}-shares.csv", shares)])
        st.caption("All of it, with each age's distribution, as Parquet, lies in")
        st.code(str(folder), language=None, wrap_lines=True)


def _faces_csv(folder: Path) -> bytes:
    return csv_of(FACE_COLUMNS, face_rows(str(folder)))
