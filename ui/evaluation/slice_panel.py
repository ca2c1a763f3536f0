"""The choice of run, split and filters, and the line that sums it up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from agemodel.analysis import predicted_faces
from agemodel.analysis.baselines import evaluated_runs
from agemodel.analysis.run_names import run_name
from agemodel.core.errors import AgeModelError
from agemodel.core.labels import GENDERS, MAX_AGE, MIN_AGE, RACES
from agemodel.report.measured import SPLITS_ARE
from agemodel.runs.run_folder import Run
from ui.evaluation import evaluation_state
from ui.markdown_text import plain
from ui.page_state import show_error

_RACE_HELP = "As labelled in the dataset; the model never sees it."


def show_unreadable(error: AgeModelError) -> None:
    """Say why the run cannot be read, and offer the others."""
    show_error(error, "This run cannot be looked at.")
    if evaluated_runs():
        show_run()


def show_missing_run(shown: Run) -> None:
    """Say so where the address names a run that cannot be shown."""
    if problem := evaluation_state.missing_run():
        st.warning(
            f"**That run cannot be shown.** Below is {plain(run_name(shown))}.",
            icon=":material/search_off:",
        )
        st.text(problem)


def show_run() -> None:
    """Draw the choice of a run, by name."""
    of_app = evaluation_state.default_run()

    def take(run_id: str) -> None:
        evaluation_state.change(run="" if run_id == of_app else run_id)

    names = {run.id: run_name(run) for run in evaluated_runs()}
    st.selectbox(
        "Run",
        list(names),
        format_func=lambda run_id: names.get(run_id, run_id),
        **evaluation_state.bind("run", evaluation_state.run().id, take),
    )


def show_filters(estimates: pd.DataFrame) -> None:
    """Draw the split and the filters."""
    splits = predicted_faces.splits_in(estimates)
    if evaluation_state.slice_().split not in splits and splits:
        evaluation_state.change_slice(split=splits[0])
    now = evaluation_state.slice_()
    st.segmented_control(
        "Split",
        splits,
        format_func=lambda name: predicted_faces.SPLIT_WORDS.get(name, name),
        required=True,
        help=SPLITS_ARE,
        **_bind("split", now.split, lambda split: split or now.split),
    )
    st.slider(
        "Age label in years",
        MIN_AGE,
        MAX_AGE,
        **_bind("ages", now.ages, tuple),
    )
    _show_choice("genders", "Gender label", GENDERS)
    _show_choice("races", "Race label", RACES, help=_RACE_HELP)
    qualities = predicted_faces.qualities_in(estimates)
    if qualities:
        _show_choice("quality", "Picture: any of these", qualities)


def show_line(run: Run, count: int, total: int) -> None:
    """Draw a line: how many faces are in the slice, of which run, and the way back."""
    key = evaluation_state.widget_key("line")
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.markdown(f"**n = {count:,} of {total:,} faces**", width="content")
        st.text(
            f"{run_name(run)}: {evaluation_state.slice_().describe()}", width="content"
        )
        if evaluation_state.is_reset():
            return
        evaluation_state.show_button(
            "Reset",
            "reset",
            "filter_alt_off",
            evaluation_state.reset,
            type="tertiary",
            help="The app's run, its test faces, no filter",
        )


def _show_choice(name: str, title: str, known: Sequence[str], **more: Any) -> None:
    def take(chosen: Sequence[str] | None) -> tuple[str, ...]:
        return tuple(one for one in known if one in (chosen or ()))

    st.pills(
        title,
        known,
        selection_mode="multi",
        format_func=lambda value: predicted_faces.QUALITIES.get(value, value),
        **_bind(name, list(getattr(evaluation_state.slice_(), name)), take),
        **more,
    )


def _bind(name: str, value: Any, take: Callable[[Any], Any]) -> dict[str, Any]:
    """Arguments for a widget that shows a value of the slice, and changes it."""
    return evaluation_state.bind(
        f"filter_{name}",
        value,
        lambda new: evaluation_state.change_slice(**{name: take(new)}),
    )
