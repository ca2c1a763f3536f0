"""The measures of a run, each with its interval, beside those of other systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.analysis.baselines import System, evaluated_runs
from agemodel.analysis.fairness import gap_in_words, group_table
from agemodel.analysis.headline import headline
from agemodel.analysis.predicted_faces import Slice, splits_in
from agemodel.analysis.set_results import sets_of
from agemodel.analysis.systems import systems_beside
from agemodel.figures import evaluation_charts
from agemodel.figures.evaluation_charts import measure_title
from agemodel.metrics.measures import MEASURES, MIN_FACES, Score
from agemodel.metrics.set_measures import SetMetrics
from agemodel.models.card_text import SETS_NOTE, set_in_words, set_rows
from agemodel.runs.run_folder import Run, find_run
from ui.evaluation import evaluation_state
from ui.evaluation.point_charts import show_chart
from ui.page_state import show_folded

_HEADLINES = {
    "mae_years": "Off by, on average (years)",
    "cs5": "Within 5 years",
    "gender_accuracy": "Gender label right",
}
_INTERVAL_IS = (
    "its bootstrap 95 % interval: how far chance, in which faces were drawn, may have "
    "moved it."
)
_PUBLISHED_ARE = (
    "What others reached is as they published it, or as this project measured their "
    "package; it is of the whole split, so it stands here only while nothing is "
    "filtered."
)


def show_headline(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Draw the measures of the slice, then those of other systems."""
    n = int(rows.sum())
    systems, reasons = _systems(
        evaluation_state.run(), estimates, evaluation_state.slice_()
    )
    scores = systems[0].scores
    with st.grid(3, min_column_width=150, gap="small"):
        for key, words in _HEADLINES.items():
            _show_measure(key, words, scores[key])
    sets = sets_of(evaluation_state.run())
    if sets:
        lines = [set_in_words(one) for one in sets.values()]
        st.markdown("  \n".join(["**On faces from elsewhere**", *lines]))
        st.markdown(_learned_in_words(list(sets.values())))
    by_age = group_table(estimates, rows, ["age_group"])
    if gap := gap_in_words(by_age, "mae_years", ["age_group"]):
        st.markdown(gap)
    if sets:
        _show_all("sets", "All measures of faces from elsewhere", _show_sets, sets)
    _show_all("measures", "All measures", _show_measures, scores, n)
    if n < MIN_FACES:
        st.warning(
            f"Only {n} faces: these measures say little.", icon=":material/groups:"
        )
    st.subheader("Beside other systems", anchor=False)
    _show_systems(systems)
    for reason in reasons:
        st.warning(reason, icon=":material/unknown_document:")


def _show_measures(scores: Mapping[str, Score], n: int) -> None:
    with st.grid(4, min_column_width=150, gap="small"):
        for key in MEASURES:
            _show_measure(key, measure_title(key), scores[key])
    st.caption(f"n = {n:,} for each. Below each measure {_INTERVAL_IS}")


def _show_sets(sets: Mapping[str, SetMetrics]) -> None:
    st.dataframe(pd.DataFrame(set_rows(sets)), hide_index=True)
    st.caption(SETS_NOTE)


def _learned_in_words(sets: list[SetMetrics]) -> str:
    """That the sets are known to the model, and how far."""
    text = (
        "The model learned from other faces of these sets: sets that it never saw may "
        "come out worse."
    )
    if any(one.split == "val" for one in sets):
        text += (
            " The validation faces chose the epoch and the calibration, too, so their "
            "errors may be a little too small."
        )
    return text


def _show_measure(key: str, title: str, score: Score) -> None:
    value, _, interval = evaluation_charts.score_text(key, score).partition(" (")
    with st.container(gap=None):
        st.metric(title, value, help=MEASURES[key].meaning)
        st.caption(interval.rstrip(")") or evaluation_charts.NOTHING)


def warm() -> None:
    """Compute what the page shows first, so that the first visitor need not wait.

    Raises:
        AgeModelError: the run of the app's model cannot be read.
    """
    run = find_run(evaluation_state.default_run())
    estimates = evaluation_state.estimates(run)
    for split in splits_in(estimates)[:1]:
        _systems(run, estimates, Slice(split=split))


def _systems(
    run: Run, estimates: pd.DataFrame, wanted: Slice
) -> tuple[list[System], list[str]]:
    others = evaluated_runs()
    return systems_beside(
        run, estimates, wanted, others, evaluation_state.estimates, _scores
    )


def _show_systems(systems: list[System]) -> None:
    words = {key: measure_title(key) for key in MEASURES}
    key = evaluation_state.choose("Measure", "measure", words, in_list=True, width=240)
    figure = evaluation_charts.figure_systems(systems, key)
    show_chart("systems", figure, f"{measure_title(key)} of each system")
    st.caption(_PUBLISHED_ARE)
    _show_all("systems", "All measures of each system", _show_system_table, systems)


def _show_system_table(systems: list[System]) -> None:
    st.dataframe(
        pd.DataFrame(evaluation_charts.system_rows(systems, MEASURES)),
        hide_index=True,
        column_config={
            "System": st.column_config.TextColumn(pinned=True, width="medium"),
            "n": st.column_config.TextColumn(width="small", alignment="right"),
        },
        alt="The measures of each system, a row each",
    )
    st.caption(f"In brackets {_INTERVAL_IS}")


@st.fragment
def _show_all(name: str, title: str, draw: Callable[..., None], *of: Any) -> None:
    show_folded(title, evaluation_state.widget_key(f"all_{name}"), draw, *of)


def _scores(
    run: Run, by: str, estimates: pd.DataFrame, rows: np.ndarray
) -> dict[str, Score]:
    return _cached_scores(run, evaluation_state.changed(run), by, rows, estimates)


@st.cache_data(max_entries=200, show_spinner=False)
def _cached_scores(
    run: Run, of: tuple[int, ...], by: str, rows: np.ndarray, _estimates: pd.DataFrame
) -> dict[str, Score]:
    return headline(_estimates, rows)
