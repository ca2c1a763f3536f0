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
from agemodel.figures.footage_charts import (
    figure_pyramid,
    figure_seconds,
    figure_shares,
    figure_visits,
)
from agemodel.footage.footage_run import RUN, SLOTS, VISITS, VISITS_CSV
from agemodel.footage.footage_words import not_counted, on_returns
from agemodel.footage.saved_run import (
    SavedRun,
    list_saved,
    read_file,
    read_saved,
    read_visits_table,
)
from agemodel.footage.slots import PartShare
from agemodel.jobs.footage_jobs import running_footage
from agemodel.report import footage_report_html
from ui.attempts import show_error
from ui.charts import show_chart
from ui.downloads import show_download
from ui.footage import footage_state
from ui.results_choice import choose_results

_EMPTY = """
**No footage has been looked at yet.** Give the path of a video or a folder, or try the
sample. From the command line:
"""
_COMMAND = "python -m agemodel footage recordings/ --out results/"
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
"""Columns of the table of visits: labels, and forms of numbers."""

_MOST_PROBLEMS = 20


def show_results() -> None:
    """Draw the results that were chosen, or say that there are none."""
    folders = {folder.name: folder for folder in list_saved(paths.footage_dir())}
    if not folders and running_footage():
        st.caption(
            "The results will be here when the videos of an hour are done, or the run "
            "ends or is stopped."
        )
        return
    if not folders:
        st.info(_EMPTY, icon=":material/videocam:")
        st.code(_COMMAND, language=None, wrap_lines=True)
        return
    folder = choose_results(footage_state.STATE, folders)
    try:
        saved, visits = _read(folder, _stamp(folder))
    except AgeModelError as error:
        show_error(str(error))
        return
    _show_summary(saved)
    footage_state.show_choice(
        "View", "view", footage_state.VIEWS, label_visibility="collapsed"
    )
    view = footage_state.look().view
    if view == footage_state.TIME:
        _show_time(saved, visits)
    elif view == footage_state.PEOPLE:
        _show_people(saved)
    else:
        _show_table(visits)
    _show_downloads(folder)


@st.cache_data(max_entries=4, show_spinner=False)
def _read(folder: Path, written_ns: int) -> tuple[SavedRun, pd.DataFrame]:
    table = read_visits_table(folder).drop(columns="age_probabilities")
    return read_saved(folder), table


def _stamp(folder: Path) -> int:
    try:
        return (folder / RUN).stat().st_mtime_ns
    except OSError:
        return 0


def _show_summary(saved: SavedRun) -> None:
    counts = saved.counts
    visits = sum(one.visits for one in counts)
    minutes = sum(one.read_s for one in counts) / 60
    length = f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.0f} min"
    with_age = visits - sum(one.without_age for one in counts)
    with st.container(horizontal=True):
        st.metric("Visits", f"{visits:,}")
        st.metric("Footage read", length)
        st.metric("With an age", f"{with_age:,}")
    if saved.clips_done < saved.clips:
        st.warning(
            f"**{saved.clips_done:,} of {saved.clips:,} videos are done**: these are "
            "results of a part.",
            icon=":material/hourglass_top:",
        )
    st.caption(" ".join([on_returns(saved.settings.same_person), *not_counted(counts)]))
    if problems := [one.problem for one in counts if one.problem]:
        with st.expander("Videos not read, or not to their end"):
            for problem in problems[:_MOST_PROBLEMS]:
                st.text(problem)
            if (more := len(problems) - _MOST_PROBLEMS) > 0:
                st.caption(f"{more:,} more are in the settings and counts (JSON).")


def _show_time(saved: SavedRun, visits: pd.DataFrame) -> None:
    if not saved.slots:
        st.caption("Nothing was read.")
        return
    st.markdown("**Visits, by age band**")
    show_chart(
        figure_visits(saved.slots),
        footage_state.widget_key("visits_chart"),
        "Visits over time, stacked by age band",
    )
    if len(visits):
        st.markdown("**Time in view**")
        show_chart(
            figure_seconds(visits["seconds"].to_numpy()),
            footage_state.widget_key("seconds_chart"),
            "How many visits were in view for how long",
        )
    _say_hidden(saved)


def _show_people(saved: SavedRun) -> None:
    whole = saved.whole
    ages, both = st.columns(2, gap="large")
    with ages:
        _show_shares("Age bands", "bands", whole.bands, figure_shares)
        gender = "Gender as labelled in the dataset"
        _show_shares(gender, "genders", whole.genders, figure_shares)
    with both:
        _show_shares("Ages by gender", "pyramid", whole.bands_by_gender, figure_pyramid)
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
    show_chart(figure(parts), footage_state.widget_key(f"{key}_chart"), what)


def _say_hidden(saved: SavedRun) -> None:
    if saved.settings.least_count > 1:
        st.caption(
            f"Counts below {saved.settings.least_count} are hidden, and others whose "
            "difference from a total would reveal them."
        )


def _show_table(visits: pd.DataFrame) -> None:
    if not len(visits):
        st.caption("Nobody was seen.")
        return
    st.dataframe(
        visits[[name for name in _SHOWN if not visits[name].isna().all()]],
        hide_index=True,
        width="stretch",
        alt="The visits, a row each",
        column_config={
            name: st.column_config.Column(label)
            if form is None
            else st.column_config.NumberColumn(label, format=form)
            for name, (label, form) in _SHOWN.items()
        },
    )


def _show_downloads(folder: Path) -> None:
    with st.popover("Export", icon=":material/download:"):
        show_download(
            "Report on one page (HTML)",
            f"{folder.name}-report.html",
            lambda: footage_report_html(folder).encode(),
            footage_state.widget_key("download_report"),
            width="stretch",
        )
        for file, label in _DOWNLOADS.items():
            show_download(
                label,
                f"{folder.name}-{file.removeprefix('_')}",
                partial(read_file, folder, file),
                footage_state.widget_key(f"download_{file}"),
                width="stretch",
            )
        st.caption(
            "The report and the shares are what to pass on; the visits have a row a "
            "person."
        )
