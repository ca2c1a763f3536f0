"""Charts of the filtered faces; a click or a drag in one sets a filter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from agemodel.explorer.aggregates import (
    age_histogram,
    age_spread,
    collected,
    error_by,
    normalised,
    value_counts,
)
from agemodel.explorer.filters import Masks
from agemodel.explorer.queries import Ages
from agemodel.explorer.selection import FACETS, Selection
from agemodel.figures import dataset_charts as figures
from ui.charts import Points, show_answering_chart
from ui.dataset import dataset_state
from ui.dataset.dataset_state import with_filter
from ui.touch import answers, on_phone

TAPPED = dataset_state.widget_key("charts_tapped")
_HOW_TO = (
    "{way} to filter; once more to clear it. Each chart also shows what its own "
    "filter leaves out, paler."
)
_SPREAD_IS = (
    "A bar holds the middle half of the faces, the grey one behind it the middle 80 %; "
    "the number is their median age."
)


def show_charts(faces: pd.DataFrame, found: Masks) -> None:
    """Draw the charts, each without the filters that are set in it.

    Args:
        faces: as returned by `read_faces`.
        found: as returned by `filters.masks`.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        words = {dataset_state.COUNTS: "Counts", dataset_state.SHARES: "Shares"}
        dataset_state.show_choice(
            "Charts show", "measure", words, label_visibility="collapsed"
        )
        answers("Charts filter when tapped", TAPPED)
        way = "Tap a bar" if on_phone() else "Drag over ages, or click a bar,"
        st.caption(_HOW_TO.format(way=way))
    _show_ages(faces, found.without("age"))
    with st.grid(2, min_column_width=300, gap="medium"):
        with st.container():
            for key, title in (("race", "Race label"), ("split", "Split")):
                if key in faces:
                    with st.container(gap=None):
                        _show_values(faces, found.without(key), key, title)
        if "race" in faces:
            with st.container(gap=None):
                _show_spread(faces, found.without("race", "gender"))
        if "abs_error" in faces:
            with st.container(gap=None):
                _show_errors(faces, found.without("group"))
        if "date" in faces:
            with st.container(gap=None):
                _show_dates(faces, found.without("date"))


def ages_of(points: Points) -> Ages | None:
    """The youngest and oldest age among the bars that were chosen; None of none."""
    ages = [round(point["x"]) for point in points]
    return (min(ages), max(ages)) if ages else None


def toggled(
    chosen: Sequence[str], clicked: Sequence[str], names: Sequence[str]
) -> tuple[str, ...]:
    """Values of a filter after a click on some: in if they were out, out if in.

    Args:
        chosen: before.
        clicked: what was clicked on; unknown names do nothing.
        names: all values, in their order.
    """
    now = set(chosen) ^ (set(clicked) & set(names))
    return tuple(name for name in names if name in now)


def with_pair(wanted: Selection, points: Points) -> Selection:
    """A selection after a click on the bars of a race and a gender.

    Args:
        wanted: before.
        points: the bars that were chosen; of several the last counts, of none nothing
            changes. The pair that was chosen already is let go.
    """
    if not points:
        return wanted
    pair = replace(
        wanted,
        races=(str(points[-1]["y"]),),
        genders=(str(points[-1]["legendgroup"]),),
    )
    return wanted.cleared("race", "gender") if pair == wanted else pair


def days_of(points: Points) -> tuple[date, date] | None:
    """The first and last day among the bars that were chosen; None of none."""
    days = [date.fromisoformat(str(point["x"])[:10]) for point in points]
    return (min(days), max(days)) if days else None


def _show_ages(faces: pd.DataFrame, rows: np.ndarray) -> None:
    by = "gender" if "gender" in faces and faces["gender"].notna().all() else None
    counts = age_histogram(faces, rows, by=by).rename(columns={"n": "faces"})
    shares = dataset_state.look().measure == dataset_state.SHARES
    figure = figures.figure_age_histogram(
        normalised(counts) if shares else counts,
        dataset_state.selection().ages,
        drag=not on_phone(),
    )
    st.markdown("**Age by gender label**" if by else "**Age**")

    def choose(points: Points, wanted: Selection) -> Selection:
        ages = ages_of(points)
        return replace(wanted, ages=ages) if ages else wanted

    _show("ages", figure, choose, "How many faces have each age", ("points", "box"))


def _show_values(faces: pd.DataFrame, rows: np.ndarray, key: str, title: str) -> None:
    facet = FACETS[key]
    counts = value_counts(faces, rows, key)
    shares = dataset_state.look().measure == dataset_state.SHARES
    values = counts / max(counts.sum(), 1) if shares else counts
    chosen = getattr(dataset_state.selection(), facet.field)
    st.markdown(f"**{title}**")

    def choose(points: Points, wanted: Selection) -> Selection:
        clicked = [str(point["y"]) for point in points]
        before = getattr(wanted, facet.field)
        now = toggled(before, clicked, facet.names)
        return with_filter(wanted, key, now)

    _show(key, figures.figure_values(values, chosen), choose, f"Faces by {title}")


def _show_spread(faces: pd.DataFrame, rows: np.ndarray) -> None:
    wanted = dataset_state.selection()
    table = age_spread(faces, rows, "race", "gender")
    figure = figures.figure_spread(table, wanted.races, wanted.genders)
    st.markdown("**Age by race and gender label**", help=_SPREAD_IS)

    _show(
        "spread",
        figure,
        lambda points, now: with_pair(now, points),
        "Where the ages of each race and gender label lie",
    )


def _show_errors(faces: pd.DataFrame, rows: np.ndarray) -> None:
    test = (faces["split"] == "test").to_numpy()
    parts = {"test": test, "train and validation": ~test}
    if dataset_state.look().set:  # of its training faces there are no estimates
        parts = {"validation and test": np.ones_like(test)}
    tables = {
        name: error_by(faces, rows & part, "age_group") for name, part in parts.items()
    }
    figure = figures.figure_errors(tables, dataset_state.selection().age_groups)
    st.markdown("**Mean absolute error by age**")

    def choose(points: Points, wanted: Selection) -> Selection:
        clicked = [str(point["x"]) for point in points]
        now = toggled(wanted.age_groups, clicked, FACETS["group"].names)
        return replace(wanted, age_groups=now)

    _show("errors", figure, choose, "Mean absolute error of each age group")


def _show_dates(faces: pd.DataFrame, rows: np.ndarray) -> None:
    counts = collected(faces, rows, "day")
    shares = dataset_state.look().measure == dataset_state.SHARES
    values = counts / max(counts.sum(), 1) if shares else counts
    st.markdown("**Day of collection**")

    def choose(points: Points, wanted: Selection) -> Selection:
        days = days_of(points)
        return replace(wanted, dates=None if days == wanted.dates else days or None)

    figure = figures.figure_days(values, dataset_state.selection().dates)
    _show("dates", figure, choose, "How many faces were collected on each day")


def _show(
    name: str,
    figure: go.Figure,
    choose: Callable[[Points, Selection], Selection],
    alt: str,
    mode: tuple[Literal["points", "box"], ...] = ("points",),
) -> None:
    """Draw a chart; what is chosen in it changes the selection."""

    def take(points: Points) -> None:
        dataset_state.select(choose(points, dataset_state.selection()))

    answers_now = not on_phone() or bool(st.session_state.get(TAPPED))
    show_answering_chart(
        dataset_state.STATE, name, figure, alt, take if answers_now else None, mode
    )
