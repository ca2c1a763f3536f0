"""What was found: figures, charts, a table, and downloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.figures import footage_charts
from agemodel.footage import saved_run
from agemodel.footage.footage_run import RUN, SLOTS, VISITS, VISITS_CSV
from agemodel.footage.footage_words import not_counted, on_returns
from agemodel.footage.slots import PartShare
from agemodel.jobs.footage_jobs import running_footage
from agemodel.report import footage_report_html
from ui.charts import show_chart
from ui.downloads import show_files
from ui.footage import footage_state
from ui.footage.footage_state import STATE, widget_key
from ui.job_page import choose_results, warn_of_part
from ui.page_state import show_error, stamp
from ui.shown_tables import number_columns, show_table

_EMPTY = """
**No footage has been looked at yet.** Give the path of a video or a folder, or try the
sample. From the command line:
"""
COMMAND = "python -m agemodel footage recordings/ --out results/"
_DOWNLOADS = {
    SLOTS: "Shares by time (CSV)",
    VISITS_CSV: "Visits (CSV)",
    VISITS: "Visits with distributions (Parquet)",
    RUN: "Settings and counts (JSON)",
}
_SHOWN: dict[str, tuple[str, str | None]] = {
    "visit": ("Visit", "%d"),
    "start": ("Came at", None),
    "start_s": ("In the video at, s", "%.1f"),
    "seconds": ("In view, s", "%.1f"),
    "age_years": ("Age", "%.0f"),
    "age_low": ("from", "%.0f"),
    "age_high": ("to", "%.0f"),
    "gender": ("Gender label", None),
    "p_female": ("p(female)", "%.2f"),
    "looks": ("Looks", "%d"),
    "looks_used": ("for the age", "%d"),
    "size_px": ("Face, px", "%.0f"),
    "reason": ("Why no age", None),
    "clip": ("Video", None),
}
_MOST_PROBLEMS = 20


def show_results() -> None:
    """Draw the results that were chosen, or say that there are none."""
    folders = {
        folder.name: folder for folder in saved_run.list_saved(paths.footage_dir())
    }
    if not folders and running_footage():
        st.caption(
            "The results will be here when the videos of an hour are done, or the run "
            "ends or is stopped."
        )
        return
    if (folder := choose_results(STATE, folders, _EMPTY, COMMAND)) is None:
        return
    try:
        saved, visits = _read(folder, stamp(folder / RUN))
    except AgeModelError as error:
        show_error(error)
        return
    _show_summary(saved)
    STATE.show_choice("View", "view", footage_state.VIEWS, label_visibility="collapsed")
    view = STATE.look().view
    if view == footage_state.TIME:
        _show_time(saved, visits)
    elif view == footage_state.PEOPLE:
        _show_people(saved)
    elif len(visits):
        seen = visits.dropna(axis="columns", how="all")
        show_table(seen, number_columns(_SHOWN), "The visits, a row each")
    else:
        st.caption("Nobody was seen.")
    _show_downloads(folder)


@st.cache_data(max_entries=4, show_spinner=False)
def _read(folder: Path, of: tuple[int, ...]) -> tuple[saved_run.SavedRun, pd.DataFrame]:
    table = saved_run.read_visits_table(folder).drop(columns="age_probabilities")
    return saved_run.read_saved(folder), table


def _show_summary(saved: saved_run.SavedRun) -> None:
    counts = saved.counts
    visits = sum(one.visits for one in counts)
    minutes = sum(one.read_s for one in counts) / 60
    length = f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.0f} min"
    with_age = visits - sum(one.without_age for one in counts)
    with st.container(horizontal=True):
        st.metric("Visits", f"{visits:,}")
        st.metric("Footage read", length)
        st.metric("With an age", f"{with_age:,}")
    warn_of_part(saved.clips_done, saved.clips, "videos")
    st.caption(" ".join([on_returns(saved.settings.same_person), *not_counted(counts)]))
    if problems := [one.problem for one in counts if one.problem]:
        with st.expander("Videos not read, or not to their end"):
            for problem in problems[:_MOST_PROBLEMS]:
                st.text(problem)
            if (more := len(problems) - _MOST_PROBLEMS) > 0:
                st.caption(f"{more:,} more are in the settings and counts (JSON).")


def _show_time(saved: saved_run.SavedRun, visits: pd.DataFrame) -> None:
    if not saved.slots:
        st.caption("Nothing was read.")
        return
    st.markdown("**Visits, by age band**")
    show_chart(
        footage_charts.figure_visits(saved.slots),
        widget_key("visits_chart"),
        "Visits over time, stacked by age band",
    )
    if len(visits):
        st.markdown("**Time in view**")
        show_chart(
            footage_charts.figure_seconds(visits["seconds"].to_numpy()),
            widget_key("seconds_chart"),
            "How many visits were in view for how long",
        )
    _say_hidden(saved)


def _show_people(saved: saved_run.SavedRun) -> None:
    whole = saved.whole
    ages, both = st.columns(2, gap="large")
    with ages:
        _show_shares("Age bands", "bands", whole.bands, footage_charts.figure_shares)
        gender = "Gender as labelled in the dataset"
        _show_shares(gender, "genders", whole.genders, footage_charts.figure_shares)
    with both:
        _show_shares(
            "Ages by gender",
            "pyramid",
            whole.bands_by_gender,
            footage_charts.figure_pyramid,
        )
    if saved.has_intervals:
        st.caption(
            "The lines are 95 % intervals; docs/footage.md says how often they hold "
            "the shares of simulated stores whose mixes they were not calibrated on."
        )
    else:
        st.caption(
            "The model has no calibration of shares, so there are no intervals: "
            "`python -m agemodel shares NAME` makes one."
        )
    _say_hidden(saved)


def _show_shares(
    title: str,
    key: str,
    parts: Sequence[PartShare],
    figure: Callable[[Sequence[PartShare]], go.Figure],
) -> None:
    st.markdown(f"**{title}**")
    if all(part.share is None for part in parts):
        st.caption("All are hidden: too few, or they would reveal others.")
        return
    what = f"{title}: shares of the visits with an age, with their intervals"
    show_chart(figure(parts), widget_key(f"{key}_chart"), what)


def _say_hidden(saved: saved_run.SavedRun) -> None:
    if saved.settings.least_count > 1:
        st.caption(
            f"Counts below {saved.settings.least_count} are hidden, and others whose "
            "difference from a total would reveal them."
        )


def _show_downloads(folder: Path) -> None:
    with st.popover("Export", icon=":material/download:"):
        report = (
            "Report on one page (HTML)",
            f"{folder.name}-report.html",
            lambda: footage_report_html(folder).encode(),
        )
        files = (
            (
                label,
                f"{folder.name}-{file.removeprefix('_')}",
                partial(saved_run.read_file, folder, file),
            )
            for file, label in _DOWNLOADS.items()
        )
        show_files("footage", [report, *files])
        st.caption(
            "The report and the shares are what to pass on; the visits have a row a "
            "person."
        )
