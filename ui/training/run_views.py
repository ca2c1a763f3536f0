"""The choice of runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from agemodel.analysis.run_names import run_name
from agemodel.core.errors import AgeModelError
from agemodel.runs.run_comparison import RunHistory
from agemodel.runs.run_folder import Run
from ui.training import training_state
from ui.training.training_state import MAX_RUNS


def show_no_runs() -> None:
    """Say that there is no run, and what makes one."""
    st.info(
        "**There is no run yet.** Start one in the view 'Train', or with "
        "`python -m agemodel train mobile_utkface`. The runs that ship with the "
        "project lie in assets/runs: `git checkout -- assets` restores them.",
        icon=":material/model_training:",
    )


def show_choice(known: Mapping[str, Run]) -> list[Run]:
    """Draw the choice of one run or several.

    Returns:
        Those chosen, at least one.
    """
    runs = training_state.chosen(known)
    st.pills(
        "Runs",
        list(known),
        selection_mode="multi",
        format_func=_namer(known),
        help="One or several of those that ship with the project, and those trained "
        f"here; at most {MAX_RUNS} at a time.",
        **training_state.bind(
            "runs",
            [run.id for run in runs],
            lambda ids: training_state.change(runs=tuple(ids)[:MAX_RUNS], run=""),
        ),
    )
    return runs


def show_one(known: Mapping[str, Run]) -> Run:
    """Draw the choice of one run."""
    if training_state.look().run not in known:
        training_state.change(run="")
    shown = training_state.look().run or training_state.chosen(known)[0].id
    st.selectbox(
        "Run",
        list(known),
        format_func=_namer(known),
        width=360,
        **training_state.bind("run", shown, lambda one: training_state.change(run=one)),
    )
    return known[shown]


def _namer(known: Mapping[str, Run]) -> Callable[[str], str]:
    names = {run_id: run_name(run) for run_id, run in known.items()}
    return lambda run_id: names.get(run_id, run_id)


def read_told(runs: list[Run]) -> dict[str, RunHistory]:
    """What the runs' files say, by name; which cannot be read is said and left out."""
    found = {}
    for run in runs:
        try:
            found[run_name(run)] = training_state.told(run)
        except AgeModelError as error:
            show_error(error)
    return found


def show_error(error: AgeModelError) -> None:
    """Say what is missing or damaged; the text may hold what a user named."""
    with st.container(border=True):
        st.text(str(error))
