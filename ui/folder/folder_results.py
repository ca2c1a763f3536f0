"""What a bulk run holds: figures, charts, tables, and downloads."""

from __future__ import annotations

from collections.abc import Sequence
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
from ui.attempts import show_error
from ui.charts import show_chart
from ui.downloads import show_download
from ui.folder import folder_state
from ui.results_choice import choose_results

MOST_SHOWN, MOST_DOWNLOADED = 1_000, 100_000
"""Rows of the tables, and faces of a download, which is made in memory."""

_EMPTY = """
**No folder has been estimated yet.** Give the path of one. From the command line:
"""
_COMMAND = "python -m agemodel bulk photos/ results/"
_SHOWN: dict[str, tuple[str, str | None]] = {
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
    "error": ("Why it failed", None),
}
"""Columns of the tables: labels, and forms of numbers."""

_OF_FAILED = ("file", "error")
_OF_FACES = tuple(name for name in _SHOWN if name != "error")
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
    if not folders:
        st.info(_EMPTY, icon=":material/folder_open:")
        st.code(_COMMAND, language=None, wrap_lines=True)
        return
    folder = choose_results(folder_state.STATE, folders)
    try:
        _show(folder, _summary(folder, _stamp(folder)))
    except AgeModelError as error:
        show_error(str(error))


@st.cache_data(max_entries=4, show_spinner="Summing up")
def _summary(folder: Path, of: tuple[int, ...]) -> Summary:
    return summarize(str(folder))


def _stamp(folder: Path) -> tuple[int, ...]:
    """Changes whenever a part is written."""
    places = (folder / RECORD, folder / FILES)
    return tuple(path.stat().st_mtime_ns for path in places if path.exists())


def _show(folder: Path, summary: Summary) -> None:
    counts = summary.counts
    with st.container(horizontal=True):
        st.metric("Files", f"{counts.files:,}")
        st.metric("Faces", f"{counts.faces:,}")
        st.metric("With an age", f"{summary.with_age:,}")
        st.metric("Failed files", f"{counts.errors:,}")
    listed = summary.record.listed.count
    if counts.files < listed:
        st.warning(
            f"**{counts.files:,} of {listed:,} files are done**: these are results of "
            "a part.",
            icon=":material/hourglass_top:",
        )
    folder_state.show_choice(
        "View", "view", folder_state.VIEWS, label_visibility="collapsed"
    )
    view = folder_state.look().view
    if view == folder_state.PEOPLE:
        _show_people(summary)
    else:
        _show_table(*_rows(folder, _stamp(folder), view))
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
        folder_state.widget_key(key),
        "Share of each part with its interval",
    )


@st.cache_data(max_entries=4, show_spinner=False)
def _rows(folder: Path, of: tuple[int, ...], view: str) -> tuple[pd.DataFrame, bool]:
    """The first rows of a table, and whether there are more."""
    failed = view == folder_state.FAILED
    kind, columns = ("error", _OF_FAILED) if failed else ("face", _OF_FACES)
    wanted = (row for row in face_rows(str(folder)) if row.get(kind))
    first = list(islice(wanted, MOST_SHOWN + 1))
    table = pd.DataFrame(first[:MOST_SHOWN], columns=list(columns))
    return table, len(first) > MOST_SHOWN


def _show_table(table: pd.DataFrame, has_more: bool) -> None:
    if not len(table):
        st.caption("There is none.")
        return
    st.dataframe(
        table.dropna(axis="columns", how="all"),
        hide_index=True,
        width="stretch",
        column_config={
            name: st.column_config.Column(label)
            if form is None
            else st.column_config.NumberColumn(label, format=form)
            for name, (label, form) in _SHOWN.items()
        },
    )
    if has_more:
        st.caption(f"The first {MOST_SHOWN:,}; the files hold all.")


def _show_downloads(folder: Path, summary: Summary) -> None:
    with st.popover("Export", icon=":material/download:"):
        if max(summary.counts.faces, summary.counts.files) <= MOST_DOWNLOADED:
            show_download(
                "Faces (CSV)",
                f"{folder.name}-faces.csv",
                lambda: csv_of(FACE_COLUMNS, face_rows(str(folder))),
                folder_state.widget_key("download_faces"),
                width="stretch",
            )
        else:
            st.caption("So many faces are written as CSV by the command:")
            st.code(
                f"python -m agemodel summarize {folder} --csv tables/", language=None
            )
        show_download(
            "Shares (CSV)",
            f"{folder.name}-shares.csv",
            lambda: shares_csv(summary),
            folder_state.widget_key("download_shares"),
            width="stretch",
        )
        st.caption("All of it, with each age's distribution, as Parquet, lies in")
        st.code(str(folder), language=None, wrap_lines=True)
